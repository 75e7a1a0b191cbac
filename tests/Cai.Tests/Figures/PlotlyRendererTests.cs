using System.Text.Json.Nodes;
using Cai.Figures;
using Plotly.NET;
using Plotly.NET.CSharp;
using Plotly.NET.TraceObjects;
using Xunit;
using Figure = Cai.Figures.Figure;

namespace Cai.Tests.Figures;

public class PlotlyRendererTests
{
    [Fact]
    public void AFigureIsThisJson()
    {
        var figure = new Figure("T", new Axis("x", AxisScale.Log, Min: 1, Max: 100), new Axis("y"),
            [new PointSeries("a", [new DataPoint(10, 2, 1.5, 3)])])
        {
            Caption = "n = 1.",
            References = [new ReferenceLine(ReferenceKind.Horizontal, 1, "chance")],
        };
        const string expected = """
            {
              "data": [{"type": "scatter", "name": "a", "legendgroup": "a", "mode": "markers", "x": [10], "y": [2],
                "marker": {"color": "#0072B2", "size": 9, "symbol": "circle"},
                "error_y": {"type": "data", "symmetric": false, "thickness": 1.3, "width": 0, "array": [1], "arrayminus": [0.5]},
                "xaxis": "x", "yaxis": "y"}],
              "layout": {
                "title": {"text": "T", "font": {"size": 16}, "yref": "container", "y": 1, "yanchor": "top", "pad": {"t": 12}}, "template": "none",
                "barmode": "group", "height": 481,
                "margin": {"b": 83, "t": 68}, "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom"},
                "xaxis": {"title": {"text": "x"}, "anchor": "y", "zeroline": false, "type": "log", "tickvals": [1, 2, 5, 10, 20, 50, 100],
                "ticktext": ["1", "2", "5", "10", "20", "50", "100"], "range": [0, 2]},
                "yaxis": {"title": {"text": "y"}, "anchor": "x", "zeroline": false},
                "annotations": [{"name": "caption", "text": "n = 1.", "showarrow": false, "xref": "paper", "yref": "paper", "x": 0, "y": 0,
                "xanchor": "left", "yanchor": "top", "yshift": -58, "align": "left"}],
                "shapes": [{"type": "line", "layer": "below", "xref": "x domain", "yref": "y", "x0": 0, "y0": 1, "x1": 1, "y1": 1,
                  "line": {"color": "#8A8A8A", "width": 1.2, "dash": "dash"}, "name": "chance", "showlegend": true}]
              },
              "config": {"responsive": true, "displaylogo": false}
            }
            """;
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), PlotlyRenderer.ToJson(figure).ToJsonString());
    }

    /// <summary>Plotly.NET's own words, number for number.</summary>
    [Fact]
    public void ChartsAreSaidAsPlotlyNetSaysThem()
    {
        foreach (var (name, figure) in ExampleFigures.All)
        {
            var theirs = JsonNode.Parse(Plotly.NET.GenericChart.toJson(figure.ToChart()));
            Assert.True(JsonNode.DeepEquals(theirs, JsonNode.Parse(PlotlyRenderer.ToJson(figure).ToJsonString())), name);
        }
    }

    [Fact]
    public void EveryKindHasTraces()
    {
        foreach (var (name, figure) in ExampleFigures.All)
            Assert.True(PlotlyRenderer.ToJson(figure)["data"]!.AsArray().Count >= figure.Series.Count, name);
        Assert.Equal([10, null, 7], Bars("y"));
        Assert.Equal(1, PlotlyRenderer.ToJson(ExampleFigures.Histogram)["data"]!.AsArray()[0]!["y"]!.AsArray().Sum(v => v!.GetValue<double>()), 5);

        static IEnumerable<double?> Bars(string key) => PlotlyRenderer.ToJson(ExampleFigures.Bars with
        {
            Categories = ["a", "b", "c"],
            Series = [new BarSeries("s", [new(10, 9, 11, 5, 5), null, new(7, double.NaN, double.NaN, 1, 1)])],
        })["data"]![0]![key]!.AsArray().Select(v => v?.GetValue<double>());
    }

    [Fact]
    public void LongTitlesAndCaptionsAreBrokenIntoLines()
    {
        var layout = PlotlyRenderer.ToJson(ExampleFigures.Bars
            with { Title = string.Join(' ', Enumerable.Repeat("title", 20)), Caption = string.Join(' ', Enumerable.Repeat("caption", 40)) })["layout"]!;
        // 20 words of 5 letters and a blank: 12 fit into 75 characters. 40 of 7: 13 fit into 110.
        Assert.Equal(["12", "8"], layout["title"]!["text"]!.GetValue<string>().Split("<br>").Select(line => $"{line.Split(' ').Length}"));
        Assert.Equal(["13", "13", "13", "1"], layout["annotations"]![0]!["text"]!.GetValue<string>().Split("<br>").Select(line => $"{line.Split(' ').Length}"));
    }

    [Fact]
    public void BarsStandAtNumbersSoThatEqualNamesStayApart()
    {
        var json = PlotlyRenderer.ToJson(ExampleFigures.Bars with { Categories = ["same", "same", "third & last", "fourth"] });
        Assert.Equal([0, 1, 2, 3], json["data"]![0]!["x"]!.AsArray().Select(x => x!.GetValue<double>()));
        Assert.Equal(["same", "same", "third &amp; last", "fourth"], json["layout"]!["xaxis"]!["ticktext"]!.AsArray().Select(x => x!.GetValue<string>()));
    }

    [Fact]
    public void LogAxesAreLabelledWithNumbersAsInThePicture()
    {
        var panel = PlotlyRenderer.ToJson(ExampleFigures.Panel)["layout"]!;
        foreach (var axis in new[] { "xaxis", "xaxis2" })
        {
            Assert.Equal(["100k", "200k", "500k", "1M", "2M", "5M"], panel[axis]!["ticktext"]!.AsArray().Select(text => text!.GetValue<string>()));
            Assert.Equal([1e5, 2e5, 5e5, 1e6, 2e6, 5e6], panel[axis]!["tickvals"]!.AsArray().Select(value => value!.GetValue<double>()));
        }
        Assert.Null(panel["yaxis"]!["tickvals"]);
    }

    [Fact]
    public void PointsAtAFixedEndAreNotCutInHalf()
    {
        double[] Range(params double[] ys) => [.. PlotlyRenderer.ToJson(
            new Figure("T", new Axis("x"), new Axis("y", Min: 0, Max: 1), [new LineSeries("s", [.. ys.Select((y, i) => new DataPoint(i, y))])]))
            ["layout"]!["yaxis"]!["range"]!.AsArray().Select(end => end!.GetValue<double>())];
        Assert.Equal([0, 1], Range(0.2, 0.7));
        Assert.Equal([-0.03, 1], Range(0, 0.7));
        Assert.Equal([-0.03, 1.03], Range(0, 0.999));
        // Bars stand on their axis.
        Assert.Equal([0, 1], PlotlyRenderer.ToJson(ExampleFigures.Bars with { Y = new Axis("y", Min: 0, Max: 1) })["layout"]!["yaxis"]!["range"]!.AsArray()
            .Select(end => end!.GetValue<double>()));
    }

    [Fact]
    public void PanelsShareOneLegend()
    {
        var data = PlotlyRenderer.ToJson(ExampleFigures.Panel)["data"]!.AsArray();
        Assert.Equal(["x", "x2"], data.Select(t => t!["xaxis"]!.GetValue<string>()).Distinct());
        Assert.Equal(3, data.Count(t => t!["showlegend"]?.GetValue<bool>() != false));
    }

    [Fact]
    public void AChartIsRestyledWithPlotlysOwnFunctions()
    {
        var chart = ExampleFigures.Curves.ToChart();
        var before = PlotlyRenderer.ToJson(chart);
        Assert.Equal(PlotlyRenderer.ToJson(ExampleFigures.Curves).ToJsonString(), before.ToJsonString());

        var restyled = PlotlyRenderer.ToJson(chart.WithXAxisStyle<double, double, string>(TitleText: "size").WithSize(Width: 400));

        // Plotly.NET merges into what it finds, so everything else is as it was: it knows our axes as axes.
        var expected = before.DeepClone().AsObject();
        expected["layout"]!["xaxis"]!["title"]!["text"] = "size";
        expected["layout"]!["width"] = 400;
        Assert.True(JsonNode.DeepEquals(expected, restyled), restyled.ToJsonString());
        // The figure itself is not touched.
        Assert.Equal(before.ToJsonString(), PlotlyRenderer.ToJson(ExampleFigures.Curves).ToJsonString());
    }

    [Fact]
    public void PlotlysFunctionsFindLinesAndMarkers()
    {
        var chart = ExampleFigures.Pareto.ToChart();
        Assert.All(GenericChart.getTraces(chart), trace => Assert.IsType<Marker>(trace.TryGetPropertyValue("marker").Value));
        Assert.Equal(["xaxis"], Layout.getXAxes(GenericChart.getLayout(chart)).Select(axis => axis.Item1));
        Assert.Equal(["yaxis", "yaxis2"], Layout.getYAxes(GenericChart.getLayout(ExampleFigures.Panel.ToChart())).Select(axis => axis.Item1));
        Assert.Equal(PlotlyRenderer.ToJson(ExampleFigures.Panel).ToJsonString(), PlotlyRenderer.ToJson(ExampleFigures.Panel.ToChart()).ToJsonString());
    }

    [Fact]
    public void TheScriptIsPlotly() => Assert.Contains("plotly.js v2.", PlotlyRenderer.Script()[..200]);

    [Fact]
    public void FiguresGoOutAsObjectPictureAndText()
    {
        foreach (var output in new IRichOutput[] { ExampleFigures.Bars, ExampleFigures.Panel })
        {
            var bundle = output.MimeBundle();
            Assert.Equal([Mime.Plotly, Mime.Png, Mime.Plain], bundle.Keys);
            Assert.IsType<JsonObject>(bundle[Mime.Plotly]);
            Assert.Equal(0x89, Convert.FromBase64String((string)bundle[Mime.Png])[0]);
        }
        Assert.Equal("""
            Evasiveness and boilerplate
            x: Model; y: Share of responses
              Evasive: Helpful RLHF 0.1 [0.06, 0.15], HH RLHF 0.72 [0.65, 0.79], SL-CAI 0.08 [0.04, 0.13], RL-CAI 0.05 [0.02, 0.09]
              Boilerplate: Helpful RLHF 0.02 [0, 0.05], HH RLHF –, SL-CAI 0.2 [0.14, 0.27], RL-CAI 0.33 [0.26, 0.4]
            n = 200 responses to 50 harmful prompts a model.
            """.ReplaceLineEndings("\n"), ExampleFigures.Bars.ToText());
    }
}
