namespace Cai.Reproduction;

/// <summary>How far a stage is.</summary>
/// <param name="Done">Units done, of <paramref name="Total"/>.</param>
/// <param name="Note">Anything worth a glance: the loss now.</param>
/// <param name="Unit">What is counted, in the plural; empty for plain items.</param>
/// <param name="Numbers">What a host may draw as curves over <paramref name="Done"/>, by axis label.</param>
public sealed record StageProgress(string Stage, double Done, double Total, string Note = "", string Unit = "", IReadOnlyDictionary<string, double>? Numbers = null);

/// <summary>
/// What a notebook's host offers to the code in its cells: a place to show progress and a signal to stop. It travels in
/// the application domain because cells are plain C# that must also run on hosts which offer neither.
/// </summary>
/// <param name="progress">Where progress is shown; null where nobody looks.</param>
/// <param name="cancel">The signal of the cell that runs now: each cell has its own, and objects outlive cells.</param>
public sealed class RunContext(IProgress<StageProgress>? progress, Func<CancellationToken> cancel)
{
    private const string Key = "Cai.Reproduction.RunContext";

    public IProgress<StageProgress>? Progress => progress;

    /// <summary>Cancelled when the user stops the running cell. Ask for it when work starts; do not keep it.</summary>
    public CancellationToken Cancel => cancel();

    /// <summary>The host of this process; one that offers nothing when none was announced.</summary>
    public static RunContext Current => AppDomain.CurrentDomain.GetData(Key) as RunContext ?? new RunContext(null, () => CancellationToken.None);

    /// <summary>Called by a tool before it runs notebooks.</summary>
    public static void Announce(RunContext host) => AppDomain.CurrentDomain.SetData(Key, host);

    /// <summary>A progress sink for one stage that counts units.</summary>
    public IProgress<int>? Counter(string stage, int total)
    {
        if (Progress is not { } sink)
            return null;
        sink.Report(new StageProgress(stage, 0, total)); // from here on it takes time
        return new SynchronousProgress<int>(done => sink.Report(new StageProgress(stage, done, total)));
    }
}
