using System.Globalization;
using Cai.Figures;
using Cai.Reproduction;
using Cai.Tool.Notebooks;
using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>
/// How far long work is: bars in a terminal, one inside the other, with rate and time left; otherwise a line on standard
/// error every few seconds. Pass it wherever the library takes an IProgress&lt;int&gt; (items done); dispose it when the
/// work is over.
/// </summary>
internal sealed class ProgressLine : IProgress<int>, ICellProgress, IDisposable
{
    /// <summary>Time between lines where there is no terminal.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Pace outer;
    private readonly StageStack inner;
    private readonly TextWriter plain;
    private readonly TimeProvider time;
    private readonly Dictionary<Pace, ProgressTask> bars = [];
    private readonly ProgressContext? context;
    private readonly Task? drawing;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long lastLine;

    private ProgressLine(string label, string unit, int total, TextWriter plain, TimeProvider time, IAnsiConsole? terminal)
    {
        (this.plain, this.time, lastLine) = (plain, time, time.GetTimestamp());
        (outer, inner) = (new Pace(new StageProgress(label, 0, total, Unit: unit), time), new StageStack(time));
        if (terminal is null)
            return;
        var ready = new TaskCompletionSource<ProgressContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        drawing = Task.Run(() => terminal.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(
                new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new ElapsedTimeColumn())
            .StartAsync(async started =>
            {
                ready.SetResult(started);
                await closed.Task;
            }));
        context = ready.Task.GetAwaiter().GetResult();
        Draw();
    }

    /// <summary>Starts showing.</summary>
    /// <param name="label">What is being done.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="total">How many there are; 0 when not known yet.</param>
    public static ProgressLine Start(string label, string unit, int total = 0) => new(label, unit, total, Console.Error, TimeProvider.System, Terminal.Live());

    /// <summary>A line that writes to <paramref name="plain"/> by the given clock, in <paramref name="terminal"/> if there is one; for tests.</summary>
    public static ProgressLine Start(string label, string unit, int total, TextWriter plain, TimeProvider time, IAnsiConsole? terminal = null) =>
        new(label, unit, total, plain, time, terminal);

    /// <summary>That many items are done.</summary>
    public void Report(int value) => Report(value, (int)outer.Last.Total);

    /// <summary>That many of so many items are done.</summary>
    public void Report(int done, int of)
    {
        lock (gate)
        {
            outer.Report(outer.Last with { Done = done, Total = of });
            Show();
        }
    }

    /// <summary>Something inside the work is that far.</summary>
    public void Report(StageProgress value)
    {
        lock (gate)
        {
            inner.Report(value);
            Show();
        }
    }

    /// <inheritdoc/>
    public void EndCell()
    {
        lock (gate)
        {
            inner.Clear();
            Draw();
        }
    }

    public void Dispose()
    {
        closed.TrySetResult();
        drawing?.GetAwaiter().GetResult();
    }

    private void Show()
    {
        Draw();
        if (context is not null || time.GetElapsedTime(lastLine) < Interval)
            return;
        lastLine = time.GetTimestamp();
        var parts = inner.Running.Select(pace => $"{pace.Last.Stage}: {pace.Describe()}");
        plain.WriteLine(string.Join(
            " > ", parts.Prepend(string.Create(CultureInfo.InvariantCulture, $"{outer.Last.Stage}: {outer.Describe()}, {outer.Seconds:F0} s"))));
    }

    private void Draw()
    {
        if (context is null)
            return;
        var wanted = inner.Running.Prepend(outer).ToList();
        foreach (var gone in bars.Keys.Except(wanted).ToList())
        {
            bars[gone].StopTask();
            bars[gone].Value = bars[gone].MaxValue; // hides it
            bars.Remove(gone);
        }
        foreach (var (pace, depth) in wanted.Select((pace, depth) => (pace, depth)))
        {
            // Blanks at the beginning are trimmed away.
            var branch = depth == 0 ? "" : $"└{new string('─', 2 * depth - 1)} ";
            var description = Markup.Escape(SafeText.Line($"{branch}{pace.Last.Stage}  {pace.Describe()}"));
            if (!bars.TryGetValue(pace, out var bar))
                bars[pace] = bar = context.AddTask(description);
            bar.Description = description;
            bar.MaxValue = Math.Max(1, pace.Last.Total);
            // A full bar counts as completed and would be hidden while its work may not be over.
            bar.Value = Math.Min(pace.Last.Done, bar.MaxValue * 0.999);
        }
    }
}
