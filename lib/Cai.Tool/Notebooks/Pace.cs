using System.Globalization;
using Cai.Reproduction;

namespace Cai.Tool.Notebooks;

/// <summary>How fast one stage goes and how long it still takes, from what it has reported.</summary>
internal sealed class Pace
{
    /// <summary>
    /// The rate is that of the last reports, at least a second apart: work that was resumed, or has become slower, tells nothing by its mean.
    /// </summary>
    private const int Window = 30;
    private const double Apart = 1;

    private readonly Queue<(double Seconds, double Done)> window = [];
    private readonly TimeProvider time;
    private readonly long started;
    private double newest;

    public Pace(StageProgress first, TimeProvider time)
    {
        (this.time, started, Last) = (time, time.GetTimestamp(), first);
        window.Enqueue((0, first.Done));
    }

    public StageProgress Last { get; private set; }

    public bool Finished => Last.Total > 0 && Last.Done >= Last.Total;

    /// <summary>Seconds since the first report.</summary>
    public double Seconds => time.GetElapsedTime(started).TotalSeconds;

    /// <summary>Units a second; 0 while nothing is known.</summary>
    public double Rate => Seconds - window.Peek().Seconds is > 0 and var seconds ? (Last.Done - window.Peek().Done) / seconds : 0;

    /// <summary>Time left at this rate; null while nothing is known.</summary>
    public TimeSpan? Left =>
        Rate > 0 && Last.Total > Last.Done ? TimeSpan.FromSeconds(Math.Min((Last.Total - Last.Done) / Rate, TimeSpan.FromDays(99).TotalSeconds)) : null;

    public void Report(StageProgress progress)
    {
        Last = progress;
        if (Seconds - newest < Apart)
            return;
        newest = Seconds;
        window.Enqueue((newest, progress.Done));
        if (window.Count > Window)
            window.Dequeue();
    }

    /// <summary>Counts, rate, time left and the stage's own note, in one line.</summary>
    public string Describe()
    {
        var counts = Last.Total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{Last.Done:0}/{Last.Total:0}")
            : string.Create(CultureInfo.InvariantCulture, $"{Last.Done:0}");
        var parts = new List<string> { $"{counts} {Last.Unit}".TrimEnd() };
        if (Rate > 0 && !Finished)
            parts.Add(Rate >= 1
                ? string.Create(CultureInfo.InvariantCulture, $"{Rate:0.#}/s")
                : string.Create(CultureInfo.InvariantCulture, $"{60 * Rate:0.#}/min"));
        if (Left is { } left)
            parts.Add($"{Clock(left)} left");
        if (Last.Note.Length > 0)
            parts.Add(Last.Note);
        return string.Join(", ", parts);
    }

    private static string Clock(TimeSpan span) => span.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}:{span.Seconds:00}");
}

/// <summary>The stages that run now, outermost first: one that begins before another has ended runs inside it.</summary>
internal sealed class StageStack(TimeProvider time)
{
    private readonly List<Pace> running = [];

    public IReadOnlyList<Pace> Running => running;

    /// <summary>Takes a report in; gives the stage's pace.</summary>
    public Pace Report(StageProgress progress)
    {
        var at = running.FindIndex(pace => pace.Last.Stage == progress.Stage);
        if (at >= 0)
        {
            // An outer stage that goes on has left the inner ones behind, finished or not.
            if (progress.Done > running[at].Last.Done)
                running.RemoveRange(at + 1, running.Count - at - 1);
            running[at].Report(progress);
            return running[at];
        }
        running.RemoveAll(pace => pace.Finished);
        var begun = new Pace(progress, time);
        running.Add(begun);
        return begun;
    }

    public void Clear() => running.Clear();
}
