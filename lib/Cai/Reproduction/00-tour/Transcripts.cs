using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class Tour
{
    /// <summary>Each token of the answer with its log-probability when it was drawn.</summary>
    public TokenStrip AnswerTokens()
    {
        var tokenizer = pipeline.Load(pipeline.Helpful).Tokenizer;
        return new TokenStrip([.. Answer.TokenIds.Zip(Answer.LogProbs, (id, logProb) => new TokenValue(tokenizer.TokenText(id), logProb))],
            "log-probability of each token when it was drawn (natural log; 0 = certain)");
    }

    /// <summary>The first round as raw text: what was asked and what was answered.</summary>
    public string FirstRound() => loop.Transcript(Revisions.Where(r => r.Round == 1), Prompt.Id);

    /// <summary>The first round for the eye, with what the revision changed.</summary>
    public TranscriptView FirstRevision() =>
        TranscriptView.Of(Chain.Take(1), id => pipeline.Constitution.CritiquePrinciple(id).CritiqueRequest, "Round 1");

    /// <summary>All rounds, with what each revision changed.</summary>
    public TranscriptView AllRounds() => TranscriptView.Of(Chain, id => pipeline.Constitution.CritiquePrinciple(id).CritiqueRequest, "All rounds");
}
