using System.Buffers.Binary;
using Cai.Figures;
using Xunit;

namespace Cai.Tests.Figures;

public class StaticRendererTests
{
    public static TheoryData<string> Names => [.. ExampleFigures.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryKindIsAPngOfAtMostSixtyKilobytes(string name)
    {
        var png = StaticRenderer.ToPng(Named(name));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.InRange(png.Length, 2_000, 60 * 1024);
        Keep(name, png);
    }

    [Fact]
    public void DensePanelsKeepTheirSharpness()
    {
        // Four noisy curves with bands in three panels: more edges than any figure of the notebooks has.
        var curves = Enumerable.Range(0, 4).Select(i =>
            (Series)((LineSeries)ExampleFigures.Training.Series[0] with { Name = "curve " + i, Points = [.. ((LineSeries)ExampleFigures.Training.Series[0])
                .Points.Select(p => new DataPoint(p.X, p.Y + 0.7 * i, p.YLow + 0.7 * i, p.YHigh + 0.7 * i))] })).ToArray();
        var panel = new FigurePanel("Dense", [.. Enumerable.Repeat(ExampleFigures.Training with { Series = curves }, 3)])
        {
            Caption = ExampleFigures.Pareto.Caption,
        };
        var png = StaticRenderer.ToPng(panel);
        Assert.InRange(png.Length, 2_000, 60 * 1024);
        Assert.Equal(1350, Width(png));
        Keep("dense", png);
    }

    [Fact]
    public void PanelsStandSideBySide()
    {
        var png = StaticRenderer.ToPng(ExampleFigures.Panel, width: 900, scale: 1);
        Assert.Equal(900, Width(png));
        Keep("panel", StaticRenderer.ToPng(ExampleFigures.Panel));
        Keep("fixes", StaticRenderer.ToPng(ExampleFigures.Fixes));
        Keep("apart", StaticRenderer.ToPng(SameScales.Apart(ExampleFigures.Histogram)));
        Keep("grid", StaticRenderer.ToPng(ExampleFigures.Grid));
    }

    [Fact]
    public void ARowOfPanelsTakesHeight()
    {
        var (two, one) = (StaticRenderer.ToPng(ExampleFigures.Grid, scale: 1), StaticRenderer.ToPng(ExampleFigures.Grid with { Columns = 0 }, scale: 1));
        Assert.True(Height(two) > Height(one) + 150);
    }

    [Fact]
    public void ABarOfNothingIsDrawn()
    {
        var gap = ExampleFigures.Bars with { Categories = ["a"], Series = [new BarSeries("s", [null])], Y = new Axis("y", Min: 0, Max: 1) };
        Assert.NotEqual(StaticRenderer.ToPng(gap), StaticRenderer.ToPng(gap with { Series = [new BarSeries("s", [new(0, double.NaN, double.NaN, 9, 9)])] }));
    }

    private static int Height(byte[] png) => BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20));

    [Fact]
    public void WidthAndScaleArePixels()
    {
        Assert.Equal(600, Width(StaticRenderer.ToPng(ExampleFigures.Bars, width: 600, scale: 1)));
        Assert.Equal(1200, Width(StaticRenderer.ToPng(ExampleFigures.Bars, width: 600, scale: 2)));
    }

    [Fact]
    public void TheSameFigureGivesTheSameBytes() => Assert.Equal(StaticRenderer.ToPng(ExampleFigures.Pareto), StaticRenderer.ToPng(ExampleFigures.Pareto));

    [Fact]
    public void TextIsDrawn()
    {
        // Without its own typeface a machine that has no fonts would draw none.
        var bare = ExampleFigures.Bars with { Title = "", Caption = "" };
        Assert.NotEqual(StaticRenderer.ToPng(bare with { X = new Axis("Model A") }), StaticRenderer.ToPng(bare with { X = new Axis("Model B") }));
        Assert.NotEqual(StaticRenderer.ToPng(bare with { Title = "One" }), StaticRenderer.ToPng(bare with { Title = "Two" }));
    }

    [Fact]
    public void WhatCannotBeDrawnIsNamed()
    {
        var nan = Assert.Throws<CaiException>(
            () => StaticRenderer.ToPng(ExampleFigures.Curves with { Series = [new LineSeries("loss", [new DataPoint(1, double.NaN)])] }));
        Assert.Contains("'loss'", nan.Message);
        var log =
            Assert.Throws<CaiException>(() => StaticRenderer.ToPng(ExampleFigures.Curves with { Series = [new LineSeries("loss", [new DataPoint(0, 1)])] }));
        Assert.Contains("log axis", log.Message);
        Assert.Throws<CaiException>(() => StaticRenderer.ToPng(ExampleFigures.Bars with { Categories = ["only one"] }));
    }

    [Fact]
    public void AFigureWithASinglePointOrNoneIsDrawn()
    {
        var none = ExampleFigures.Pareto with { Series = [], References = [] };
        AssertDrawnBesides(none, none with { Series = [new PointSeries("one", [new DataPoint(3, 3)])] });
        AssertDrawnBesides(none, ExampleFigures.Histogram with { Series = [new HistogramSeries("same", [1, 1, 1])] });

        static void AssertDrawnBesides(Figure empty, Figure figure)
        {
            var (before, after) = (StaticRenderer.ToPng(empty, width: 600, scale: 1), StaticRenderer.ToPng(figure, width: 600, scale: 1));
            Assert.Equal((600, 600), (Width(before), Width(after)));
            Assert.NotEqual(before, after);
        }
    }

    [Fact]
    public void MarkersOnOnePixelAreDrawnOnce()
    {
        var random = new Random(1);
        var places = Enumerable.Range(0, 500).Select(i => new DataPoint(i, random.NextDouble())).ToList();
        var many = Enumerable.Range(0, 60).SelectMany(_ => places).ToList();
        Assert.Equal(Png(new PointSeries("p", places)), Png(new PointSeries("p", many)));
        List<DataPoint> bars = [.. places.Select(p => p with { YLow = p.Y - 0.1, YHigh = p.Y + 0.2 })];
        Assert.Equal(Png(new PointSeries("p", bars)), Png(new PointSeries("p", [.. Enumerable.Range(0, 60).SelectMany(_ => bars)])));
    }

    [Fact]
    public void DenseLinesKeepTheEndsAndExtremesOfEachColumn()
    {
        var random = new Random(2);
        List<DataPoint> all = [], outline = [];
        for (var x = 0; x < 1000; x++)
        {
            var column = Enumerable.Range(0, 30).Select(_ => new DataPoint(x, random.NextDouble())).ToList();
            all.AddRange(column);
            outline.AddRange(column.Where((p, i) => i is 0 or 29 || p == column.MinBy(q => q.Y) || p == column.MaxBy(q => q.Y)));
        }
        Assert.Equal(Png(new LineSeries("l", outline) { Markers = false }), Png(new LineSeries("l", all) { Markers = false }));
    }

    private static byte[] Png(Series series) => StaticRenderer.ToPng(new Figure("dense", new("x"), new("y"), [series]), scale: 1);

    private static Figure Named(string name) => ExampleFigures.All.Single(e => e.Name == name).Figure;

    private static int Width(byte[] png) => BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16));

    // CAI_FIGURES=folder keeps the pictures, for a look at them.
    private static void Keep(string name, byte[] png)
    {
        if (Environment.GetEnvironmentVariable("CAI_FIGURES") is { Length: > 0 } folder)
            File.WriteAllBytes(Path.Combine(folder, name + ".png"), png);
    }
}
