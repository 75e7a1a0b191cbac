using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cai.Figures;

/// <summary>Bars with their whiskers and names, upright or lying.</summary>
internal sealed class StaticBars(Plot plot, Figure figure, CategoryNames names, bool shown)
{
    private const double Thinnest = 0.006; // of the axis: a bar of 0 is a line, for nothing would look as if nothing was measured

    private bool Lie => names.Lie;

    public void Add(BarSeries series, int slot, int slots, int style)
    {
        var width = 0.8 / slots;
        var (low, high) = Scales.Range(figure, horizontal: false);
        var ground = figure.Y.Scale == AxisScale.Log ? Scales.Forward(figure.Y, low) : 0;
        var thinnest = Thinnest * (Scales.Forward(figure.Y, high) - Scales.Forward(figure.Y, low));
        for (var i = 0; i < series.Bars.Count; i++)
        {
            if (series.Bars[i] is not { } value)
                continue;
            var at = i + (slot - (slots - 1) / 2.0) * width;
            var end = Scales.Forward(figure.Y, value.Value);
            plot.Add.Bar(new Bar
            {
                Position = Lie ? -at : at, ValueBase = ground, Value = Math.Abs(end - ground) < thinnest ? ground + thinnest : end, Size = width * 0.92,
                FillColor = Color.FromHex(Palette.Color(series, style)), LineWidth = 0, Orientation = Lie ? Orientation.Horizontal : Orientation.Vertical,
            });
            if (double.IsFinite(value.Low) && double.IsFinite(value.High))
                StaticPlot.Line(plot, Lie ? (Scales.Forward(figure.Y, value.Low), -at, Scales.Forward(figure.Y, value.High), -at)
                    : (at, Scales.Forward(figure.Y, value.Low), at, Scales.Forward(figure.Y, value.High)), StaticPlot.Ink, 1.3f);
        }
    }

    /// <summary>The names on their axis.</summary>
    public void Axis()
    {
        IAxis axis = Lie ? plot.Axes.Left : plot.Axes.Bottom;
        axis.TickGenerator = new NumericManual(names.Labels.Select((name, i) => new Tick(Lie ? -i : i, shown ? name : "")).ToArray());
        axis.TickLabelStyle.FontSize = 11.5f;
        if (Lie)
            plot.Axes.Left.MinimumSize = plot.Axes.Left.MaximumSize = shown ? names.Width : StaticPlot.WithoutNames;
    }
}
