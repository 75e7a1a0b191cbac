using Cai.Figures;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

/// <summary>Notebook 10's steps on a folder that is not the miniature, where it is there, and on the miniature.</summary>
public sealed class OwnModelStudyTests : IDisposable
{
    private readonly TempFolder folder = new();

    public OwnModelStudyTests() => TorchSharp.torch.set_num_threads(1);

    public void Dispose() => folder.Dispose();

    [Fact]
    public Task TheStoryModelGoesThroughEveryStep() => GoThrough(Fixtures.Path("models", "tinystories-656k"), "tinystories-656k");

    [Fact]
    public Task TheMiniatureGoesThroughEveryStep() => GoThrough("", "the miniature (nothing else was named)");

    [Fact]
    public void AFolderThatIsNotThereIsNamed()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        Assert.Contains("does not exist", Assert.Throws<CaiException>(() => OwnModelStudy.Open(pipeline, new() { Model = folder.Path("nowhere") })).Problem);
        Assert.Contains("which of the server's models",
            Assert.Throws<CaiException>(() => OwnModelStudy.Open(pipeline, new() { Model = "http://localhost:1/v1" })).Problem);
    }

    [Fact]
    public void LabelsThatCannotBeReadAreSaidToBeSo()
    {
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        using var study = OwnModelStudy.Open(pipeline);
        var missing = new Comparison("1", "1", Dialogue.Ask("q"), "a", "b", "harmless", LabelKind.Soft, null)
        {
            Missing = "the model gave no probability for option 1",
        };
        Assert.Contains("None of 1 labels could be read: the model gave no",
            Assert.Throws<CaiException>(() => study.Train(new OwnModelLabels([missing], [], new HashSet<string>()))).Problem);
    }

    private async Task GoThrough(string model, string named)
    {
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        using var study = OwnModelStudy.Open(pipeline, new() { Model = model, MaxTokens = 12, FewShot = 1 });
        var setup = study.Setup().ToText();
        Assert.Contains(named, setup);
        Assert.DoesNotContain(folder.Root, setup);

        Assert.All(Claimed(study), c => Assert.Equal((null, false), (c.Value, c.Holds))); // no step was done
        var trace = await study.CritiqueAsync();
        Assert.Contains(study.Question.Dialogue.LastHuman(), trace.FirstRound);
        Assert.Contains("Revision 2", trace.View.ToText());

        var labels = await study.LabelAsync();
        Assert.All(labels.Own.Concat(labels.Truth), c => Assert.NotNull(c.PositionBias));
        Assert.Equal([6, 6], labels.Truth.GroupBy(t => t.ProbabilityA).Select(g => g.Count()));
        Assert.NotNull(labels.Bias);
        labels.Orders().Checked();

        var preferences = study.Train(labels);
        Assert.Equal(labels.Own.Count, preferences.Pairs + preferences.LeftOut + (preferences.HeldOut?.Pairs.Count ?? 0));
        Assert.Contains("written pairs, true answer", preferences.Accuracies().ToText());
        Assert.Equal(preferences.Written!.Pairs.Count, ((BarSeries)preferences.Drawn()!.Checked().Series[0]).Bars[^1]!.N);
        Assert.Equal([labels.Bias!.Value.Flips.Value, labels.Margin()!.Value, preferences.Margin()!.Value], Claimed(study).Select(c => c.Value!.Value));

        // Everything was kept: the same again gives the same numbers without computing them.
        var written = Directory.GetFiles(folder.Path("out"), "*", SearchOption.AllDirectories).ToDictionary(f => f, File.GetLastWriteTimeUtc);
        var again = study.Train(await study.LabelAsync());
        Assert.Equal(preferences.Written!.Pairs, again.Written!.Pairs);
        Assert.All(written, f => Assert.Equal(f.Value, File.GetLastWriteTimeUtc(f.Key)));
    }
}
