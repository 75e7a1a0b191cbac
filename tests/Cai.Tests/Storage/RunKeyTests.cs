using Cai.Constitutions;
using Cai.Critique;
using Cai.Feedback;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Storage;
using Cai.Tests.Reinforcement;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Storage;

/// <summary>What was begun is gone on with only by what gives the same: model, wording, options and data are all part of the key.</summary>
public sealed class RunKeyTests : IDisposable
{
    private static readonly Constitution Law = new("law", "", [new("a", "Find a.", "Mend a.")], [new("kind", "Choose the kinder one.")]);
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public RunKeyTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static LocalModel Local(long seed) => new(Tiny.Model(seed, Tiny.Config with { MaxPositions = 1024 }), new Tiny.Letters(), name: "m");

    private static CaiException Refused(Func<Task> run) => Assert.ThrowsAsync<CaiException>(run).GetAwaiter().GetResult();

    [Fact]
    public async Task LabelsOfAnotherModelWordingOrClampAreNotTakenForThese()
    {
        var path = folder.Path("labels.jsonl");
        var pairs = new[] { new ResponsePair("1", new Prompt("p", Dialogue.Ask("q")), "a", "b") };
        var options = new LabelOptions { Clamp = new(0.1, 0.9) };
        Task<IReadOnlyList<Comparison>> Run(long model, Constitution law, LabelOptions asked, IPromptFormat? format = null) =>
            new Labeller(Local(model), law, asked, format).RunAsync(pairs, path, cancel: TestContext.Current.CancellationToken);
        var first = await Run(1, Law, options);
        Assert.Contains("model was", Refused(() => Run(2, Law, options)).Message);
        Assert.Contains("constitution was", Refused(() => Run(1, Law with { Comparison = [new("kind", "Choose the wiser one.")] }, options)).Message);
        Assert.Contains("options.clamp.high was 0.9 and is now 0.8", Refused(() => Run(1, Law, options with { Clamp = new(0.1, 0.8) })).Message);
        Assert.Contains("options.fewShot", Refused(() => Run(1, Law, options with { FewShot = 3 })).Message);
        Assert.Equal(CaiJson.Write(first), CaiJson.Write(await Run(1, Law, options with { ChunkSize = 7 })));
        File.Delete(RunKey.PathOf(path));
        Assert.Contains("no labels.jsonl.key.json", Refused(() => Run(1, Law, options)).Message);
    }

    [Fact]
    public async Task RevisionsOfAnotherModelWordingOrLengthAreNotTakenForThese()
    {
        var path = folder.Path("revisions.jsonl");
        var initial = new[] { new Sample("p/m/0", "p", Dialogue.Ask("q"), "a", "m", 0, true) };
        var options = new CritiqueOptions { Rounds = 1, MaxTokens = 4 };
        Task<IReadOnlyList<Revision>> Run(long model, Constitution law, CritiqueOptions asked) =>
            new CritiqueLoop(Local(model), law, asked).RunAsync(initial, path, cancel: TestContext.Current.CancellationToken);
        var first = await Run(1, Law, options);
        Assert.Contains("model was", Refused(() => Run(2, Law, options)).Message);
        Assert.Contains("constitution was", Refused(() => Run(1, Law with { Critique = [new("a", "Find b.", "Mend a.")] }, options)).Message);
        Assert.Contains("options.maxTokens was 4", Refused(() => Run(1, Law, options with { MaxTokens = 5 })).Message);
        Assert.Contains("options.temperature", Refused(() => Run(1, Law, options with { Temperature = 0.5 })).Message);
        Assert.Equal(CaiJson.Write(first), CaiJson.Write(await Run(1, Law, options)));
    }

    [Fact]
    public void ASupervisedCheckpointIsOfItsStartTextsAndOptions()
    {
        var path = folder.Path("sl.ckpt");
        var options = new SupervisedOptions { MaxLength = 32, TokensPerBatch = 40 };
        TrainSummary Run(long start, SupervisedOptions asked, int shift = 0)
        {
            using var model = Tiny.Model(start);
            using var trainer = new SupervisedTrainer(model, asked);
            return trainer.Train([.. Enumerable.Range(0, 8).Select(i => new TrainingText($"t{i}", Tiny.Ids(9, i + shift), 2))], path);
        }
        var first = Run(1, options);
        Assert.Contains("start was", Assert.Throws<CaiException>(() => Run(2, options)).Message);
        Assert.Contains("texts was", Assert.Throws<CaiException>(() => Run(1, options, shift: 1)).Message);
        Assert.Contains("options.learningRate was", Assert.Throws<CaiException>(() => Run(1, options with { LearningRate = 0.5 })).Message);
        Assert.Equal(first, Run(1, options with { TokensPerMicroBatch = 50, CheckpointEvery = 3 }));
    }

    [Fact]
    public void APreferenceCheckpointIsOfItsStartComparisonsAndOptions()
    {
        var path = folder.Path("pm.ckpt");
        var options = new PreferenceOptions { MaxLength = 64, TokensPerBatch = 40 };
        PreferenceSummary Run(long start, PreferenceOptions asked, double label = 0.9)
        {
            using var language = Tiny.Model(start);
            using var model = new PreferenceModel(Cai.Models.ScalarModel.FromLanguageModel(language, 1), new Tiny.Letters());
            using var trainer = new PreferenceTrainer(model, asked);
            return trainer.Train(
                [.. Enumerable.Range(0, 4).Select(i =>
                    new Comparison($"c{i}", $"p{i}", Dialogue.Ask("q"), "aa", "bb", "harmless", LabelKind.Soft, label))], path);
        }
        var first = Run(1, options);
        Assert.Contains("start was", Assert.Throws<CaiException>(() => Run(2, options)).Message);
        Assert.Contains("comparisons was", Assert.Throws<CaiException>(() => Run(1, options, label: 0.8)).Message);
        Assert.Contains("options.seed was 0 and is now 4", Assert.Throws<CaiException>(() => Run(1, options with { Seed = 4 })).Message);
        Assert.Equal(first, Run(1, options with { TokensPerMicroBatch = 50 }));
    }

    [Fact]
    public void APpoCheckpointIsOfItsNetworksPromptsAndOptions()
    {
        void Run(PpoOptions options, long seed = 1, int prompts = 9)
        {
            using var setup = new PpoSetup(options, seed);
            setup.Trainer.Train(PpoSetup.Prompts(prompts), folder.Path("ppo"));
        }
        var options = PpoSetup.Options with { Iterations = 2 };
        Run(options);
        Assert.Contains("critic was", Assert.Throws<CaiException>(() => Run(options, seed: 2)).Message.Replace("policy was", "critic was"));
        Assert.Contains("prompts are others", Assert.Throws<CaiException>(() => Run(options, prompts: 10)).Message);
        Assert.Contains("options.klCoefficient was", Assert.Throws<CaiException>(() => Run(options with { KlCoefficient = 0.5 })).Message);
        Run(options with { SampleBatch = 3, SnapshotEvery = 1 });
    }

    [Fact]
    public void TheFirstDifferenceIsNamedAndWhatIsNotSetDoesNotCount()
    {
        Assert.Null(RunKey.Difference(RunKey.Node(new { a = 1, b = (string?)null }), RunKey.Node(new { a = 1 })));
        Assert.Equal("b.c was 1 and is now not set", RunKey.Difference(RunKey.Node(new { b = new { c = 1 } }), RunKey.Node(new { b = new { } })));
    }
}
