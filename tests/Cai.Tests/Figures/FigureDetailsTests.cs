using System.Text.Json.Nodes;
using Cai.Figures;
using Xunit;

namespace Cai.Tests.Figures;

/// <summary>What both renderers take from the data; read where it can be read, in Plotly's JSON.</summary>
public class FigureDetailsTests
{
    private static JsonNode Json(Figure figure) => PlotlyRenderer.ToJson(figure);

    private static Figure Over(AxisScale scale, params double[] xs) =>
        new("T", new Axis("x", scale), new Axis("y"), [new LineSeries("s", [.. xs.Select(x => new DataPoint(x, x))])]);

    private static string? Ticks(JsonNode json) =>
        json["layout"]!["xaxis"]!["ticktext"] is JsonArray text ? string.Join(' ', text.Select(t => t!.GetValue<string>())) : null;

    [Theory]
    [InlineData(AxisScale.Linear, "0 1 2 4 8", new double[] { 0, 1, 2, 4, 8 })]
    [InlineData(AxisScale.Log, "1 2 4 8 16", new double[] { 1, 2, 4, 8, 16 })]
    [InlineData(AxisScale.Linear, "0 960 1920 2880", new double[] { 0, 960, 1920, 2880 })]
    [InlineData(AxisScale.Linear, null, new[] { 0, 0.5, 1 })]
    public void FewWholeNumbersHaveATickEach(AxisScale scale, string? expected, double[] xs) => Assert.Equal(expected, Ticks(Json(Over(scale, xs))));

    [Fact]
    public void TicksThatWouldCollideAreThinned() => Assert.Equal("0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30",
        Ticks(Json(Over(AxisScale.Linear, [.. Enumerable.Range(0, 31).Select(i => (double)i)]))));

    [Fact]
    public void NamedTicksStandAtTheirPlace()
    {
        var figure = Over(AxisScale.Log, 181_584, 1_711_840) with
        {
            X = new Axis("size", AxisScale.Log) { Ticks = [new(181_584, "S\n182k"), new(1_711_840, "L\n<1.7M>")] },
        };
        Assert.Equal("S<br>182k L<br>&lt;1.7M&gt;", Ticks(Json(figure)));
        Assert.Equal([181_584, 1_711_840], Json(figure)["layout"]!["xaxis"]!["tickvals"]!.AsArray().Select(v => v!.GetValue<double>()));
    }

    [Fact]
    public void ReferenceLinesWithDifferentLabelsHaveDifferentDashes()
    {
        var figure = Over(AxisScale.Linear, 0.5, 2) with
        {
            References =
            [
                new(ReferenceKind.Vertical, 1, "start"), new(ReferenceKind.Vertical, 0.8, "clip range"), new(ReferenceKind.Vertical, 1.2),
                new(ReferenceKind.Horizontal, 1),
            ],
        };
        Assert.Equal(["dash", "dot", "dot", "solid"], Json(figure)["layout"]!["shapes"]!.AsArray().Select(s => s!["line"]!["dash"]!.GetValue<string>()));
    }

    [Fact]
    public void WhatLiesUnderALineIsDrawnLargerAndNothingIsMoved()
    {
        var figure = Over(AxisScale.Linear, 0, 1, 2);
        figure = figure with { Series = [figure.Series[0], figure.Series[0] with { Name = "same" }, new LineSeries("other", [new(0, 2), new(2, 0.5)])] };
        var data = Json(figure)["data"]!.AsArray();
        Assert.Equal([11, 7, 7], data.Select(t => t!["marker"]!["size"]!.GetValue<double>()));
        Assert.Equal([4.5, 2, 2], data.Select(t => t!["line"]!["width"]!.GetValue<double>()));
        Assert.Equal(data[0]!["x"]!.ToJsonString(), data[1]!["x"]!.ToJsonString());
    }

    [Fact]
    public void CurvesThatOnlyCrossAreNotThickened()
    {
        LineSeries Line(string name, double slope) => new(name, [.. Enumerable.Range(0, 11).Select(x => new DataPoint(x, slope * (x - 5)))]);
        var data = Json(new Figure("T", new Axis("x"), new Axis("y"), [Line("up", 1), Line("down", -1)]))["data"]!.AsArray();
        Assert.All(data, t => Assert.Equal((7, 2), (t!["marker"]!["size"]!.GetValue<double>(), t["line"]!["width"]!.GetValue<double>())));
    }

    [Fact]
    public void NamesThatDoNotFitLieBesideTheirBarsAndArePrintedOnce()
    {
        var json = PlotlyRenderer.ToJson(ExampleFigures.Fixes);
        Assert.All(json["data"]!.AsArray(), bar => Assert.Equal("h", bar!["orientation"]!.GetValue<string>()));
        Assert.Equal([3.5, -0.5], json["layout"]!["yaxis"]!["range"]!.AsArray().Select(v => v!.GetValue<double>())); // the first on top
        Assert.StartsWith("Rewritten: three", json["layout"]!["yaxis"]!["ticktext"]![0]!.GetValue<string>());
        Assert.False(json["layout"]!["yaxis2"]!["showticklabels"]!.GetValue<bool>());
        Assert.Equal(60, json["data"]![0]!["x"]![0]!.GetValue<double>());
        Assert.Equal("#444", json["data"]![0]!["error_x"]!["color"]!.GetValue<string>());
        // A bar of 0 has an outline that shows; the names of the upright ones wrap, never slanted.
        Assert.Equal(2, json["data"]![0]!["marker"]!["line"]!["width"]!.GetValue<double>());
        var upright = Json(ExampleFigures.Bars with { Categories = ["explains and offers", "b", "c", "d"] })["layout"]!["xaxis"]!;
        Assert.Equal(("explains and offers", 0), (upright["ticktext"]![0]!.GetValue<string>(), upright["tickangle"]!.GetValue<double>()));
    }

    [Fact]
    public void RowsOfPanelsStandOneBelowTheOtherAndSayTheirAxesOnce()
    {
        var layout = PlotlyRenderer.ToJson(ExampleFigures.Grid)["layout"]!;
        double[] Domain(string axis) => [.. layout[axis]!["domain"]!.AsArray().Select(v => v!.GetValue<double>())];
        Assert.Equal(Domain("xaxis"), Domain("xaxis3"));
        Assert.Equal(Domain("yaxis"), Domain("yaxis2"));
        Assert.True(Domain("yaxis3")[1] < Domain("yaxis")[0]);
        Assert.Equal((0, 1), (Domain("yaxis3")[0], Domain("yaxis")[1]));
        Assert.Null(layout["xaxis"]!["title"]);
        Assert.Equal("worked examples", layout["xaxis3"]!["title"]!["text"]!.GetValue<string>());
        Assert.Null(layout["yaxis2"]!["title"]);
        // A page that stacks the panels finds what they do not say.
        Assert.Equal(["xaxis", "xaxis2", "yaxis2", "yaxis4"], layout["meta"]!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AClampsEndsLieWithinTheClamp()
    {
        // Labels are 32-bit numbers: 0.4 and 0.6 are not quite where bins of 0.05 part.
        var labels = new HistogramSeries("clamped", [.. Enumerable.Repeat((double)0.4f, 5), .. Enumerable.Repeat((double)0.6f, 5)]);
        var bars = Json(new Figure("T", new Axis("label", Min: 0, Max: 1), new Axis("share"), [labels]))["data"]![0]!;
        var full = bars["x"]!.AsArray().Zip(bars["y"]!.AsArray()).Where(b => b.Second!.GetValue<double>() > 0).Select(b => b.First!.GetValue<double>());
        Assert.Equal([0.425, 0.575], full.Select(x => Math.Round(x, 9)));
    }

    [Fact]
    public void BandsOfManyLinesAreLighterWithAnEdgeAndCanBeLeftOut()
    {
        LineSeries Line(double y) => new($"{y}", [new(0, y, y - 1, y + 1), new(1, y, y - 1, y + 1)]);
        var data = Json(new Figure("T", new Axis("x"), new Axis("y"), [Line(0), Line(1), Line(2), Line(3) with { Band = false }, Line(4)]))["data"]!.AsArray();
        var bands = data.Where(t => t!["fill"] is not null).ToList();
        Assert.Equal(4, bands.Count);
        Assert.All(bands, band => Assert.EndsWith(",0.09)", band!["fillcolor"]!.GetValue<string>()));
        Assert.All(bands, band => Assert.Equal(0.8, band!["line"]!["width"]!.GetValue<double>()));
    }

    [Fact]
    public void PanelsApartHaveASeriesEachOnTheAxesOfAll()
    {
        var apart = SameScales.Apart(ExampleFigures.Pareto);
        Assert.Equal(ExampleFigures.Pareto.Series.Select(s => s.Name), apart.Figures.Select(f => f.Title));
        Assert.Single(apart.Figures.Select(f => (f.X.Min, f.X.Max, f.Y.Min, f.Y.Max)).Distinct());
        Assert.Equal([0, 1, 2, 3, 4, 5], apart.Figures.Select(f => f.Series.Single().Style!.Value));
    }
}
