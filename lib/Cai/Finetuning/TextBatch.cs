using Cai.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Finetuning;

/// <summary>
/// A micro-batch of a step: texts as rows of one tensor. Last tokens are targets only and take no place. Either each text has a
/// row, right-padded, and plain causal attention is exact; or rows are filled with several texts, whose positions start
/// anew and whose attention is confined to themselves.
/// </summary>
/// <param name="Ids">[rows, time], int64.</param>
/// <param name="Positions">[rows, time], int64; null in padded rows.</param>
/// <param name="Mask">[rows, 1, time, time], bool: same text and not later; null in padded rows.</param>
/// <param name="Sources">
/// [targets], int64: index into the flattened rows of the token that predicts each target. A <see cref="SoftTarget"/> is two targets.
/// </param>
/// <param name="Targets">[targets], int64.</param>
/// <param name="Weights">[targets], float32; null when all weigh alike.</param>
public sealed record TextBatch(Tensor Ids, Tensor? Positions, Tensor? Mask, Tensor Sources, Tensor Targets, Tensor? Weights)
{
    /// <summary>Weighted sum of the targets' negative log-likelihoods, a scalar. Logits are computed at the targets alone.</summary>
    public Tensor NllSum(Decoder model)
    {
        using var scope = NewDisposeScope();
        var hidden = model.Hidden(Ids, Positions, Mask).flatten(0, 1).index_select(0, Sources);
        var logits = model.Logits(hidden).to(ScalarType.Float32);
        return (Weights is null
            ? F.cross_entropy(logits, Targets, reduction: nn.Reduction.Sum)
            : (F.cross_entropy(logits, Targets, reduction: nn.Reduction.None) * Weights).sum()).MoveToOuterDisposeScope();
    }

    /// <summary>Groups texts into rows: one a row, or best-fit packed into rows of <see cref="SupervisedOptions.MaxLength"/>.</summary>
    /// <param name="sideBySide">An even number of micro-batches, for computing two at a time.</param>
    /// <returns>
    /// Micro-batches of at most <see cref="SupervisedOptions.TokensPerMicroBatch"/>
    /// tokens with padding (one row when a row alone has more), longest rows first.
    /// </returns>
    public static List<TrainingText[][]> MicroBatches(IReadOnlyList<TrainingText> texts, SupervisedOptions options, bool sideBySide = false)
    {
        var longestFirst = texts.OrderByDescending(t => t.Ids.Length).ToList();
        var rows = options.Packing ? Pack(longestFirst, options.MaxLength - 1) : longestFirst.Select(t => new List<TrainingText> { t });
        return EvenBatches.Of([.. rows.Select(r => r.ToArray()).OrderByDescending(Width)], Width, options.TokensPerMicroBatch, sideBySide);
    }

    /// <summary>Builds the tensors of a micro-batch in the current dispose scope.</summary>
    public static TextBatch Of(TrainingText[][] rows, SupervisedOptions options, Device device)
    {
        var time = rows.Max(Width);
        var ids = new long[rows.Length * time];
        var positions = new long[ids.Length];
        var owners = new long[ids.Length]; // which text a token belongs to; 0 is padding, which sees itself only
        var sources = new List<long>();
        var targets = new List<long>();
        var weights = new List<float>();
        long owner = 0;
        for (var r = 0; r < rows.Length; r++)
        {
            var at = r * time;
            foreach (var text in rows[r])
            {
                owner++;
                var soft = text.Soft?.ToDictionary(s => s.Token);
                for (var t = 0; t < text.Ids.Length - 1; t++)
                {
                    (ids[at + t], positions[at + t], owners[at + t]) = (text.Ids[t], t, owner);
                    var weight = text.Weight(t + 1, options.MaskPrompt);
                    if (weight == 0)
                        continue;
                    // Cross-entropy to a distribution is the sum of the targets' losses, each times its probability.
                    var share = soft?.GetValueOrDefault(t + 1) is { } softened ? softened.Share : 0;
                    Target(text.Ids[t + 1], weight * (1 - share));
                    if (share > 0)
                        Target(soft![t + 1].Alternative, weight * share);

                    void Target(int token, float part)
                    {
                        weights.Add(part);
                        sources.Add(at + t);
                        targets.Add(token);
                    }
                }
                at += text.Ids.Length - 1;
            }
        }
        Tensor Move(IEnumerable<long> values, params long[] shape) => tensor(values.ToArray(), shape, dtype: ScalarType.Int64).to(device);
        var idTensor = Move(ids, rows.Length, time);
        var packed = rows.Any(r => r.Length > 1);
        return new(idTensor, packed ? Move(positions, rows.Length, time) : null, packed ? OwnMask(Move(owners, rows.Length, time)) : null,
            Move(sources, sources.Count), Move(targets, targets.Count),
            rows.Any(r => r.Any(t => t.Weights is not null)) ? tensor(weights.ToArray()).to(device) : null);
    }

    private static Tensor OwnMask(Tensor owners)
    {
        using var scope = NewDisposeScope();
        var time = owners.shape[1];
        var same = owners.unsqueeze(1) == owners.unsqueeze(2);
        var past = ones([time, time], dtype: ScalarType.Bool, device: owners.device).tril();
        return (same & past).unsqueeze(1).MoveToOuterDisposeScope();
    }

    private static int Width(TrainingText[] row) => row.Sum(t => t.Ids.Length - 1);

    /// <summary>Best-fit decreasing: each text goes into the fullest row that still has room.</summary>
    private static List<List<TrainingText>> Pack(IReadOnlyList<TrainingText> longestFirst, int width)
    {
        var rows = new List<List<TrainingText>>();
        var free = new List<int>();
        foreach (var text in longestFirst)
        {
            var need = text.Ids.Length - 1;
            var best = -1;
            for (var r = 0; r < rows.Count; r++)
                if (free[r] >= need && (best < 0 || free[r] < free[best]))
                    best = r;
            if (best < 0)
            {
                best = rows.Count;
                rows.Add([]);
                free.Add(width);
            }
            rows[best].Add(text);
            free[best] -= need;
        }
        return rows;
    }
}
