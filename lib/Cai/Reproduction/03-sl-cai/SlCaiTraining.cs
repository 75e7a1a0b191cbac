using System.Globalization;
using Cai.Evaluation;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Text;
using static TorchSharp.torch;

namespace Cai.Reproduction;

/// <summary>One part of what SL-CAI is trained on.</summary>
/// <param name="Texts">All texts; <paramref name="Used"/> of them ended by themselves and are trained on.</param>
/// <param name="Tokens">Of the used texts, prompts included.</param>
/// <param name="Learned">Tokens whose prediction is trained: those of the response.</param>
public sealed record DataPart(string Name, int Texts, int Used, int Tokens, int Learned);

/// <summary>How well a model predicts one held-out text.</summary>
/// <param name="Nll">Sum over the learned tokens, nats.</param>
public sealed record TextLoss(string PromptId, string Source, string Model, double Nll, long Tokens);

/// <summary>The supervised stage looked into: its data, its mask, its loss (paper 3.1, 3.2).</summary>
public sealed partial class SlCaiTraining : IStudy<SlCaiTraining>
{
    /// <summary>Held-out prompts whose first revision is predicted: few, because each costs a critique and a revision.</summary>
    private const int HeldOutRevisions = 32;

    private const string RevisionSource = "first revisions";
    private const string HelpfulSource = "helpful answers";

    private readonly Pipeline pipeline;
    private readonly IReadOnlyList<Revision> revisions;
    private readonly IReadOnlyList<Sample> helpful;
    private readonly IReadOnlyList<TextLoss> heldOut;

    private SlCaiTraining(
        Pipeline pipeline, IReadOnlyList<Revision> revisions, IReadOnlyList<Sample> helpful, ModelFolder model, IReadOnlyList<TextLoss> heldOut) =>
        (this.pipeline, this.revisions, this.helpful, Model, this.heldOut) = (pipeline, revisions, helpful, model, heldOut);

    /// <summary>SL-CAI.</summary>
    public ModelFolder Model { get; }

    /// <summary>Trains SL-CAI, or loads it, and measures its loss on texts about held-out prompts, before and after.</summary>
    public static async Task<SlCaiTraining> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var revisions = await pipeline.Supervised.RevisionsAsync(cancel: cancel);
        var helpful = await pipeline.Supervised.HelpfulSamplesAsync(cancel);
        var model = await pipeline.Supervised.SlCaiAsync(cancel: cancel);
        var answers = await pipeline.Evaluation.SamplesAsync(pipeline.Helpful, cancel);
        var harmful = pipeline.Prompts.HarmfulEval.Select(p => p.Id).ToHashSet();
        var first = answers.Where(s => harmful.Contains(s.PromptId) && s.Index == 0).Take(HeldOutRevisions).ToList();
        var once = Recipes.Critique(pipeline.Scale, pipeline.Seed) with { Rounds = 1 };
        var fresh = await pipeline.Supervised.ReviseAsync(pipeline.Helpful, first, once, "held-out-revisions", cancel: cancel);
        var tokenizer = pipeline.Load(pipeline.Pretrained).Tokenizer;
        List<(string PromptId, string Source, TrainingText Text)> texts =
        [
            .. fresh.Where(r => r.Finished).Select(r => (r.PromptId, RevisionSource, Text(tokenizer, r.Id, r.Prompt, r.After))),
            .. answers.Where(s => s.Finished && !harmful.Contains(s.PromptId))
                .Select(s => (s.PromptId, HelpfulSource, Text(tokenizer, s.Id, s.Prompt, s.Response))),
        ];
        var losses = new[] { pipeline.Pretrained, model }.SelectMany(m => Losses(pipeline.Load(m), m.Name, texts));
        return new SlCaiTraining(pipeline, revisions, helpful, model, [.. losses]);
    }

    /// <summary>The parts of the training data.</summary>
    public static IReadOnlyList<DataPart> Parts(ITokenizer tokenizer, IReadOnlyList<Revision> revisions, IReadOnlyList<Sample> helpful) =>
    [
        .. revisions.GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => Part(
            tokenizer, string.Create(CultureInfo.InvariantCulture, $"revision {g.Key}"), [.. g.Select(r => (r.Id, r.Prompt, r.After, r.Finished))])),
        Part(tokenizer, "helpful samples", [.. helpful.Select(s => (s.Id, s.Prompt, s.Response, s.Finished))]),
    ];

    /// <summary>A training text that a revision made: the last one whose revision differs from what was criticised.</summary>
    public (Revision Revision, TrainingText Text) Example()
    {
        var shown = revisions.LastOrDefault(r => r.Finished && r.After.Trim() != r.Before.Trim()) ?? revisions.First(r => r.Finished);
        return (shown, Text(pipeline.Load(pipeline.Pretrained).Tokenizer, shown.Id, shown.Prompt, shown.After));
    }

    /// <summary>Loss on held-out first revisions, SL-CAI minus pretrained, nats a token; null without any.</summary>
    public Interval? HeldOutChange() => Bootstrap.TryStatistic([.. heldOut.Where(t => t.Source == RevisionSource)], t => t.PromptId,
        drawn => Ratio(drawn.Where(t => t.Model == ModelNames.SlCai)) - Ratio(drawn.Where(t => t.Model == ModelNames.Pretrained)));

    /// <summary>That what is learned from revisions carries over to prompts that were never seen.</summary>
    public IEnumerable<Measurement> Measure() => [new("sl-5", HeldOutChange())];

    /// <inheritdoc/>
    public StudyData Data() => new() { { "losses", heldOut }, { "revisions", revisions }, { "helpful", helpful } };

    /// <summary>Loss a token over texts of different lengths: the sum of nats over the sum of tokens.</summary>
    public static Interval? MeanLoss(IEnumerable<TextLoss> losses) => Bootstrap.TryStatistic([.. losses], t => t.PromptId, Ratio);

    private static double Ratio(IEnumerable<TextLoss> losses)
    {
        var list = losses.ToList();
        return list.Sum(t => t.Nll) / list.Sum(t => t.Tokens);
    }

    private static TrainingText Text(ITokenizer tokenizer, string id, Dialogue prompt, string response) =>
        TrainingText.From(tokenizer, HhFormat.Instance, id, prompt, response.Trim());

    private static DataPart Part(
        ITokenizer tokenizer, string name, IReadOnlyList<(string Id, Dialogue Prompt, string Response, bool Finished)> texts)
    {
        var used = texts.Where(t => t.Finished).Select(t => Text(tokenizer, t.Id, t.Prompt, t.Response)).ToList();
        return new DataPart(name, texts.Count, used.Count, used.Sum(t => t.Ids.Length), used.Sum(t => t.Ids.Length - t.PromptLength));
    }

    /// <summary>log p of every token after the first, given those before it: [time - 1].</summary>
    private static double[] LogProbs(LocalModel model, TrainingText text)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var ids = tensor(text.Ids.Select(i => (long)i).ToArray(), [1, text.Ids.Length], device: model.Decoder.Device);
        return [.. model.Decoder.TokenLogProbs(ids).cpu().data<float>().Select(p => (double)p)];
    }

    private static IEnumerable<TextLoss> Losses(
        LocalModel model, string name, IEnumerable<(string PromptId, string Source, TrainingText Text)> texts) =>
        from t in texts
        let nll = -LogProbs(model, t.Text).Skip(t.Text.PromptLength - 1).Sum()
        select new TextLoss(t.PromptId, t.Source, name, nll, t.Text.Ids.Length - t.Text.PromptLength);
}
