using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Cai.Reproduction;
using Cai.Tool.Notebooks;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Formatting;

namespace Cai.Interactive;

/// <summary>
/// Progress below the running cell, redrawn in place: a bar for each stage and the curves of a training as they grow. When the cell ends it becomes one
/// figure, or a line for each stage where nothing was trained; quick work shows nothing.
/// </summary>
internal sealed class CellProgress : IProgress<StageProgress>
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1), Redraw = TimeSpan.FromSeconds(0.5);

    /// <summary>Drawing takes this share of the time at most.</summary>
    private const int DrawingShare = 10;

    private readonly Lock gate = new();
    private readonly StageStack stages = new(TimeProvider.System);
    private readonly TrainingCurves curves = new();
    private readonly Dictionary<string, StageProgress> seen = [];
    private KernelInvocationContext? cell;
    private ExecutionContext? flow;
    private DisplayedValue? shown;
    private long began;
    private TimeSpan due;

    /// <summary>A cell starts; what is shown from here on belongs to it.</summary>
    public void Begin(KernelInvocationContext context)
    {
        lock (gate)
            (cell, flow, shown, began, due) = (context, ExecutionContext.Capture(), null, Stopwatch.GetTimestamp(), Quiet);
    }

    public void Report(StageProgress value)
    {
        lock (gate)
        {
            if (cell is null)
                return;
            stages.Report(value);
            curves.Add(value);
            seen[value.Stage] = value;
            var now = Stopwatch.GetElapsedTime(began);
            if (now < due)
                return;
            Show(new HtmlString(Live()));
            var drawing = Stopwatch.GetElapsedTime(began) - now;
            due = now + drawing + (drawing * DrawingShare > Redraw ? drawing * DrawingShare : Redraw);
        }
    }

    /// <summary>The cell is over: bars go, what is worth keeping stays.</summary>
    public void End()
    {
        lock (gate)
        {
            if (cell is not null && curves.Any)
                Show(curves.Figure());
            else if (cell is not null && shown is not null)
                Show(new HtmlString(string.Join("<br>", seen.Values.Select(Summary))));
            (cell, shown) = (null, null);
            stages.Clear();
            curves.Clear();
            seen.Clear();
        }
    }

    // The engine finds the cell that an update belongs to by the flow of execution, and reports come from any thread.
    private void Show(object what) => ExecutionContext.Run(flow!, _ =>
    {
        if (shown is null)
            shown = cell?.Display(what);
        else
            shown.Update(what);
    }, null);

    private string Live()
    {
        var html = new StringBuilder("<div style=\"font-family:monospace\">");
        foreach (var (depth, pace) in stages.Running.Index())
            html.Append(CultureInfo.InvariantCulture, $"<div style=\"margin-left:{2 * depth}em\"><progress value=\"{pace.Last.Done}\" ")
                .Append(CultureInfo.InvariantCulture, $"max=\"{Math.Max(1, pace.Last.Total)}\"></progress> ")
                .Append(WebUtility.HtmlEncode($"{pace.Last.Stage}  {pace.Describe()}")).Append("</div>");
        if (curves.Any)
            html.Append(Formatters.Picture(curves.Figure()));
        return html.Append("</div>").ToString();
    }

    // No times: a notebook that is run again should differ only where its results do.
    private static string Summary(StageProgress last) =>
        WebUtility.HtmlEncode(string.Create(CultureInfo.InvariantCulture, $"{last.Stage}: {last.Done:0} of {last.Total:0} {last.Unit}").TrimEnd());
}
