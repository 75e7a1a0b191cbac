using System.Globalization;
using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>
/// How far long work is: a bar in a terminal, otherwise a line on standard error every few seconds. Pass it wherever the
/// library takes an IProgress&lt;int&gt; (items done); dispose it when the work is over.
/// </summary>
internal sealed class ProgressLine : IProgress<int>, IDisposable
{
    /// <summary>Time between lines where there is no terminal.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly string label;
    private readonly string unit;
    private readonly TextWriter plain;
    private readonly TimeProvider time;
    private readonly long started;
    private readonly ProgressTask? bar;
    private readonly Task? drawing;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long lastLine;
    private int total;

    private ProgressLine(string label, string unit, int total, TextWriter plain, TimeProvider time, IAnsiConsole? terminal)
    {
        (this.label, this.unit, this.total, this.plain, this.time) = (label, unit, total, plain, time);
        started = lastLine = time.GetTimestamp();
        if (terminal is null)
            return;
        var ready = new TaskCompletionSource<ProgressTask>(TaskCreationOptions.RunContinuationsAsynchronously);
        drawing = Task.Run(() => terminal.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                ready.SetResult(context.AddTask(Markup.Escape(label), maxValue: Math.Max(1, total)));
                await closed.Task;
            }));
        bar = ready.Task.GetAwaiter().GetResult();
    }

    /// <summary>Starts showing.</summary>
    /// <param name="label">What is being done.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="total">How many there are; 0 when not known yet.</param>
    public static ProgressLine Start(string label, string unit, int total = 0) => new(label, unit, total, Console.Error, TimeProvider.System, Terminal.Live());

    /// <summary>A line that writes to <paramref name="plain"/> by the given clock, whatever the terminal; for tests.</summary>
    public static ProgressLine StartPlain(string label, string unit, int total, TextWriter plain, TimeProvider time) => new(label, unit, total, plain, time, null);

    /// <summary>That many items are done.</summary>
    public void Report(int value) => Report(value, total);

    /// <summary>That many of so many items are done.</summary>
    public void Report(int done, int of)
    {
        lock (gate)
        {
            total = of;
            if (bar is not null)
            {
                bar.MaxValue = Math.Max(1, of);
                bar.Value = done;
                bar.Description = Markup.Escape($"{label}  {Counts(done)}");
            }
            else if (time.GetElapsedTime(lastLine) >= Interval)
            {
                lastLine = time.GetTimestamp();
                plain.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{label}: {Counts(done)}, {time.GetElapsedTime(started).TotalSeconds:F0} s"));
            }
        }
    }

    public void Dispose()
    {
        closed.TrySetResult();
        drawing?.GetAwaiter().GetResult();
    }

    private string Counts(int done) => total > 0 ? $"{done}/{total} {unit}" : $"{done} {unit}";
}
