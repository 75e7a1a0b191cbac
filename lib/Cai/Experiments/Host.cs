namespace Cai.Experiments;

/// <summary>How far a stage is.</summary>
/// <param name="Done">Units done, of <paramref name="Total"/>.</param>
public sealed record StageProgress(string Stage, double Done, double Total, string Note = "");

/// <summary>
/// What a notebook's host offers to the code in its cells: a place to show progress and a signal to stop. It travels in
/// the application domain because cells are plain C# that must also run on hosts which offer neither.
/// </summary>
public sealed record Host(IProgress<StageProgress>? Progress, CancellationToken Cancel)
{
    private const string Key = "Cai.Experiments.Host";

    /// <summary>The host of this process; one that offers nothing when none was announced.</summary>
    public static Host Current => AppDomain.CurrentDomain.GetData(Key) as Host ?? new Host(null, CancellationToken.None);

    /// <summary>Called by a tool before it runs notebooks.</summary>
    public static void Announce(Host host) => AppDomain.CurrentDomain.SetData(Key, host);

    /// <summary>A progress sink for one stage that counts units.</summary>
    public IProgress<int>? Counter(string stage, int total) =>
        Progress is null ? null : new Relay<int>(done => Progress.Report(new StageProgress(stage, done, total)));
}
