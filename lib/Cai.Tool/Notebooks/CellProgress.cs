using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Figures;
using Cai.Reproduction;
using Microsoft.DotNet.Interactive;

namespace Cai.Tool.Notebooks;

/// <summary>
/// Progress below the running cell: a bar for each stage, one inside the other, and the curves of a training as they grow,
/// in one output that is redrawn. When the cell ends it becomes one figure, or a line where nothing was trained.
/// </summary>
internal sealed class CellProgress(TimeProvider? clock = null) : ICellProgress
{
    /// <summary>Quick work shows nothing.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>Time between redraws; longer where drawing takes longer, so that it costs a tenth of the time at most.</summary>
    private static readonly TimeSpan Redraw = TimeSpan.FromSeconds(0.5);
    private const int DrawingShare = 10;

    private readonly TimeProvider time = clock ?? TimeProvider.System;
    private readonly Lock gate = new();
    private readonly StageStack stages = new(clock ?? TimeProvider.System);
    private readonly TrainingCurves curves = new();
    private readonly Dictionary<string, StageProgress> seen = [];
    private DisplayedValue? shown;
    private long? began;
    private long due;

    public void Report(StageProgress value)
    {
        lock (gate)
        {
            if (!RunningCell.Exists)
                return;
            if (began is null)
                due = time.GetTimestamp() + Ticks(Quiet);
            began ??= time.GetTimestamp();
            stages.Report(value);
            curves.Add(value);
            seen[value.Stage] = value;
            if (time.GetTimestamp() < due)
                return;
            var drawing = Stopwatch.StartNew();
            Show(Live());
            due = time.GetTimestamp() + Ticks(TimeSpan.FromTicks(Math.Max(Redraw.Ticks, DrawingShare * drawing.Elapsed.Ticks)));
        }
    }

    public void EndCell()
    {
        lock (gate)
        {
            if (shown is not null)
                shown.Update(curves.Any ? curves.Figure() : string.Join('\n', seen.Values.Select(Summary)));
            else if (curves.Any && RunningCell.Exists)
                RunningCell.Show(MimeBundles.Of(curves.Figure()));
            shown = null;
            began = null;
            stages.Clear();
            curves.Clear();
            seen.Clear();
        }
    }

    private void Show(IReadOnlyDictionary<string, JsonNode> bundle)
    {
        if (shown is null)
            shown = RunningCell.Show(bundle);
        else
            shown.Update(new Ready(bundle));
    }

    private SortedDictionary<string, JsonNode> Live()
    {
        var (html, text) = (new StringBuilder("<div style=\"font-family:monospace\">"), new StringBuilder());
        foreach (var (pace, depth) in stages.Running.Select((pace, depth) => (pace, depth)))
        {
            var line = $"{pace.Last.Stage}  {pace.Describe()}";
            text.Append(' ', 2 * depth).Append(SafeText.Line(line)).Append('\n');
            html.Append(CultureInfo.InvariantCulture, $"<div style=\"margin-left:{2 * depth}em\"><progress value=\"{pace.Last.Done}\" "
                + $"max=\"{Math.Max(1, pace.Last.Total)}\"></progress> {WebUtility.HtmlEncode(line)}</div>");
        }
        html.Append("</div>");
        if (curves.Any)
            html.Append("<img alt=\"curves so far\" style=\"max-width:100%\" src=\"data:image/png;base64,")
                .Append(curves.Figure().MimeBundle()[Mime.Png]).Append("\">");
        return new SortedDictionary<string, JsonNode>(StringComparer.Ordinal) { [Mime.Html] = html.ToString(), [Mime.Plain] = text.ToString().TrimEnd('\n') };
    }

    // No times: a notebook that is run again should differ only where its results do.
    private static string Summary(StageProgress last) =>
        SafeText.Line(string.Create(CultureInfo.InvariantCulture, $"{last.Stage}: {last.Done:0} of {last.Total:0} {last.Unit}").TrimEnd());

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>A bundle that is finished.</summary>
    private sealed class Ready(IReadOnlyDictionary<string, JsonNode> bundle) : IRichOutput
    {
        public IReadOnlyDictionary<string, object> MimeBundle() => bundle.ToDictionary(entry => entry.Key, entry => (object)entry.Value);
    }
}
