using Cai.Critique;
using Cai.Feedback;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Answers of any model to any prompts, cached by model, prompts and seed: what every other stage reads.</summary>
public sealed class SamplingStage(Pipeline pipeline)
{
    /// <summary>A model's answers to prompts.</summary>
    /// <param name="name">Of the set of prompts, in the stage's name.</param>
    public async Task<IReadOnlyList<Sample>> SampleAsync(
        ModelFolder model, IReadOnlyList<Prompt> prompts, int perPrompt, string name, double temperature = 1, CancellationToken cancel = default)
    {
        // Small models drift into the next document; the stage layouts' role tags end an answer as well as the dialogue's own.
        var options = new SampleOptions { MaxTokens = Recipes.MaxTokens, Seed = pipeline.Seed, Temperature = temperature, Stops = CritiqueLayout.Stops };
        var stage = pipeline.Store.OpenStage("samples", $"{model.Name}-{name}", new { perPrompt, options },
            [model.Hash, ContentHash.Of(prompts)]);
        await stage.Once(async s => Jsonl.Write(s.Path("samples.jsonl"), await InitialResponses.SampleAsync(
            pipeline.Load(model), prompts, options, perPrompt, progress: pipeline.Context.Counter(stage.Name, prompts.Count * perPrompt),
            cancel: pipeline.Context.Or(cancel))));
        return Jsonl.Read<Sample>(stage.Path("samples.jsonl"));
    }

    /// <summary>Two answers to each prompt as pairs (paper 4.1); equal ones are left out.</summary>
    public async Task<IReadOnlyList<ResponsePair>> PairsAsync(
        ModelFolder model, IReadOnlyList<Prompt> prompts, string name, double temperature = 1, CancellationToken cancel = default) =>
        ResponsePair.FromSamples(await SampleAsync(model, prompts, 2, name, temperature, cancel));

    /// <summary>An answer of either model to each prompt as pairs, in an order drawn by prompt; equal ones are left out.</summary>
    public async Task<IReadOnlyList<ResponsePair>> PairsAsync(
        ModelFolder first, ModelFolder second, IReadOnlyList<Prompt> prompts, string name, CancellationToken cancel = default)
    {
        var (mine, theirs) = (await SampleAsync(first, prompts, 1, name, cancel: cancel), await SampleAsync(second, prompts, 1, name, cancel: cancel));
        return ResponsePair.FromSamples(mine.Zip(theirs).SelectMany(both => Seeds.Rng(pipeline.Seed, "pair order", both.First.PromptId).Chance(0.5)
            ? new[] { both.First, both.Second with { Index = 1 } }
            : [both.Second, both.First with { Index = 1 }]));
    }
}
