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
    public void APhaseOfNoTokensIsLeftOut()
    {
        var (models, work) = (folder.Path("models"), folder.Path("work"));
        Directory.CreateDirectory(Path.Combine(models, "tokenizer"));
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer")))
            File.Copy(file, Path.Combine(models, "tokenizer", Path.GetFileName(file)));
        var options = new MiniatureTrainingOptions
        {
            Size = "S", PretrainTokens = 1500, ReadingTokens = 0, ComposingTokens = 0, ByExampleTokens = 0, HelpfulTokens = 1500, RatedIterations = 0,
        };
        var seen = new List<string>();
        MiniatureTraining.Run(options, models, work, new SynchronousProgress<(string Phase, TrainStep Step)>(at => seen.Add(at.Phase)));
        Assert.Equal(["pretraining", "helpful-only"], seen.Distinct());
        foreach (var name in new[] { MiniatureTraining.Pretrained, MiniatureTraining.Helpful })
            using (HuggingFaceFolder.LoadDecoder(Path.Combine(models, "S", name))) { }
    }
}
