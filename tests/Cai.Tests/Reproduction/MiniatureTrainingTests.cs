using Cai.Finetuning;
using Cai.Models;
using Cai.Reproduction;
using Cai.Storage;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class MiniatureTrainingTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The commands in `data/miniature/README.md` have phases of no tokens.</summary>
    [Fact]
    public void ModelsShareTheirFirstPhasesAndAPhaseOfNoTokensIsLeftOut()
    {
        var (models, work) = (folder.Path("models"), folder.Path("work"));
        Directory.CreateDirectory(Path.Combine(models, "tokenizer"));
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer")))
            File.Copy(file, Path.Combine(models, "tokenizer", Path.GetFileName(file)));
        var options = new MiniatureTrainingOptions
        {
            Size = "S", PretrainTokens = 1500, ReadingTokens = 0, ComposingTokens = 0, SettlingTokens = 1500, CheckingTokens = 3500, ByExampleTokens = 3500,
            HelpfulTokens = 1500, RatedIterations = 0,
        };
        var seen = new List<string>();
        MiniatureTraining.Run(options, models, work, new SynchronousProgress<(string Phase, TrainStep Step)>(at => seen.Add(at.Phase)));
        // Each once, in runs of its own: the second and third model find the first phase done.
        Assert.Equal(["pretraining", "by-example", "known-and-unnamed", "settling", "checking", "checked", "helpful-only"],
            seen.Where((phase, i) => i == 0 || seen[i - 1] != phase));
        Assert.Equal(3, new[] { MiniatureTraining.ByExample, MiniatureTraining.Pretrained, MiniatureTraining.Helpful }
            .Select(name => HuggingFaceFolder.Hash(Path.Combine(models, "S", name))).Distinct().Count());

        // Weights that have been through a phase are not led through it again without a word.
        Assert.Contains("3500 tokens", Assert.Throws<CaiException>(() => MiniatureTraining.Run(options with { KeepSettled = true }, models, work)).Message);
        var both = options with { KeepSettled = true, KeepPretrained = true };
        Assert.Contains("Give one", Assert.Throws<CaiException>(() => MiniatureTraining.Run(both, models, work)).Message);
    }
}
