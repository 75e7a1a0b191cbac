using System.Text.Json.Serialization;

namespace Cai.Evaluation;

/// <summary>Which side of the null value a claim is about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Direction>))]
public enum Direction
{
    [JsonStringEnumMemberName("greater")] Greater,
    [JsonStringEnumMemberName("less")] Less,
}

/// <summary>What a measurement says about a claim.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClaimVerdict>))]
public enum ClaimVerdict
{
    /// <summary>The whole interval lies on the claimed side.</summary>
    [JsonStringEnumMemberName("agrees")] Agrees,

    /// <summary>The interval contains the null value: the run cannot tell.</summary>
    [JsonStringEnumMemberName("inconclusive")] Inconclusive,

    /// <summary>The whole interval lies on the other side.</summary>
    [JsonStringEnumMemberName("contradicts")] Contradicts,

    /// <summary>There was nothing to measure at this scale.</summary>
    [JsonStringEnumMemberName("not measured")] NotMeasured,
}

/// <summary>One statement of the paper and what we measured.</summary>
/// <param name="Id">Stable and unique, for example `fig2-harmless-slcai-rlcai`.</param>
/// <param name="Source">Where the paper says it, for example `Fig 2, 3.3`.</param>
/// <param name="Text">The statement in a sentence. In JSON: `claim`.</param>
/// <param name="Paper">The paper's own number or words.</param>
/// <param name="Value">What we measured; null when it could not be measured.</param>
/// <param name="Low">Lower end of its 95 % interval; null when there is none.</param>
/// <param name="High">Upper end.</param>
/// <param name="N">Observations behind the value.</param>
/// <param name="Seeds">Seeds that the value was measured with.</param>
/// <param name="Holds">Whether the statement holds here, the interval excluding the opposite.</param>
/// <param name="Baseline">What doing nothing would give, where that is worth knowing.</param>
/// <param name="Note">A caveat.</param>
public sealed record Claim(
    [property: JsonPropertyOrder(0)] string Id,
    [property: JsonPropertyOrder(1)] string Source,
    [property: JsonPropertyOrder(2), JsonPropertyName("claim")] string Text,
    [property: JsonPropertyOrder(3)] string Paper,
    [property: JsonPropertyOrder(4)] double? Value,
    [property: JsonPropertyOrder(5)] double? Low,
    [property: JsonPropertyOrder(6)] double? High,
    [property: JsonPropertyOrder(7)] int N,
    [property: JsonPropertyOrder(8)] IReadOnlyList<long> Seeds,
    [property: JsonPropertyOrder(9)] bool Holds,
    [property: JsonPropertyOrder(10), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Baseline = null,
    [property: JsonPropertyOrder(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null)
{
    // As it was measured, with its resamples; null where the claim was read from a file.
    private Interval? Measured { get; init; }

    /// <summary>The side of <see cref="NullValue"/> that is claimed; null where the claim is not about an interval. In JSON: `direction`.</summary>
    [JsonPropertyOrder(12), JsonPropertyName("direction"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Direction? Claimed { get; init; }

    /// <summary>The value that the interval must exclude; null where it is unknown. In JSON: `null`.</summary>
    [JsonPropertyOrder(13), JsonPropertyName("null"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NullValue { get; init; }

    /// <summary>`paper` where the paper states it, `beyond` where it does not; null where nothing is known.</summary>
    [JsonPropertyOrder(14), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? About { get; init; }

    /// <summary>Why it may not agree at the sizes of this run; null where nothing is known.</summary>
    [JsonPropertyOrder(15), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Whether the measurement agrees with the claim, contradicts it or cannot tell. An identity has no interval: it agrees or contradicts.</summary>
    [JsonPropertyOrder(16)]
    public ClaimVerdict Verdict => (Value, Holds, Claimed) switch
    {
        (null, _, _) => ClaimVerdict.NotMeasured,
        (_, true, _) => ClaimVerdict.Agrees,
        (_, _, null) => Low is null ? ClaimVerdict.Contradicts : ClaimVerdict.Inconclusive,
        (_, _, Direction.Greater) => High < NullValue ? ClaimVerdict.Contradicts : ClaimVerdict.Inconclusive,
        _ => Low > NullValue ? ClaimVerdict.Contradicts : ClaimVerdict.Inconclusive,
    };

    /// <summary>
    /// A claim that holds when the whole interval lies on the claimed side of <paramref name="nullValue"/>. Without an
    /// interval (a single prompt) it does not hold.
    /// </summary>
    public static Claim FromInterval(string id, string source, string claim, string paper, Interval interval, Direction direction, double nullValue,
        IReadOnlyList<long> seeds, string? baseline = null, string? note = null) =>
        new(id, source, claim, paper, Finite(interval.Value), Finite(interval.Low), Finite(interval.High), interval.N, seeds,
            direction == Direction.Greater ? interval.Low > nullValue : interval.High < nullValue, baseline, note)
        {
            Claimed = direction, NullValue = nullValue, Measured = interval,
        };

    /// <summary>
    /// A claim over several seeds: it holds when the interval over seeds (<see cref="AcrossSeeds"/>) lies on the claimed side of
    /// <paramref name="nullValue"/>; that it held in every run does not suffice. A single seed keeps its own interval, and the note says so.
    /// </summary>
    /// <param name="estimates">One a seed.</param>
    /// <param name="samePrompts">See <see cref="AcrossSeeds.Combine"/>.</param>
    public static Claim FromSeeds(
        string id, string source, string claim, string paper, IReadOnlyList<(long Seed, Interval Estimate)> estimates, Direction direction, double nullValue,
        string? baseline = null, string? note = null, bool samePrompts = true)
    {
        var all = estimates.Select(e => e.Estimate).ToList();
        var alone = all.Count(e => direction == Direction.Greater ? e.Low > nullValue : e.High < nullValue);
        var words = all.Count == 1 ? "one seed: says nothing about others"
            : $"by seed {string.Join(", ", all.Select(e => Interval.Number(e.Value, "0.###")))}; {alone} of {all.Count} hold alone";
        return FromInterval(id, source, claim, paper, all.Count == 1 ? all[0] : AcrossSeeds.Combine(all, samePrompts), direction, nullValue,
            [.. estimates.Select(e => e.Seed)], baseline, note is null ? words : $"{note}; {words}");
    }

    /// <summary>
    /// Claims that the runs of several seeds made, those with the same id as one (<see cref="FromSeeds"/>, same prompts or not). A
    /// seed that could not measure a claim is left out of it, and the note says so. With one seed they stay as they are.
    /// </summary>
    /// <param name="runs">The claims of each seed, in the order of the seeds; words and baseline are taken from the first.</param>
    public static IReadOnlyList<Claim> OverSeeds(IReadOnlyList<IReadOnlyList<Claim>> runs) => runs.Count == 1 ? runs[0] :
        [.. runs.SelectMany(claims => claims).GroupBy(c => c.Id).Select(same => Join([.. same], runs.Count))];

    private static Claim Join(IReadOnlyList<Claim> runs, int seeds)
    {
        var first = runs[0];
        var measured = runs.Where(r => r is { Claimed: not null, Value: not null }).ToList();
        if (measured.Count == 0)
            return first;
        var over = FromSeeds(first.Id, first.Source, first.Text, first.Paper, [.. measured.Select(r => (r.Seeds[0], r.Interval))],
            measured[0].Claimed!.Value, measured[0].NullValue ?? 0, first.Baseline, measured[0].Note) with { About = first.About, Reason = first.Reason };
        return measured.Count == seeds ? over : over with { Note = $"{over.Note}; {seeds - measured.Count} of {seeds} seeds had nothing to measure" };
    }

    private Interval Interval => Measured ?? new(Value ?? double.NaN, Low ?? double.NaN, High ?? double.NaN, N, 0);

    // JSON cannot state NaN or infinity; unknown is null.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
