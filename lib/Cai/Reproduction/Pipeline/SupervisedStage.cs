using Cai.Constitutions;
using Cai.Critique;
using Cai.Finetuning;
using Cai.Models;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>The supervised stage (paper section 3): answers, critiques, revisions, SL-CAI.</summary>
public sealed class SupervisedStage(Pipeline pipeline)
{
    /// <summary>What the helpful-only model says to each red-team prompt.</summary>
    public Task<IReadOnlyList<Sample>> InitialResponsesAsync(CancellationToken cancel = default) =>
        pipeline.Sampling.SampleAsync(pipeline.Helpful, pipeline.Prompts.RedTeam, 1, "initial", cancel: cancel);

    /// <summary>Two answers of the helpful-only model to each helpful prompt (paper 3.2).</summary>
    public Task<IReadOnlyList<Sample>> HelpfulSamplesAsync(CancellationToken cancel = default) =>
        pipeline.Sampling.SampleAsync(pipeline.Helpful, pipeline.Prompts.Helpful, 2, "helpful-samples", cancel: cancel);

    /// <summary>All rounds of critique and revision of the initial responses.</summary>
    /// <param name="direct">Without critiques (paper 3.5).</param>
    public async Task<IReadOnlyList<Revision>> RevisionsAsync(bool direct = false, CancellationToken cancel = default) => await ReviseAsync(
        pipeline.Helpful, await InitialResponsesAsync(cancel), Recipes.Critique(pipeline.Scale, pipeline.Seed, direct),
        direct ? "direct-revisions" : "revisions", cancel: cancel);

    /// <summary>Critiques and revisions of any answers, under any constitution (the pipeline's when null) and options, cached.</summary>
    public async Task<IReadOnlyList<Revision>> ReviseAsync(
        ModelFolder model, IReadOnlyList<Sample> initial, CritiqueOptions options, string name, Constitution? constitution = null,
        CancellationToken cancel = default)
    {
        constitution ??= pipeline.Constitution;
        options = options with { FewShot = pipeline.Shots(options.FewShot) };
        var inputs = new[] { model.Hash, constitution.Hash, ContentHash.Of(initial.Select(s => new { s.Id, s.Prompt, s.Response })) };
        var stage = pipeline.Store.OpenStage("supervised", name, options, inputs);
        var calls = initial.Count * options.Rounds * (options.Direct ? 1 : 2);
        await stage.Once(s => new CritiqueLoop(pipeline.Load(model), constitution, options)
            .RunAsync(initial, s.Path("revisions.jsonl"), pipeline.Context.Counter(s.Name, calls), pipeline.Context.Or(cancel)));
        return Jsonl.Read<Revision>(stage.Path("revisions.jsonl"));
    }

    /// <summary>SL-CAI: the pretrained model, fine-tuned on all revisions and the helpful samples (paper 3.1, 3.2).</summary>
    /// <param name="upToRound">n of SL-CAI-n; 0 is all rounds.</param>
    public async Task<ModelFolder> SlCaiAsync(int upToRound = 0, CancellationToken cancel = default)
    {
        var rounds = upToRound == 0 ? pipeline.Scale.Rounds : upToRound;
        var (revisions, helpful) = (await RevisionsAsync(cancel: cancel), await HelpfulSamplesAsync(cancel));
        var options = Recipes.Supervised(pipeline.Seed);
        var start = pipeline.Pretrained;
        var inputs = new[] { start.Hash, ContentHash.Of(revisions.Select(r => new { r.Id, r.Prompt, r.After })),
            ContentHash.Of(helpful.Select(s => new { s.Id, s.Prompt, s.Response })) };
        var stage = pipeline.Store.OpenStage("supervised", ModelNames.SlCai, new { Rounds = rounds, Training = options }, inputs);
        stage.Once(s => Train(s.Folder, start, revisions, helpful, rounds, options, pipeline.Context.Or(cancel)));
        var name = rounds == pipeline.Scale.Rounds ? ModelNames.SlCai : $"{ModelNames.SlCai}-{rounds}";
        return new ModelFolder(name, stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    private void Train(string folder, ModelFolder from, IReadOnlyList<Revision> revisions, IReadOnlyList<Sample> helpful, int rounds, SupervisedOptions options,
        CancellationToken cancel)
    {
        using var start = HuggingFaceFolder.Load(from.Folder);
        var texts = SlCaiData.Build(start.Tokenizer, start.Format, revisions, helpful, rounds);
        using var trainer = new SupervisedTrainer(start.Decoder, options);
        var checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        using var metrics = new MetricsWriter(Path.Combine(folder, "metrics.jsonl"), SupervisedTrainer.CheckpointStep(checkpoint));
        var total = texts.Sum(t => (double)t.Ids.Length);
        trainer.Train(texts, checkpoint, new SynchronousProgress<TrainStep>(step =>
        {
            metrics.Write(step.Step, step.Values);
            pipeline.Context.Progress?.Report(new StageProgress(ModelNames.SlCai, step.Tokens, total, $"loss {step.Loss:0.000}", "tokens",
                new Dictionary<string, double> { ["loss (nats a learned token)"] = step.Loss }));
        }), cancel);
        metrics.Finish();
        HuggingFaceFolder.Save(Path.Combine(folder, "model"), start);
    }
}
