using Cai.Text;

namespace Cai.Finetuning;

/// <summary>Rows that are no text to learn from.</summary>
/// <param name="Unfinished">Revisions and samples that ran into the token limit.</param>
/// <param name="Empty">Revisions and samples without a word: they would teach to say nothing.</param>
public sealed record SlCaiLeftOut(int Unfinished, int Empty);

/// <summary>
/// The data of SL-CAI: every revision of rounds 1 to n, so that SL-CAI-n has learned "up to and including the n-th
/// revision" (paper 3.4), and the helpful model's samples, which keep it helpful (3.1, 3.2). Start from the pretrained
/// model, one epoch, at half the pretraining learning rate (3.2).
/// </summary>
public static class SlCaiData
{
    /// <summary>The texts to train on, revisions first, in the order given; the trainer shuffles.</summary>
    /// <param name="upToRound">n; the paper's main result uses 4.</param>
    /// <param name="onlyFinished">Leave out revisions and samples that ran into the token limit: they would teach not to stop.</param>
    /// <exception cref="CaiException">No revision of round 1 to n is finished and says something.</exception>
    public static List<TrainingText> Build(ITokenizer tokenizer, IPromptFormat format, IEnumerable<Revision> revisions, IEnumerable<Sample> helpful,
        int upToRound = 4, bool onlyFinished = true) =>
        Build(tokenizer, format, revisions, helpful, out _, upToRound, onlyFinished);

    /// <inheritdoc cref="Build(ITokenizer, IPromptFormat, IEnumerable{Revision}, IEnumerable{Sample}, int, bool)"/>
    /// <param name="leftOut">What of rounds 1 to n and of the samples is not among the texts.</param>
    public static List<TrainingText> Build(ITokenizer tokenizer, IPromptFormat format, IEnumerable<Revision> revisions, IEnumerable<Sample> helpful,
        out SlCaiLeftOut leftOut, int upToRound = 4, bool onlyFinished = true)
    {
        var (unfinished, empty) = (0, 0);
        bool Keep(bool finished, string text)
        {
            var cut = onlyFinished && !finished;
            unfinished += cut ? 1 : 0;
            empty += !cut && string.IsNullOrWhiteSpace(text) ? 1 : 0;
            return !cut && !string.IsNullOrWhiteSpace(text);
        }
        var texts = revisions.Where(r => r.Round <= upToRound && Keep(r.Finished, r.After))
            .Select(r => TrainingText.From(tokenizer, format, r.Id, r.Prompt, r.After.Trim())).ToList();
        if (texts.Count == 0)
            throw new CaiException($"There is no finished revision of rounds 1 to {upToRound} that says something ({unfinished} unfinished, {empty} empty).",
                "Check the products of the critique stage, or raise its token limit.");
        texts.AddRange(helpful.Where(s => Keep(s.Finished, s.Response))
            .Select(s => TrainingText.From(tokenizer, format, s.Id, s.Prompt, s.Response.Trim())));
        leftOut = new(unfinished, empty);
        return texts;
    }
}
