using Cai.Models;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>
/// Some rows of a rollout as the networks read them: prompt and response in one right-padded row, and where in it each
/// response token is predicted. Results stay flat, [tokens], so that heads and losses touch response tokens only.
/// </summary>
/// <param name="Ids">[rows, length], int64.</param>
/// <param name="Sources">[tokens], int64: flat index into the rows of the token before each response token.</param>
/// <param name="Targets">[tokens], int64: the response tokens.</param>
/// <param name="Cells">[tokens], int64: flat index into [batch, time] of each response token.</param>
/// <param name="ValueSources">[values], int64: as Sources, for every cell of the value mask.</param>
/// <param name="ValueCells">[values], int64.</param>
internal sealed record MicroBatch(Tensor Ids, Tensor Sources, Tensor Targets, Tensor Cells, Tensor ValueSources, Tensor ValueCells)
{
    /// <summary>How many cells of a row have a value: the response's tokens, and one more where the score may sit behind the last.</summary>
    public static int Values(PolicyResponse response, PpoOptions options) =>
        options.ScorePosition == ScorePosition.EosPlusOne ? Math.Min(response.Ids.Length + 1, options.MaxNewTokens) : response.Ids.Length;

    /// <summary>Cuts rows into micro-batches of similar length.</summary>
    /// <param name="sideBySide">See <see cref="EvenBatches"/>.</param>
    public static List<int[]> Cut(IReadOnlyList<PolicyResponse> responses, IEnumerable<int> rows, int tokensPerMicroBatch, bool sideBySide = false)
    {
        int Length(int row) => responses[row].PromptIds.Length + responses[row].Ids.Length;
        return EvenBatches.Of([.. rows.OrderByDescending(Length)], Length, tokensPerMicroBatch, sideBySide);
    }

    /// <summary>Builds the tensors of one micro-batch in the current dispose scope.</summary>
    /// <param name="time">Columns of the rollout's tensors.</param>
    public static MicroBatch Of(IReadOnlyList<PolicyResponse> responses, int[] rows, long time, PpoOptions options, Device device)
    {
        var batch = TokenBatch.Of([.. rows.Select(r => (int[])[.. responses[r].PromptIds, .. responses[r].Ids])], device);
        List<long> sources = [], targets = [], cells = [], valueSources = [], valueCells = [];
        for (var i = 0; i < rows.Length; i++)
        {
            var response = responses[rows[i]];
            var before = i * batch.Time + response.PromptIds.Length - 1;
            for (var t = 0; t < Values(response, options); t++)
            {
                valueSources.Add(before + t);
                valueCells.Add(rows[i] * time + t);
                if (t >= response.Ids.Length)
                    continue;
                sources.Add(before + t);
                cells.Add(rows[i] * time + t);
                targets.Add(response.Ids[t]);
            }
        }
        Tensor Move(List<long> values) => tensor(values.ToArray(), dtype: ScalarType.Int64).to(device);
        return new(batch.Ids, Move(sources), Move(targets), Move(cells), Move(valueSources), Move(valueCells));
    }

    /// <summary>A policy's log-probability of each response token, [tokens], and the entropy of its distribution there (no gradient unless asked).</summary>
    public (Tensor LogProbs, Tensor Entropy) Policy(Decoder policy, double temperature, bool entropyGradient = false)
    {
        using var scope = NewDisposeScope();
        var hidden = policy.Hidden(Ids).flatten(0, 1).index_select(0, Sources);
        var logits = policy.Logits(hidden).to(ScalarType.Float32);
        var all = (temperature == 1 ? logits : logits.Div(temperature)).log_softmax(-1);
        var chosen = all.gather(1, Targets.unsqueeze(1)).squeeze(1);
        var seen = entropyGradient ? all : all.detach();
        return (chosen.MoveToOuterDisposeScope(), (-(seen.exp() * seen).sum(-1)).MoveToOuterDisposeScope());
    }

    /// <summary>A critic's values, [values].</summary>
    public Tensor Critic(ScalarModel critic) => critic.Values(Ids).flatten().index_select(0, ValueSources);
}
