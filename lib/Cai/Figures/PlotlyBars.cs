using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;

namespace Cai.Figures;

/// <summary>Axes of a figure whose bars lie: names from the top down, values along the foot.</summary>
internal static class PlotlyBars
{
    /// <summary>The axis of the names, which is the vertical one.</summary>
    public static LinearAxis Names(LinearAxis axis, CategoryNames names, bool shown) => axis.With(
        ("tickvals", names.Labels.Select((_, i) => i).ToArray()),
        ("ticktext", names.Labels.Select(SafeText.Plotly).ToArray()),
        ("range", new[] { names.Labels.Count - 0.5, -0.5 }),
        ("automargin", true),
        ("showticklabels", shown ? null : false));

    /// <summary>A bar of 0 has a line round it, and shows; others need none.</summary>
    public static Marker Marker(BarSeries series, int style)
    {
        var color = Palette.Color(series, style);
        var empty = series.Bars.Any(bar => bar is { Value: 0 });
        return new Marker().With(("color", color), ("line", empty ? new Line().With(("color", color), ("width", 2)) : null));
    }
}
