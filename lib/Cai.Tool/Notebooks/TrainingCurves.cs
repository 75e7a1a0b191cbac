using Cai.Figures;
using Cai.Reproduction;

namespace Cai.Tool.Notebooks;

/// <summary>The numbers that the stages of one cell have reported, as curves: one panel a number, one line a stage.</summary>
internal sealed class TrainingCurves
{
    /// <summary>More points than this no screen shows; a redraw should cost the same at the end of a training as at its beginning.</summary>
    private const int MostPoints = 400;

    private readonly List<(string Number, string Stage, string Unit, List<DataPoint> Points)> lines = [];

    public bool Any => lines.Any(line => line.Points.Count > 1);

    public void Add(StageProgress progress)
    {
        foreach (var (number, value) in progress.Numbers ?? new Dictionary<string, double>())
        {
            if (!double.IsFinite(value))
                continue;
            var line = lines.Find(l => l.Number == number && l.Stage == progress.Stage);
            if (line.Points is null)
                lines.Add(line = (number, progress.Stage, progress.Unit, []));
            line.Points.Add(new DataPoint(progress.Done, value));
        }
    }

    public void Clear() => lines.Clear();

    /// <summary>The curves so far.</summary>
    public IRichOutput Figure()
    {
        var stages = lines.Select(line => line.Stage).Distinct().ToList();
        var panels = lines.Where(line => line.Points.Count > 1).GroupBy(line => line.Number).Select(panel => new Figure(panel.Key,
            new Axis(panel.Select(line => line.Unit).Distinct().ToList() is [{ Length: > 0 } unit] ? unit : "units of work"), new Axis(panel.Key),
            [.. panel.Select(line => new LineSeries(line.Stage, Thin(line.Points)) { Markers = false, Style = stages.IndexOf(line.Stage) })])).ToList();
        var title = $"Training of {string.Join(", ", stages)}";
        const string caption = "Numbers of the training steps as they were reported; one run each, so there is no interval.";
        return panels is [var only] ? only with { Title = title, Caption = caption } : new FigurePanel(title, panels) { Caption = caption };
    }

    private static List<DataPoint> Thin(List<DataPoint> points)
    {
        var every = (points.Count + MostPoints - 1) / MostPoints;
        return every <= 1 ? points : [.. points.Where((_, i) => i % every == 0 || i == points.Count - 1)];
    }
}
