using Cai.Critique;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>The supervised stage (paper section 3).</summary>
public sealed partial class Pipeline
{
    private const int MaxTokens = 96;

    /// <summary>Red-team prompts of the training split.</summary>
    public IReadOnlyList<Prompt> RedTeamPrompts => World.Sample(TopicKind.Harmful, World.Train, Scale.RedTeamPrompts, Seed);

    /// <summary>Good requests of the training split: tasks, requests that only look harmful, small talk.</summary>
    public IReadOnlyList<Prompt> HelpfulPrompts => Mixed(World.Train, Scale.HelpfulPrompts);

    /// <summary>What the helpful-only model says to each red-team prompt.</summary>
    public Task<IReadOnlyList<Sample>> InitialResponsesAsync() => SampleAsync(Helpful, RedTeamPrompts, 1, "initial");

    /// <summary>Two answers of the helpful-only model to each helpful prompt (paper 3.2).</summary>
    public Task<IReadOnlyList<Sample>> HelpfulSamplesAsync() => SampleAsync(Helpful, HelpfulPrompts, 2, "helpful-samples");

    /// <summary>All rounds of critique and revision of the initial responses.</summary>
    /// <param name="direct">Without critiques (paper 3.5).</param>
    public async Task<IReadOnlyList<Revision>> RevisionsAsync(bool direct = false)
    {
        var options = new CritiqueOptions { Rounds = Scale.Rounds, Seed = Seed, Direct = direct, MaxTokens = MaxTokens };
        return await ReviseAsync(Helpful, await InitialResponsesAsync(), options, direct ? "direct-revisions" : "revisions");
    }

    /// <summary>SL-CAI: the pretrained model, fine-tuned on all revisions and the helpful samples (paper 3.1, 3.2).</summary>
    /// <param name="upToRound">n of SL-CAI-n; 0 is all rounds.</param>
    public async Task<ModelFolder> SlCaiAsync(int upToRound = 0)
    {
        var rounds = upToRound == 0 ? Scale.Rounds : upToRound;
        var (revisions, helpful) = (await RevisionsAsync(), await HelpfulSamplesAsync());
        var options = new SupervisedOptions { LearningRate = 1e-3, WarmupSteps = 10, TokensPerBatch = 512, TokensPerMicroBatch = 256, Seed = Seed, CheckpointEvery = 50, AdamW = new AdamWOptions { Beta2 = 0.98 } };
        var inputs = new[] { Pretrained.Hash, ContentHash.OfTexts(revisions.Select(r => r.Id + r.After)), ContentHash.OfTexts(helpful.Select(s => s.Id + s.Response)) };
        var stage = Store.OpenStage("supervised", "sl-cai", new { Rounds = rounds, Training = options }, inputs);
        stage.Once(s =>
        {
            using var start = HuggingFaceFolder.Load(Pretrained.Folder);
            var texts = SlCaiData.Build(start.Tokenizer, start.Format, revisions, helpful, rounds);
            using var trainer = new SupervisedTrainer(start.Decoder, options);
            var checkpoint = s.Path("checkpoint.safetensors");
            using var metrics = new MetricsWriter(s.Path("metrics.jsonl"), SupervisedTrainer.CheckpointStep(checkpoint));
            var total = texts.Sum(t => (double)t.Ids.Length);
            trainer.Train(texts, checkpoint, new SynchronousProgress<TrainStep>(step =>
            {
                metrics.Write(step.Step, step.Values);
                host.Progress?.Report(new StageProgress("sl-cai", step.Tokens, total, $"loss {step.Loss:0.000}", "tokens", new Dictionary<string, double> { ["loss (nats a learned token)"] = step.Loss }));
            }), host.Cancel);
            HuggingFaceFolder.Save(s.Path("model"), start);
        });
        return new ModelFolder("sl-cai", stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    /// <summary>Samples of a model, cached by model, prompts and seed.</summary>
    private async Task<IReadOnlyList<Sample>> SampleAsync(ModelFolder model, IReadOnlyList<Prompt> prompts, int perPrompt, string name, double temperature = 1)
    {
        // Small models drift into the next document; the stage layouts' role tags end an answer as well as the dialogue's own.
        var options = new SampleOptions { MaxTokens = MaxTokens, Seed = Seed, Temperature = temperature, Stops = CritiqueLayout.Stops };
        var stage = Store.OpenStage("samples", $"{model.Name}-{name}", new { perPrompt, options }, [model.Hash, ContentHash.OfTexts(prompts.Select(p => p.Id))]);
        await stage.Once(async s =>
            Jsonl.Write(s.Path("samples.jsonl"), await InitialResponses.SampleAsync(Load(model), prompts, options, perPrompt, progress: host.Counter(stage.Name, prompts.Count * perPrompt), cancel: host.Cancel)));
        return Jsonl.Read<Sample>(stage.Path("samples.jsonl"));
    }

    /// <summary>Good requests: three tenths that only look harmful and one tenth small talk, as far as there are so many; the rest are tasks.</summary>
    private IReadOnlyList<Prompt> Mixed(string split, int count)
    {
        IReadOnlyList<Prompt> Some(string kind, int wanted) => World.Sample(kind, split, Math.Min(wanted, World.Prompts(kind, split).Count), Seed);
        var others = (Prompt[])[.. Some(TopicKind.Borderline, count * 3 / 10), .. Some(TopicKind.SmallTalk, count / 10)];
        return [.. Some(TopicKind.Benign, count - others.Length), .. others];
    }
}
