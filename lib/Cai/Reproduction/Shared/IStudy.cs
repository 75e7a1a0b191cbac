using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>
/// What a notebook looks at: a study asks the pipeline for what it needs, measures it, and says what it found about the claims of
/// `data/paper/claims.yaml` that name it. Its figures and tables are methods of its own.
/// </summary>
public interface IStudy<TSelf> where TSelf : class, IStudy<TSelf>
{
    /// <summary>Computes what is missing, loads the rest, and measures.</summary>
    static abstract Task<TSelf> RunAsync(Pipeline pipeline, CancellationToken cancel = default);

    /// <summary>
    /// With how many seeds its claims are measured. By default with all; where a seed costs a whole reproduction, or figures show one run, with fewer.
    /// </summary>
    static virtual int SeedsAt(Scale scale) => scale.Seeds;

    /// <summary>Whether its claims are of the reproduction and go into claims.json. Not those about a model of the user's.</summary>
    static virtual bool Kept => true;

    /// <summary>What was found about each of its claims; a claim without anything to measure at this scale has a measurement without a value.</summary>
    IEnumerable<Measurement> Measure();

    /// <summary>The records behind its figures and claims, as data frames by name.</summary>
    StudyData Data();
}

/// <summary>
/// What a study found about one claim. Statement, direction and all that was known before stand in `data/paper/claims.yaml` under the same id.
/// </summary>
/// <param name="Value">Null when there was nothing to measure.</param>
public sealed record Measurement(string Id, Interval? Value)
{
    /// <summary>Words and numbers for the places that the file leaves open, by name: `{rounds}`.</summary>
    public IReadOnlyDictionary<string, object> Words { get; init; } = new Dictionary<string, object>();

    /// <summary>A baseline that was measured; replaces the file's.</summary>
    public string? Baseline { get; init; }

    /// <summary>A measured caveat; comes after the file's.</summary>
    public string? Note { get; init; }

    /// <summary>A bound that was measured too, where the file says `null: measured`.</summary>
    public double? Null { get; init; }
}
