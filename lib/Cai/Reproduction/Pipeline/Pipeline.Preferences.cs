using Cai.Models;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>The four preference models that the paper's policies are trained against.</summary>
public enum FeedbackSource
{
    /// <summary>Human helpfulness comparisons alone, also of answers to bad requests: helpful RLHF.</summary>
    Helpful,

    /// <summary>Human helpfulness and human harmlessness: HH RLHF.</summary>
    HelpfulHarmless,

    /// <summary>Human helpfulness and AI harmlessness: RL-CAI.</summary>
    Constitutional,

    /// <summary>The same with labels after a chain of thought, clamped: RL-CAI with CoT.</summary>
    ConstitutionalCot,
}

/// <summary>Preference models (paper 4.1, 4.2).</summary>
public sealed partial class Pipeline
{
    /// <summary>The comparisons behind a preference model, split by prompt: an eighth of the prompts is held out.</summary>
    public async Task<(IReadOnlyList<Comparison> Train, IReadOnlyList<Comparison> HeldOut)> ComparisonsAsync(FeedbackSource source)
    {
        var all = new List<Comparison>(await HumanLabelsAsync("helpful"));
        all.AddRange(source switch
        {
            FeedbackSource.Helpful => await HumanHelpOnHarmAsync(),
            FeedbackSource.HelpfulHarmless => await HumanLabelsAsync("harmless"),
            FeedbackSource.Constitutional => await AiLabelsAsync(LabelKind.Soft),
            _ => await AiLabelsAsync(LabelKind.ChainOfThought),
        });
        return Split(all);
    }

    private (IReadOnlyList<Comparison> Train, IReadOnlyList<Comparison> HeldOut) Split(IReadOnlyList<Comparison> all) =>
        ([.. all.Where(c => !TopicSplit.IsHeldOut(Seed, c.PromptId))], [.. all.Where(c => TopicSplit.IsHeldOut(Seed, c.PromptId))]);

    /// <summary>Settings of preference models; the rest are the defaults.</summary>
    public PreferenceOptions PreferenceOptions => new() { LearningRate = 7e-4, TokensPerBatch = 1024, TokensPerMicroBatch = 512, WarmupSteps = 10, Seed = Seed, CheckpointEvery = 25, AdamW = new AdamWOptions { Beta2 = 0.98 } };

    /// <summary>One of the four preference models.</summary>
    /// <param name="labels">The pipeline whose comparisons it is trained on, when models of several sizes are to learn from the same; this one when null.</param>
    public async Task<ModelFolder> PreferenceModelAsync(FeedbackSource source, Pipeline? labels = null) =>
        TrainPreferenceModel($"pm-{Slug(source)}", (await (labels ?? this).ComparisonsAsync(source)).Train, PreferenceOptions);

    /// <summary>Human harmlessness comparisons alone, for scoring revisions (paper 3.4, Figs 5 to 7).</summary>
    public async Task<ModelFolder> HarmlessPreferenceModelAsync() =>
        TrainPreferenceModel("pm-harmless", [.. (await ComparisonsAsync(FeedbackSource.HelpfulHarmless)).Train.Where(c => c.Axis == "harmless")], PreferenceOptions);

    /// <summary>A preference model, trained from the pretrained model with a fresh head; cached by its options and comparisons.</summary>
    /// <param name="name">Of the model and of its stage.</param>
    public ModelFolder TrainPreferenceModel(string name, IReadOnlyList<Comparison> train, PreferenceOptions options)
    {
        var inputs = new[] { Pretrained.Hash, ContentHash.OfTexts(train.Select(c => CaiJson.Write(c))) };
        var stage = Store.OpenStage("preferences", name, options, inputs);
        stage.Once(s =>
        {
            using var start = HuggingFaceFolder.Load(Pretrained.Folder);
            using var scalar = ScalarModel.FromLanguageModel(start.Decoder, Seeds.Derive(options.Seed, "pm-head", name));
            using var trainer = new PreferenceTrainer(new PreferenceModel(scalar, start.Tokenizer, start.Format), options);
            var checkpoint = s.Path("checkpoint.safetensors");
            using var metrics = new MetricsWriter(s.Path("metrics.jsonl"), PreferenceTrainer.CheckpointStep(checkpoint));
            trainer.Train(train, checkpoint, new SynchronousProgress<PreferenceStep>(step =>
            {
                metrics.Write(step.Step, step.Values);
                host.Progress?.Report(new StageProgress(s.Name, step.Pairs, (double)train.Count * options.Epochs, $"loss {step.Loss:0.000}", "comparisons", new Dictionary<string, double> { ["loss (nats a comparison)"] = step.Loss }));
            }), host.Cancel);
            HuggingFaceFolder.SaveScalar(s.Path("model"), scalar, start.Tokenizer, Pretrained.Folder);
        });
        return new ModelFolder(name, stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    /// <summary>A preference model in memory; the caller disposes its <see cref="PreferenceModel.Model"/>.</summary>
    public PreferenceModel LoadPreferenceModel(ModelFolder folder)
    {
        var loaded = HuggingFaceFolder.LoadScalar(folder.Folder);
        return new PreferenceModel(loaded.Model, loaded.Tokenizer, loaded.Format);
    }

    private static string Slug(FeedbackSource source) => source switch
    {
        FeedbackSource.Helpful => "helpful",
        FeedbackSource.HelpfulHarmless => "hh",
        FeedbackSource.Constitutional => "cai",
        _ => "cai-cot",
    };
}
