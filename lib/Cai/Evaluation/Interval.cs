using System.Globalization;

namespace Cai.Evaluation;

/// <summary>A number and how sure of it we are.</summary>
/// <param name="Low">
/// Lower end, or NaN when fewer than two clusters were seen: one prompt cannot tell how prompts differ. Minus infinity when nothing bounds the value
/// from below.
/// </param>
/// <param name="High">Upper end, or NaN as above; infinity when nothing bounds the value from above.</param>
/// <param name="N">Observations.</param>
/// <param name="Clusters">Independent groups among them, as a rule prompts.</param>
public sealed record Interval(double Value, double Low, double High, int N, int Clusters)
{
    /// <summary>
    /// What the value would have been on each resample of the clusters, where the ends are those of a bootstrap; null else. Two intervals over the same
    /// clusters drew the same ones for the same resample, so what they share can be told (<see cref="AcrossSeeds"/>).
    /// </summary>
    internal Resamples? Resamples { get; init; }

    /// <summary>Whether both ends lie on the same side of <paramref name="value"/>; false when there is no interval.</summary>
    public bool Excludes(double value) => Low > value || High < value;

    /// <summary>The same value between other ends than its resamples gave.</summary>
    internal Interval Between(double low, double high) => this with { Low = low, High = high, Resamples = null };

    /// <summary>The same interval on another linear scale.</summary>
    /// <param name="factor">Positive.</param>
    public Interval Scale(double factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        return this with
        {
            Value = Value * factor, Low = Low * factor, High = High * factor,
            Resamples = Resamples is { } drawn ? drawn with { Values = [.. drawn.Values.Select(v => v * factor)] } : null,
        };
    }

    /// <summary>Equal when the numbers are; how they were drawn does not count.</summary>
    public bool Equals(Interval? other) => other is not null
        && (Value, Low, High, N, Clusters).Equals((other.Value, other.Low, other.High, other.N, other.Clusters));

    public override int GetHashCode() => HashCode.Combine(Value, Low, High, N, Clusters);

    /// <summary>`0.42 [0.38, 0.47]` in a numeric format, independent of the machine's language.</summary>
    public string ToString(string format) => Number(Value, format) + Ends(Low, High, end => Number(end, format));

    /// <summary>` [0.38, 0.47]`, ` [at least 0.38]`, ` [at most 0.47]`; nothing where there is no interval. An end that is not finite is none.</summary>
    internal static string Ends(double low, double high, Func<double, string> number) => (double.IsFinite(low), double.IsFinite(high)) switch
    {
        (true, true) => $" [{number(low)}, {number(high)}]",
        (true, false) => $" [at least {number(low)}]",
        (false, true) => $" [at most {number(high)}]",
        _ => "",
    };

    public override string ToString() => ToString("0.###");

    /// <summary>A number in a numeric format, independent of the machine's language. What rounds to zero has no sign: "-0" would look like a finding.</summary>
    internal static string Number(double value, string format)
    {
        var text = value.ToString(format, CultureInfo.InvariantCulture);
        return double.IsFinite(value) && text.StartsWith('-') && !text.AsSpan().ContainsAnyInRange('1', '9') ? text[1..] : text;
    }
}

/// <summary>A statistic on each resample of some clusters; NaN where it had no value.</summary>
/// <param name="Clusters">What was drawn from, in order.</param>
/// <param name="Seed">Of the draws.</param>
internal sealed record Resamples(IReadOnlyList<string> Clusters, long Seed, IReadOnlyList<double> Values)
{
    /// <summary>Whether resample b drew the same clusters here and there, for each b.</summary>
    public bool DrewAs(Resamples other) =>
        Seed == other.Seed && Values.Count == other.Values.Count && Clusters.SequenceEqual(other.Clusters, StringComparer.Ordinal);
}
