using Cai.Figures;
using Cai.Reproduction;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class CellProgressTests
{
    private readonly HandClock clock = new();
    private readonly List<CellOutput> outputs = [];
    private readonly CellProgress progress;

    public CellProgressTests() => progress = new CellProgress(clock);

    private void Report(string stage, double done, double total, double? loss = null)
    {
        progress.Report(new StageProgress(stage, done, total, loss is null ? "" : "<loss>", "tokens",
            loss is null ? null : new Dictionary<string, double> { ["loss"] = loss.Value }));
        clock.Now += TimeSpan.FromHours(1); // longer than any drawing
    }

    [Fact]
    public void ATrainingIsOneOutputThatGrowsAndEndsAsOneFigure()
    {
        RunningCell.Enter(outputs.Add, null);
        Report("sl-cai", 0, 40);
        for (var i = 1; i <= 4; i++)
            Report("sl-cai", 10 * i, 40, 1.0 / i);
        progress.EndCell();
        var first = Assert.IsType<DisplayData>(outputs[0]);
        Assert.All(outputs.Skip(1), o => Assert.Equal(first.Id, Assert.IsType<DisplayUpdate>(o).Id));
        var live = Assert.IsType<DisplayUpdate>(outputs[^2]).Bundle;
        Assert.Contains("<progress value=\"40\" max=\"40\">", live[Mime.Html].GetValue<string>());
        Assert.Contains("&lt;loss&gt;", live[Mime.Html].GetValue<string>());
        Assert.Contains("data:image/png;base64,iVBOR", live[Mime.Html].GetValue<string>());
        var last = Assert.IsType<DisplayUpdate>(outputs[^1]).Bundle;
        Assert.Equal([Mime.Plotly, Mime.Png, Mime.Plain], last.Keys);
        Assert.Contains("sl-cai: (10, 1) (20, 0.5) (30, 0.333) (40, 0.25)", last[Mime.Plain].GetValue<string>());
    }

    [Fact]
    public void OtherWorkEndsAsALineWithoutTimes()
    {
        RunningCell.Enter(outputs.Add, null);
        Report("samples", 0, 40);
        Report("samples", 10, 40);
        Report("labels", 0, 8);
        Report("samples", 40, 40);
        progress.EndCell();
        Assert.Equal("samples: 40 of 40 tokens\nlabels: 0 of 8 tokens", Assert.IsType<DisplayUpdate>(outputs[^1]).Bundle[Mime.Plain].GetValue<string>());
        outputs.Clear();
        progress.EndCell();
        Assert.Empty(outputs);
    }

    [Fact]
    public void QuickWorkShowsNothingButATrainingItsFigure()
    {
        RunningCell.Enter(outputs.Add, null);
        progress.Report(new StageProgress("a", 0, 2));
        progress.Report(new StageProgress("a", 2, 2));
        progress.EndCell();
        Assert.Empty(outputs);
        progress.Report(new StageProgress("b", 1, 2, "", "", new Dictionary<string, double> { ["x"] = 1 }));
        progress.Report(new StageProgress("b", 2, 2, "", "", new Dictionary<string, double> { ["x"] = 2 }));
        progress.EndCell();
        Assert.IsType<DisplayData>(Assert.Single(outputs));
    }

    [Fact]
    public void SeveralTrainingsShareThePanelOfANumber()
    {
        RunningCell.Enter(outputs.Add, null);
        foreach (var stage in new[] { "helpful-rlhf", "rl-cai" })
            for (var i = 1; i <= 2000; i++)
                progress.Report(new StageProgress(stage, i, 2000, "", "iterations",
                    new Dictionary<string, double> { ["score"] = i, ["KL"] = i, ["broken"] = double.NaN }));
        progress.EndCell();
        var text = Assert.IsType<DisplayData>(Assert.Single(outputs)).Bundle[Mime.Plain].GetValue<string>();
        Assert.Contains("x: iterations; y: score", text);
        Assert.Contains("x: iterations; y: KL", text);
        Assert.DoesNotContain("broken", text);
        Assert.Equal(2, text.Split("rl-cai: (1, 1)").Length - 1);
        Assert.Contains("(2000, 2000)", text); // thinned, but not at the end
    }
}
