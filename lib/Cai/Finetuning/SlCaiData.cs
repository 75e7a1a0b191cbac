using Cai.Text;

namespace Cai.Finetuning;

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
    /// <exception cref="CaiException">No revision is of round 1 to n.</exception>
    public static List<TrainingText> Build(
        ITokenizer tokenizer, IPromptFormat format, IEnumerable<Revision> revisions, IEnumerable<Sample> helpful, int upToRound = 4, bool onlyFinished = true)
    {
        var texts = revisions.Where(r => r.Round <= upToRound && (r.Finished || !onlyFinished))
            .Select(r => TrainingText.From(tokenizer, format, r.Id, r.Prompt, r.After.Trim())).ToList();
        if (texts.Count == 0)
            throw new CaiException($"There is no finished revision of rounds 1 to {upToRound}.",
                "Check the products of the critique stage, or raise its token limit.");
        texts.AddRange(helpful.Where(s => s.Finished || !onlyFinished)
            .Select(s => TrainingText.From(tokenizer, format, s.Id, s.Prompt, s.Response.Trim())));
        return texts;
    }
}
