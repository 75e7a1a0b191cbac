using Cai.Models;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Preferences;

/// <summary>Held-out agreement of a preference model with labels.</summary>
/// <param name="Loss">Mean soft-label cross-entropy over labelled pairs, nats.</param>
/// <param name="Accuracy">
/// Share of decided pairs (label other than 0.5) with the better side on top; an exact tie counts half. Null when no pair is decided.
/// </param>
/// <param name="Unlabelled">Pairs without a label, left out.</param>
/// <param name="Pairs">The labelled pairs in their order; lengths in characters.</param>
public sealed record PreferenceReport(double Loss, double? Accuracy, int Labelled, int Decided, int Unlabelled, IReadOnlyList<PredictedPair> Pairs);

/// <summary>A scalar model that reads dialogues: how good is this response to this prompt? It owns the scalar model and disposes it.</summary>
/// <param name="batchTokens">Most tokens, padding included, of one forward pass; no score depends on it.</param>
public sealed class PreferenceModel(ScalarModel model, ITokenizer tokenizer, IPromptFormat? format = null, int batchTokens = 2048) : IDisposable
{
    private readonly IPromptFormat format = format ?? HhFormat.Instance;

    /// <summary>A preference model from a folder in Hugging Face's format.</summary>
    /// <exception cref="CaiException">As <see cref="HuggingFaceFolder.LoadScalar"/>.</exception>
    public static PreferenceModel Load(string folder, LoadOptions? options = null)
    {
        var loaded = HuggingFaceFolder.LoadScalar(folder, options);
        return new PreferenceModel(loaded.Model, loaded.Tokenizer, loaded.Format);
    }

    public ScalarModel Model => model;

    public ITokenizer Tokenizer => tokenizer;

    public IPromptFormat Format => format;

    /// <summary>Subtracted from every score. Scores have no absolute meaning (HH B.2); see <see cref="Centre"/>.</summary>
    public double Offset { get; set; }

    /// <summary>Makes the mean score of a fixed reference set zero, so that two preference models' scores can share an axis (HH B.2).</summary>
    public void Centre(IReadOnlyList<(Dialogue Prompt, string Response)> reference)
    {
        Offset = 0;
        Offset = Score(reference).Average();
    }

    /// <summary>The scores of responses, in their order.</summary>
    /// <exception cref="CaiException">A text is longer than the model's context.</exception>
    public double[] Score(IReadOnlyList<(Dialogue Prompt, string Response)> items) =>
        ScoreIds([.. items.Select(i => TokenPair.Ids(tokenizer, format, i.Prompt, i.Response))]);

    /// <inheritdoc cref="Score(IReadOnlyList{ValueTuple{Dialogue, string}})"/>
    public double Score(Dialogue prompt, string response) => Score([(prompt, response)])[0];

    /// <summary>P(A is better than B).</summary>
    public double Probability(Dialogue prompt, string a, string b)
    {
        var scores = Score([(prompt, a), (prompt, b)]);
        return PreferenceLoss.Probability(scores[0] - scores[1]);
    }

    /// <summary>
    /// Scores of sampled tokens, never tokenised anew: the reward of PPO. They must be ids of this model's tokenizer (see
    /// <see cref="TokenizerIdentity.RequireSameIds"/>). A response ends in the end token that this model was trained with, since that is where scores are read:
    /// one that lacks it gets it, one that ends in another end token has it instead.
    /// </summary>
    /// <exception cref="CaiException">An id is not in the vocabulary, or a text is longer than the model's context.</exception>
    public double[] ScoreTokens(IReadOnlyList<int[]> prompts, IReadOnlyList<int[]> responses) =>
        ScoreIds([.. prompts.Zip(responses, (p, r) => (int[])[.. p, .. r.Length > 0 && tokenizer.EndIds.Contains(r[^1]) ? r[..^1] : r, tokenizer.EosId])]);

    /// <summary>The model's view of each labelled comparison and how well it agrees with the labels.</summary>
    /// <exception cref="CaiException">No comparison has a label, or a text is longer than the model's context.</exception>
    public PreferenceReport Evaluate(IReadOnlyList<Comparison> comparisons)
    {
        var scores = Score([.. comparisons.SelectMany(c => new[] { (c.Prompt, c.ResponseA), (c.Prompt, c.ResponseB) })]);
        var labelled = comparisons.Select((c, i) => (Comparison: c, Label: c.ProbabilityA, Margin: scores[2 * i] - scores[2 * i + 1]))
            .Where(p => p.Label is not null).ToList();
        if (labelled.Count == 0)
            throw new CaiException("No comparison has a label.", "Label comparisons first, or check the feedback stage for missing option tokens.");
        var decided = labelled.Where(p => p.Label != 0.5).ToList();
        var right = decided.Sum(p => Credit.OfMargin(p.Margin, p.Label!.Value));
        return new(
            labelled.Average(p => PreferenceLoss.SoftLabel(p.Margin, p.Label!.Value)), decided.Count == 0 ? null : right / decided.Count,
            labelled.Count, decided.Count, comparisons.Count - labelled.Count,
            [
                .. labelled.Select(p => new PredictedPair(
                    p.Comparison.PromptId, PreferenceLoss.Probability(p.Margin), p.Label!.Value, p.Comparison.ResponseA.Length, p.Comparison.ResponseB.Length)),
            ]);
    }

    public void Dispose() => model.Dispose();

    private double[] ScoreIds(IReadOnlyList<int[]> texts)
    {
        using var guard = no_grad();
        var scores = new double[texts.Count];
        var longest = model.Decoder.Config.MaxPositions;
        if (texts.FirstOrDefault(t => t.Length > longest) is { } tooLong)
            throw new CaiException($"A prompt with response has {tooLong.Length} tokens; the preference model's context has {longest}.",
                "Shorten the text or use a model with a longer context.");
        // An embedding that is asked for a row beyond its last ends the process.
        var vocabulary = model.Decoder.Config.VocabularySize;
        if (texts.SelectMany(t => t).Where(id => id < 0 || id >= vocabulary).Select(id => (int?)id).FirstOrDefault() is { } unknown)
            throw new CaiException($"The token {unknown} is not among the preference model's {vocabulary}.",
                "Give it tokens of its own tokenizer, or score texts.");
        var batches = EvenBatches.Of(
            [.. Enumerable.Range(0, texts.Count).OrderByDescending(i => texts[i].Length)], i => texts[i].Length, batchTokens, model.Decoder.IsSmall);
        Workers.Run(model.Decoder.IsSmall, batches.Count, b =>
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([.. batches[b].Select(i => texts[i])], model.Decoder.Device);
            var values = model.Scores(batch.Ids, batch.Lengths).cpu().data<float>();
            foreach (var (row, value) in batches[b].Zip(values))
                scores[row] = value - Offset;
        });
        return scores;
    }
}
