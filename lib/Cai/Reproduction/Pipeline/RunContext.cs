using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>How far a stage is.</summary>
/// <param name="Done">Units done, of <paramref name="Total"/>.</param>
/// <param name="Note">Anything worth a glance: the loss now.</param>
/// <param name="Unit">What is counted, in the plural; empty for plain items.</param>
/// <param name="Numbers">What a notebook may draw as curves over <paramref name="Done"/>, by axis label.</param>
public sealed record StageProgress(
    string Stage, double Done, double Total, string Note = "", string Unit = "", IReadOnlyDictionary<string, double>? Numbers = null);

/// <summary>
/// What whoever runs the code offers to it: a place to show progress and a signal to stop. It is handed from the pipeline to every stage. Only
/// <see cref="Pipeline.Open"/> asks the process for it, since a notebook's cell is plain C# that must also run where nobody has announced one.
/// </summary>
/// <param name="progress">Where progress is shown; null where nobody looks.</param>
/// <param name="cancel">The signal of the cell that runs now: each cell has its own, and objects outlive cells.</param>
public sealed class RunContext(IProgress<StageProgress>? progress, Func<CancellationToken> cancel)
{
    private const string Key = "Cai.Reproduction.RunContext";

    /// <summary>Shows nothing and never stops.</summary>
    public static RunContext None { get; } = new(null, () => CancellationToken.None);

    /// <summary>What the program that runs notebooks announced for this process; <see cref="None"/> without.</summary>
    public static RunContext Announced => AppDomain.CurrentDomain.GetData(Key) as RunContext ?? None;

    /// <summary>Where progress is shown; null where nobody looks.</summary>
    public IProgress<StageProgress>? Progress => progress;

    /// <summary>Cancelled when the user stops the running cell. Ask for it when work starts; do not keep it.</summary>
    public CancellationToken Cancel => cancel();

    /// <summary>Called by a program before it runs notebooks.</summary>
    public static void Announce(RunContext context) => AppDomain.CurrentDomain.SetData(Key, context);

    /// <summary>A progress sink for one stage that counts units.</summary>
    public IProgress<int>? Counter(string stage, int total)
    {
        if (Progress is not { } sink)
            return null;
        sink.Report(new StageProgress(stage, 0, total)); // from here on it takes time
        return new SynchronousProgress<int>(done => sink.Report(new StageProgress(stage, done, total)));
    }

    /// <summary>A caller's own signal where there is one, else that of the running cell.</summary>
    internal CancellationToken Or(CancellationToken own) => own.CanBeCanceled ? own : Cancel;
}
