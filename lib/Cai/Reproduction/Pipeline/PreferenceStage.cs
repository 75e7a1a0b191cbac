using Cai.Models;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Preference models (paper 4.1, 4.2), each trained from the pretrained model with a fresh head.</summary>
public sealed class PreferenceStage(Pipeline pipeline)
{
    /// <summary>An arm's preference model.</summary>
    /// <param name="labels">
    /// The pipeline whose comparisons it is trained on, when models of several sizes are to learn from the same; this one when null.
    /// </param>
    public async Task<ModelFolder> ModelAsync(Arm arm, Pipeline? labels = null, CancellationToken cancel = default)
    {
        var (train, _) = await (labels ?? pipeline).Feedback.ComparisonsAsync(arm, cancel);
        return Train(arm.Half == 1 ? $"{arm.PreferenceModel}-held-out" : arm.PreferenceModel,
            [.. train, .. MisplacedAnswers.Of(train, arm.Misplaced, pipeline.Seed)], arm.Preferences, cancel);
    }

    /// <summary>Trained on human harmlessness comparisons alone, for scoring revisions (paper 3.4, Figs 5 to 7).</summary>
    public async Task<ModelFolder> HarmlessModelAsync(CancellationToken cancel = default)
    {
        var arm = pipeline.Arms.HhRlhf;
        var (train, _) = await pipeline.Feedback.ComparisonsAsync(arm, cancel);
        return Train("pm-harmless", [.. train.Where(c => c.Axis == Axes.Harmless)], arm.Preferences, cancel);
    }

    /// <summary>A preference model of any comparisons, cached by its options and comparisons.</summary>
    /// <param name="name">Of the model and of its stage; its head is drawn for it.</param>
    public ModelFolder Train(string name, IReadOnlyList<Comparison> train, PreferenceOptions options, CancellationToken cancel = default)
    {
        var start = pipeline.Pretrained;
        var stage = pipeline.Store.OpenStage("preferences", name, options, [start.Hash, ContentHash.OfTexts(train.Select(c => CaiJson.Write(c)))]);
        stage.Once(s =>
        {
            using var language = HuggingFaceFolder.Load(start.Folder);
            PreferenceTraining.Run(language, train, options, Recipes.HeadSeed(options.Seed, name), new PreferenceFiles(s.Folder, s.Path("model")),
                Progress(pipeline.Context, s.Name, train.Count, options), pipeline.Context.Or(cancel));
        });
        return new ModelFolder(name, stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    /// <summary>Shows a training where the context shows progress.</summary>
    internal static IProgress<PreferenceStep> Progress(RunContext context, string stage, int comparisons, PreferenceOptions options) =>
        new SynchronousProgress<PreferenceStep>(step => context.Progress?.Report(new StageProgress(
            stage, step.Pairs, (double)comparisons * options.Epochs, $"loss {step.Loss:0.000}", "comparisons",
            new Dictionary<string, double> { ["loss (nats a comparison)"] = step.Loss })));
}
