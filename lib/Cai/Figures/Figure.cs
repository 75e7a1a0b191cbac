using System.Globalization;
using System.Text;

namespace Cai.Figures;

public enum AxisScale { Linear, Log }

/// <summary>An axis.</summary>
/// <param name="Label">What is measured, with its unit.</param>
/// <param name="Min">Fixed lower end; by default chosen from the data.</param>
/// <param name="Max">Fixed upper end.</param>
public sealed record Axis(string Label, AxisScale Scale = AxisScale.Linear, double? Min = null, double? Max = null)
{
    /// <summary>
    /// Ticks with their names, for values that have one: sizes of models. A line break parts the lines of a name. By default chosen from the data.
    /// </summary>
    public IReadOnlyList<AxisTick> Ticks { get; init; } = [];
}

/// <summary>A named place on an axis.</summary>
public readonly record struct AxisTick(double Value, string Label);

/// <summary>
/// What a figure says, apart from how it is drawn: one description, an interactive and a static rendering. Shown in a
/// notebook as {plotly, png, text}.
/// </summary>
[TypeFormatterSource(typeof(PngFormatters), PreferredMimeTypes = [Mime.Png, Mime.Plain])]
public sealed record Figure(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series) : IRichOutput
{
    /// <summary>What is shown, with n and what the bands or bars are.</summary>
    public string Caption { get; init; } = "";

    /// <summary>Names of the bars; required for bar series. Where they do not fit under upright bars the bars lie, with the names at their left.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object>
    {
        [Mime.Plotly] = PlotlyRenderer.ToJson(this),
        [Mime.Png] = Convert.ToBase64String(StaticRenderer.ToPng(this)),
        [Mime.Plain] = ToText(),
    };

    /// <summary>
    /// The figure as a chart of Plotly.NET, the one that notebooks and the report show: restyle it with Plotly.NET's own functions, from C# most easily
    /// with `using Plotly.NET.CSharp`, and show it as a cell's last expression.
    /// </summary>
    /// <exception cref="CaiException">The figure cannot be drawn; see <see cref="Checked"/>.</exception>
    public Plotly.NET.GenericChart ToChart() => PlotlyRenderer.ToChart(this);

    /// <summary>The figure in words and numbers, for screen readers and diffs.</summary>
    public string ToText()
    {
        var text = new StringBuilder().Append(SafeText.Paragraph(Title)).Append('\n')
            .Append(SafeText.Paragraph($"x: {X.Label}{(X.Scale == AxisScale.Log ? " (log)" : "")}; y: {Y.Label}{(Y.Scale == AxisScale.Log ? " (log)" : "")}"))
                .Append('\n');
        foreach (var series in Series)
            text.Append("  ").Append(SafeText.Paragraph($"{series.Name}: {Describe(series)}")).Append('\n');
        foreach (var line in References.Where(line => line.Label is not null))
            text.Append("  ").Append(SafeText.Paragraph($"{line.Label}: {Describe(line)}")).Append('\n');
        return (text + SafeText.Paragraph(FullCaption)).TrimEnd('\n', ' ');
    }

    /// <summary>The caption as it is shown: bars that are all 0 cannot be seen, so words say it.</summary>
    internal string FullCaption => AllZero ? $"{Caption} All bars are 0.".TrimStart() : Caption;

    internal bool AllZero => Series.Count > 0 && Series.All(s => s is BarSeries { Bars: var bars } && bars.Any(bar => bar is not null)
        && bars.All(bar => bar is null or { Value: 0, Low: 0 or double.NaN, High: 0 or double.NaN }));

    /// <summary>Checks that everything can be drawn.</summary>
    /// <exception cref="CaiException">A value is not finite, a log axis meets a value of 0 or less, or bars and categories differ in number.</exception>
    public Figure Checked()
    {
        foreach (var series in Series)
            switch (series)
            {
                case LineSeries { Points: var points }:
                    CheckPoints(series.Name, points);
                    break;
                case PointSeries { Points: var points }:
                    CheckPoints(series.Name, points);
                    break;
                case BarSeries { Bars: var bars }:
                    if (bars.Count != Categories.Count)
                        throw Wrong(series.Name, $"{bars.Count} bars for {Categories.Count} categories", "Give one bar (or null) for each category.");
                    foreach (var bar in bars)
                        if (bar is not null)
                            CheckValue(series.Name, Y, bar.Value);
                    break;
                case HistogramSeries { Values: var values }:
                    if (values.Count == 0)
                        throw Wrong(series.Name, "no values", "Leave an empty series out.");
                    foreach (var value in values)
                        CheckValue(series.Name, X, value);
                    break;
            }
        return this;
    }

    private void CheckPoints(string name, IReadOnlyList<DataPoint> points)
    {
        foreach (var p in points)
        {
            foreach (var x in new[] { p.X, p.XLow ?? p.X, p.XHigh ?? p.X })
                CheckValue(name, X, x);
            foreach (var y in new[] { p.Y, p.YLow ?? p.Y, p.YHigh ?? p.Y })
                CheckValue(name, Y, y);
        }
    }

    private void CheckValue(string name, Axis axis, double value)
    {
        if (!double.IsFinite(value))
            throw Wrong(name, $"a value of {value} for '{axis.Label}'", "Leave the point out or find where the number became non-finite.");
        if (axis.Scale == AxisScale.Log && value <= 0)
            throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"a value of {value} on the log axis '{axis.Label}'"), "Use a linear axis.");
    }

    private CaiException Wrong(string series, string problem, string remedy) => new($"The series '{series}' has {problem}.", remedy, $"figure '{Title}'");

    private string Describe(Series series) => series switch
    {
        LineSeries { Points: var points } => Describe(points),
        PointSeries { Points: var points } => Describe(points),
        BarSeries { Bars: var bars } => string.Join(", ", bars.Select((bar, i) => $"{Categories.ElementAtOrDefault(i)} {bar?.ToString() ?? "–"}")),
        HistogramSeries { Values: { Count: > 0 } values } =>
            string.Create(CultureInfo.InvariantCulture, $"{values.Count} values, mean {values.Average():0.###}, {values.Min():0.###} to {values.Max():0.###}"),
        _ => "",
    };

    private static string Describe(IReadOnlyList<DataPoint> points)
    {
        // Long curves are cut to their ends: the text is read, not plotted.
        var shown = points.Count <= 12 ? points : [.. points.Take(6), .. points.TakeLast(6)];
        var words = shown.Select(p => $"({Number(p.X, p.XLow, p.XHigh)}, {Number(p.Y, p.YLow, p.YHigh)})").ToList();
        if (shown.Count < points.Count)
            words.Insert(6, $"… {points.Count - shown.Count} more …");
        return string.Join(' ', words);
    }

    private static string Number(double value, double? low, double? high) => low is null || high is null
        ? Evaluation.Interval.Number(value, "0.###")
        : new Evaluation.Interval(value, low.Value, high.Value, 0, 0).ToString();

    private static string Describe(ReferenceLine line) => line.Kind switch
    {
        ReferenceKind.Diagonal => "y = x",
        ReferenceKind.Vertical => string.Create(CultureInfo.InvariantCulture, $"x = {line.Value:0.###}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"y = {line.Value:0.###}"),
    };
}

/// <summary>Figures side by side under one title, with one legend: a series' name and look mean the same in every panel.</summary>
[TypeFormatterSource(typeof(PngFormatters), PreferredMimeTypes = [Mime.Png, Mime.Plain])]
public sealed record FigurePanel(string Title, IReadOnlyList<Figure> Figures) : IRichOutput
{
    public string Caption { get; init; } = "";

    /// <summary>Panels a row; 0 is all in one.</summary>
    public int Columns { get; init; }

    /// <inheritdoc cref="Figure.FullCaption"/>
    internal string FullCaption => Figures.Where(f => f.AllZero).Select(f => $"{f.Title}: all bars are 0.").ToList() is { Count: > 0 } empty
        ? $"{Caption} {string.Join(' ', empty)}".TrimStart()
        : Caption;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object>
    {
        [Mime.Plotly] = PlotlyRenderer.ToJson(this),
        [Mime.Png] = Convert.ToBase64String(StaticRenderer.ToPng(this)),
        [Mime.Plain] = ToText(),
    };

    /// <inheritdoc cref="Figure.ToChart"/>
    public Plotly.NET.GenericChart ToChart() => PlotlyRenderer.ToChart(this);

    /// <summary>All panels in words and numbers.</summary>
    public string ToText() =>
        string.Join('\n', [SafeText.Paragraph(Title), .. Figures.Select(f => f.ToText()), SafeText.Paragraph(FullCaption)]).TrimEnd('\n', ' ');
}
