using System.Globalization;
using Cai.Critique;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;
using TorchSharp;
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
public sealed class SlCaiTraining
{
    /// <summary>Held-out prompts whose first revision is predicted: few, because each costs a critique and a revision.</summary>
    private const int HeldOutRevisions = 32;

    private const string RevisionSource = "first revisions";
    private const string HelpfulSource = "helpful answers";

    private readonly Pipeline pipeline;
    private readonly IReadOnlyList<Revision> revisions;
    private readonly IReadOnlyList<Sample> helpful;
    private readonly IReadOnlyList<TextLoss> heldOut;

    private SlCaiTraining(Pipeline pipeline, IReadOnlyList<Revision> revisions, IReadOnlyList<Sample> helpful, ModelFolder model, IReadOnlyList<TextLoss> heldOut) =>
        (this.pipeline, this.revisions, this.helpful, Model, this.heldOut) = (pipeline, revisions, helpful, model, heldOut);

    /// <summary>SL-CAI.</summary>
    public ModelFolder Model { get; }

    /// <summary>Trains SL-CAI, or loads it, and measures its loss on texts about held-out prompts, before and after.</summary>
    public static async Task<SlCaiTraining> RunAsync(Pipeline pipeline)
    {
        var (revisions, helpful, model) = (await pipeline.Supervised.RevisionsAsync(), await pipeline.Supervised.HelpfulSamplesAsync(), await pipeline.Supervised.SlCaiAsync());
        var answers = await pipeline.Evaluation.SamplesAsync(pipeline.Helpful);
        var harmful = pipeline.Prompts.HarmfulEval.Select(p => p.Id).ToHashSet();
        var fresh = await HeldOutRevisionsAsync(pipeline, [.. answers.Where(s => harmful.Contains(s.PromptId) && s.Index == 0).Take(HeldOutRevisions)]);
        var tokenizer = pipeline.Load(pipeline.Pretrained).Tokenizer;
        List<(string PromptId, string Source, TrainingText Text)> texts =
        [
            .. fresh.Where(r => r.Finished).Select(r => (r.PromptId, RevisionSource, Text(tokenizer, r.Id, r.Prompt, r.After))),
            .. answers.Where(s => s.Finished && !harmful.Contains(s.PromptId)).Select(s => (s.PromptId, HelpfulSource, Text(tokenizer, s.Id, s.Prompt, s.Response))),
        ];
        return new SlCaiTraining(pipeline, revisions, helpful, model, [.. new[] { pipeline.Pretrained, model }.SelectMany(m => Losses(pipeline.Load(m), m.Name, texts))]);
    }

    /// <summary>Where the training texts come from: revisions of each round and the helpful model's answers to good requests.</summary>
    public Table Data() => Table.Of(Parts(pipeline.Load(pipeline.Pretrained).Tokenizer, revisions, helpful),
        new("source", p => p.Name), new("texts", p => p.Texts), new("used", p => p.Used), new("tokens", p => p.Tokens), new("learned tokens", p => p.Learned));

    /// <summary>The parts of the training data.</summary>
    public static IReadOnlyList<DataPart> Parts(ITokenizer tokenizer, IReadOnlyList<Revision> revisions, IReadOnlyList<Sample> helpful) =>
    [
        .. revisions.GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => Part(tokenizer, string.Create(CultureInfo.InvariantCulture, $"revision {g.Key}"),
            [.. g.Select(r => (r.Id, r.Prompt, r.After, r.Finished))])),
        Part(tokenizer, "helpful samples", [.. helpful.Select(s => (s.Id, s.Prompt, s.Response, s.Finished))]),
    ];

    /// <summary>A training text that a revision made: the last one whose revision differs from what was criticised.</summary>
    public (Revision Revision, TrainingText Text) Example()
    {
        var shown = revisions.LastOrDefault(r => r.Finished && r.After.Trim() != r.Before.Trim()) ?? revisions.First(r => r.Finished);
        return (shown, Text(pipeline.Load(pipeline.Pretrained).Tokenizer, shown.Id, shown.Prompt, shown.After));
    }

    /// <summary>The tokens of a text with the mask: 1 is learned, without colour is only read.</summary>
    public TokenStrip Mask(TrainingText text) => new(Tokens(text, i => 1), "mask: 1 = the prediction of this token is trained, no colour = read only", "0");

    /// <summary>How much more probable fine-tuning made each learned token: log p after minus log p before, nats.</summary>
    public TokenStrip Gain(TrainingText text)
    {
        var (before, after) = (LogProbs(pipeline.Load(pipeline.Pretrained), text), LogProbs(pipeline.Load(Model), text));
        return new(Tokens(text, i => after[i - 1] - before[i - 1]), "log p under SL-CAI minus log p under the pretrained model, nats a token");
    }

    /// <summary>The loss of one text by hand: tokens, log-probabilities of the learned ones before and after, and their mean.</summary>
    public Table LossByHand(TrainingText text)
    {
        var learned = Enumerable.Range(text.PromptLength, text.Ids.Length - text.PromptLength).ToArray();
        var (before, after) = (LogProbs(pipeline.Load(pipeline.Pretrained), text), LogProbs(pipeline.Load(Model), text));
        return Table.Of<(string Name, object Before, object After)>(
        [
            ("tokens in the text", text.Ids.Length, text.Ids.Length),
            ("of them the prompt (masked)", text.PromptLength, text.PromptLength),
            ("learned tokens, end token included", learned.Length, learned.Length),
            ("sum of their log-probabilities, nats", learned.Sum(i => before[i - 1]), learned.Sum(i => after[i - 1])),
            ("loss: minus the mean, nats a token", -learned.Average(i => before[i - 1]), -learned.Average(i => after[i - 1])),
        ],
            new("quantity", r => r.Name), new("pretrained", r => r.Before), new("SL-CAI", r => r.After));
    }

    /// <summary>Training loss against tokens read, with the loss on held-out texts before and after.</summary>
    public Figure LossCurve()
    {
        var rows = Metrics.Read(Model.Metrics!).Where(r => double.IsFinite(r.Values["loss"])).ToList();
        var end = rows.Count == 0 ? 1 : rows[^1].Values["tokens"];
        var series = new List<Series>
        {
            // A step's loss is measured before its update, so it belongs to the tokens read before it.
            new LineSeries("training texts", MetricCurve.Of([.. rows.Select((r, i) => new MetricRow(r.Step, new Dictionary<string, double> { ["tokens"] = i == 0 ? 0 : rows[i - 1].Values["tokens"], ["loss"] = r.Values["loss"] }))], "tokens", "loss")) { Style = ModelStyles.Of(Model).Index },
        };
        foreach (var (source, style) in new[] { (RevisionSource, 6), (HelpfulSource, 1) })
        {
            var points = new[] { (Model: pipeline.Pretrained.Name, At: 0.0), (Model: Model.Name, At: end) }
                .Select(p => (p.At, Loss: MeanLoss(heldOut.Where(t => t.Source == source && t.Model == p.Model)))).Where(p => p.Loss is not null);
            if (points.Select(p => DataPoint.Of(p.At, p.Loss!)).ToList() is { Count: > 0 } shown)
                series.Add(new LineSeries($"held-out {source}", shown) { Style = style, Dashed = true });
        }
        return new Figure("SL-CAI learns revisions and helpful answers", new Axis("tokens read"), new Axis("loss, nats a learned token"), series)
        {
            Caption = string.Create(CultureInfo.InvariantCulture, $"One epoch of {rows.Count} steps from the pretrained model, prompt tokens masked. {MetricCurve.Caption("steps")}. Held out: texts of the helpful-only model about prompts that no model has seen, {Count(RevisionSource)} first revisions and {Count(HelpfulSource)} helpful answers; at 0 the pretrained model (the baseline), at the end SL-CAI; bands: bootstrap by prompt; between the two nothing was measured."),
        };
    }

    /// <summary>Loss on held-out first revisions, SL-CAI minus pretrained, nats a token; null without any.</summary>
    public Interval? HeldOutChange() => Bootstrap.TryStatistic([.. heldOut.Where(t => t.Source == RevisionSource)], t => t.PromptId,
        drawn => Ratio(drawn.Where(t => t.Model == Model.Name)) - Ratio(drawn.Where(t => t.Model == pipeline.Pretrained.Name)));

    /// <summary>That what is learned from revisions carries over to prompts that were never seen.</summary>
    public Claim HeldOutClaim() => Measured.Claim("sl-5", "3.2", "Fine-tuning on revisions lowers the loss on revisions of unseen prompts (SL-CAI minus pretrained, nats a token)",
        "not stated", HeldOutChange(), Direction.Less, 0, pipeline.Seed, "0 if nothing was learned");

    /// <summary>Loss a token over texts of different lengths: the sum of nats over the sum of tokens.</summary>
    public static Interval? MeanLoss(IEnumerable<TextLoss> losses) => Bootstrap.TryStatistic([.. losses], t => t.PromptId, Ratio);

    private int Count(string source) => heldOut.Count(t => t.Source == source && t.Model == Model.Name);

    private static double Ratio(IEnumerable<TextLoss> losses)
    {
        var list = losses.ToList();
        return list.Sum(t => t.Nll) / list.Sum(t => t.Tokens);
    }

    private static TrainingText Text(ITokenizer tokenizer, string id, Dialogue prompt, string response) =>
        TrainingText.From(tokenizer, HhFormat.Instance, id, prompt, response.Trim());

    private static DataPart Part(ITokenizer tokenizer, string name, IReadOnlyList<(string Id, Dialogue Prompt, string Response, bool Finished)> texts)
    {
        var used = texts.Where(t => t.Finished).Select(t => Text(tokenizer, t.Id, t.Prompt, t.Response)).ToList();
        return new DataPart(name, texts.Count, used.Count, used.Sum(t => t.Ids.Length), used.Sum(t => t.Ids.Length - t.PromptLength));
    }

    private IReadOnlyList<TokenValue> Tokens(TrainingText text, Func<int, double> value)
    {
        var tokenizer = pipeline.Load(pipeline.Pretrained).Tokenizer;
        return [.. text.Ids.Select((id, i) => new TokenValue(tokenizer.TokenText(id), i < Math.Max(1, text.PromptLength) ? null : value(i)))];
    }

    /// <summary>log p of every token after the first, given those before it: [time - 1].</summary>
    private static double[] LogProbs(LocalModel model, TrainingText text)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var ids = tensor(text.Ids.Select(i => (long)i).ToArray(), [1, text.Ids.Length], device: model.Decoder.Device);
        return [.. model.Decoder.TokenLogProbs(ids).cpu().data<float>().Select(p => (double)p)];
    }

    private static IEnumerable<TextLoss> Losses(LocalModel model, string name, IEnumerable<(string PromptId, string Source, TrainingText Text)> texts) =>
        texts.Select(t => (t, LogProbs: LogProbs(model, t.Text)))
            .Select(x => new TextLoss(x.t.PromptId, x.t.Source, name, -x.LogProbs.Skip(x.t.Text.PromptLength - 1).Sum(), x.t.Text.Ids.Length - x.t.Text.PromptLength));

    private static Task<IReadOnlyList<Revision>> HeldOutRevisionsAsync(Pipeline pipeline, IReadOnlyList<Sample> initial) =>
        pipeline.Supervised.ReviseAsync(pipeline.Helpful, initial, new CritiqueOptions { Rounds = 1, Seed = pipeline.Seed, MaxTokens = 96 }, "held-out-revisions");
}
