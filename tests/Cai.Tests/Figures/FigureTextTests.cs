using Cai.Evaluation;
using Cai.Figures;
using Xunit;

namespace Cai.Tests.Figures;

/// <summary>What a figure says, apart from how it is drawn: the text that screen readers read and that differences of notebooks show.</summary>
public class FigureTextTests
{
    [Fact]
    public void PointsWithErrorsInBothDirections() => Said(ExampleFigures.Pareto.ToText(), """
        Harmlessness against helpfulness
        x: Helpfulness (Elo); y: Harmlessness (Elo)
          Pretrained: (-143 [-155, -131], -96 [-110, -82])
          Helpful RLHF: (64 [52, 76], -44 [-58, -30]) (87 [75, 99], -11 [-25, 3]) (119 [107, 131], -64 [-78, -50])
          HH RLHF: (11 [-1, 23], 33 [19, 47]) (74 [62, 86], 77 [63, 91]) (99 [87, 111], 29 [15, 43])
          SL-CAI: (0 [-12, 12], 0 [-14, 14])
          RL-CAI: (57 [45, 69], 59 [45, 73]) (104 [92, 116], 97 [83, 111]) (110 [98, 122], 142 [128, 156])
          RL-CAI with CoT: (43 [31, 55], 52 [38, 66]) (68 [56, 80], 114 [100, 128]) (85 [73, 97], 190 [176, 204])
        Elo with 95 % bootstrap intervals clustered by prompt, SL-CAI at 0; n = 1,200 judgements on 100 prompts. Later snapshots are joined to earlier ones.
        """);

    [Fact]
    public void CurvesWithBandsOnALogAxisAndALabelledLine() => Said(ExampleFigures.Curves.ToText(), """
        Harmlessness by model size
        x: Parameters (log); y: Harmlessness (Elo)
          Helpful RLHF: (100000, -176 [-191, -161]) (400000, -100 [-115, -85]) (1500000, -83 [-98, -68]) (5000000, -63 [-78, -48])
          HH RLHF: (100000, -58 [-73, -43]) (400000, -24 [-39, -9]) (1500000, -7 [-22, 8]) (5000000, 77 [62, 92])
          RL-CAI: (100000, 20) (5000000, 141)
          SL-CAI: y = 0
        Bands are 95 % intervals; n = 400 judgements a model.
        """);

    [Fact]
    public void HistogramsAndLinesOfAllKinds() => Said(
        new Figure("Scores", new Axis("Score"), new Axis("Share"), [new HistogramSeries("before", [1, 2, 6])])
        {
            Caption = "n = 3.",
            References = [new(ReferenceKind.Vertical, 2.5, "mean of all"), new(ReferenceKind.Diagonal, Label: "equal"), new(ReferenceKind.Horizontal, 0.1)],
        }.ToText(), """
        Scores
        x: Score; y: Share
          before: 3 values, mean 3, 1 to 6
          mean of all: x = 2.5
          equal: y = x
        n = 3.
        """);

    [Fact]
    public void OfDenseCurvesTheEndsAreSaid()
    {
        var line = ExampleFigures.Training.ToText().Split('\n')[2];
        Assert.Contains("… 388 more …", line);
        Assert.Equal(12, line.Split(") (").Length + 1); // the cut stands between the 6th and the 7th
    }

    [Fact]
    public void APanelSaysAllItsFigures() => Said(
        new FigurePanel("Two", [ExampleFigures.Curves with { Series = [], References = [] }, ExampleFigures.Reliability with { Series = [] }])
        {
            Caption = "Both.",
        }.ToText(), """
        Two
        Harmlessness by model size
        x: Parameters (log); y: Harmlessness (Elo)
        Bands are 95 % intervals; n = 400 judgements a model.
        Calibration of the feedback model
        x: Predicted probability; y: Observed frequency
          perfect calibration: y = x
        Ten bins of equal count; n = 438.
        Both.
        """);

    [Fact]
    public void ARoundedZeroHasNoSign() =>
        Assert.Contains("(0, 0 [-0.3, 0.4])",
            new Figure("F", new Axis("x"), new Axis("y"), [new PointSeries("s", [new DataPoint(-1e-9, -1e-9, -0.3, 0.4)])]).ToText());

    [Fact]
    public void BarsThatCannotBeSeenAreSaidToBeZero()
    {
        Figure Of(string title, params Interval?[] bars) => new(title, new Axis("x"), new Axis("y"), [new BarSeries("s", bars)])
        {
            Caption = "n = 5.", Categories = [.. bars.Select((_, i) => $"{i}")],
        };
        var empty = Of("Boilerplate", new(0, 0, 0, 5, 5), null, new(0, double.NaN, double.NaN, 1, 1));
        Assert.EndsWith("n = 5. All bars are 0.", empty.ToText());
        Assert.Contains("All bars are 0.", PlotlyRenderer.ToJson(empty)["layout"]!["annotations"]![0]!["text"]!.GetValue<string>());
        var panel = new FigurePanel("Fixes", [Of("Harm", new Interval(-1, -2, 0, 5, 5)), empty]) { Caption = "n = 5." };
        Assert.Equal("n = 5. Boilerplate: all bars are 0.", panel.ToText().Split('\n')[^1]);
        // An interval can be seen, and so can a line along 0.
        Assert.DoesNotContain("are 0", Of("Wide", new Interval(0, -1, 1, 5, 5)).ToText());
        Assert.DoesNotContain("are 0",
            new Figure("Line", new Axis("x"), new Axis("y"), [new LineSeries("s", [new DataPoint(1, 0), new DataPoint(2, 0)])]).ToText());
    }

    private static void Said(string text, string expected) => Assert.Equal(expected.ReplaceLineEndings("\n"), text);
}
