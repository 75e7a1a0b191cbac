using Cai.Figures;
using Cai.Finetuning;

namespace Cai.Reproduction;

public sealed partial class SlCaiTraining
{
    /// <summary>Where the training texts come from: revisions of each round and the helpful model's answers to good requests.</summary>
    public Table Sources() => Table.Of(Parts(pipeline.Load(pipeline.Pretrained).Tokenizer, revisions, helpful),
        new("source", p => p.Name), new("texts", p => p.Texts), new("used", p => p.Used),
        new("tokens", p => p.Tokens), new("learned tokens", p => p.Learned));

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
}
