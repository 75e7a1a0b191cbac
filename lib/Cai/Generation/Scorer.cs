using Cai.Models;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Generation;

/// <summary>Continuations to score after one prompt, as tokens.</summary>
public sealed record TokenScoreRequest(IReadOnlyList<int> Prompt, IReadOnlyList<IReadOnlyList<int>> Continuations);

/// <summary>
/// Log-probabilities of whole continuations. A prompt is run once for all its continuations: they stand behind it in one
/// row as branches that see the prompt and themselves but not each other. A prefix shared by many prompts is run once.
/// </summary>
public sealed class Scorer(Decoder decoder, int batchSize = 64)
{
    private const int SmallBatch = 16; // rows of a small decoder whose attention, large beside its weights, stays in the processor's cache
    private const int BranchTokens = 32; // longer branches than this, or than the prompt, get rows of their own
    private const long LogitsAtOnce = 1 << 24;
    private const long AttentionAtOnce = 1 << 23; // queries times keys of one head: with a mask all of them are in memory

    /// <summary>log P(continuation | prompt) in the order of the requests; sums in float64, an empty continuation is 0.</summary>
    /// <param name="progress">Number of scored rows, which is the number of requests unless continuations are long.</param>
    /// <exception cref="CaiException">An empty prompt, or one that does not fit the context with its continuation.</exception>
    public IReadOnlyList<IReadOnlyList<double>> Score(
        IReadOnlyList<TokenScoreRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var sums = requests.Select(r => new double[r.Continuations.Count]).ToArray();
        var rows = requests.SelectMany(Rows).ToList();
        var done = 0;
        using var guard = no_grad();
        IReadOnlyList<IReadOnlyList<int>> prompts = [.. rows.Select(r => r.Prompt)];
        var groups = PrefixGroups.Of(prompts, decoder.IsSmall ? Math.Min(batchSize, SmallBatch) : batchSize, decoder.IsSmall);
        var fitting = groups.Select(g => g with { Batches = [.. g.Batches.SelectMany(b => b.Chunk(RowsAtOnce(b, g.Shared)))] });
        SharedPrefix.Run(decoder, prompts, fitting, (batch, prefix) =>
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            ScoreBatch([.. batch.Select(i => rows[i])], prefix, sums);
            Workers.OnCaller(() => progress?.Report(done += batch.Length));
        });
        return sums;

        int RowsAtOnce(int[] batch, int shared)
        {
            var longest = batch.Max(i => (long)rows[i].Prompt.Count + rows[i].Extra);
            return (int)Math.Clamp(AttentionAtOnce / (longest * (longest - shared)), 1, batch.Length);
        }
    }

    private IEnumerable<Row> Rows(TokenScoreRequest request, int index)
    {
        for (var c = 0; c < request.Continuations.Count; c++)
            Sampler.CheckPrompt(decoder.Config, request.Prompt.Count, request.Continuations[c].Count, $"request {index}");
        var row = new Row(index, request.Prompt);
        foreach (var (continuation, c) in request.Continuations.Select((continuation, c) => (continuation, c)).Where(p => p.continuation.Count > 0))
        {
            if (row.Branches.Count > 0 && row.Extra + continuation.Count > Math.Max(BranchTokens, request.Prompt.Count))
            {
                yield return row;
                row = new Row(index, request.Prompt);
            }
            row.Branches.Add((c, continuation));
            row.Extra += continuation.Count - 1; // nothing is read after a last token, so it is not fed
        }
        if (row.Branches.Count > 0)
            yield return row;
    }

    private void ScoreBatch(List<Row> rows, KvCache? prefix, double[][] sums)
    {
        var shared = (int)(prefix?.Capacity ?? 0);
        var time = rows.Max(r => r.Prompt.Count - shared + r.Extra);
        List<int[]> ids = [];
        List<long> sources = [], targets = [];
        List<(int Request, int Continuation)> owners = [];
        for (var r = 0; r < rows.Count; r++)
        {
            var row = rows[r];
            ids.Add([.. row.Prompt.Skip(shared), .. row.Branches.SelectMany(b => b.Ids.SkipLast(1))]);
            var prompt = row.Prompt.Count - shared;
            var start = prompt;
            foreach (var (c, branch) in row.Branches)
            {
                for (var t = 0; t < branch.Count; t++)
                {
                    sources.Add((long)r * time + (t == 0 ? prompt - 1 : start + t - 1));
                    targets.Add(branch[t]);
                    owners.Add((row.Request, c));
                }
                start += branch.Count - 1;
            }
        }
        var batch = TokenBatch.Of(ids, decoder.Device, time);
        // With one branch of more than a token everywhere, the rows are plain text and plain causal attention does.
        var plain = rows.TrueForAll(r => r.Branches.Count(b => b.Ids.Count > 1) <= 1);
        var (positions, mask) = plain ? (null, null) : Branched(rows, shared, time);
        var hidden = decoder.Hidden(batch.Ids, positions, mask, prefix: prefix);
        var read = hidden.view(rows.Count * time, -1).index_select(0, tensor(sources.ToArray(), device: decoder.Device));
        var chosen = LogProbs(read, targets);
        for (var i = 0; i < chosen.Count; i++)
            sums[owners[i].Request][owners[i].Continuation] += chosen[i];
    }

    /// <summary>Positions [rows, time] that restart after the prompt in every branch, and the mask [rows, 1, time, time] that keeps branches apart.</summary>
    private (Tensor? Positions, Tensor? Mask) Branched(List<Row> rows, int shared, int time)
    {
        var positions = new long[rows.Count * time];
        var mask = new bool[rows.Count * time * time];
        for (var r = 0; r < rows.Count; r++)
        {
            var prompt = rows[r].Prompt.Count - shared;
            for (var t = 0; t < time; t++)
                See(r, t, prompt: Math.Min(t + 1, prompt), from: t, position: t);
            var start = prompt;
            foreach (var (_, branch) in rows[r].Branches)
            {
                for (var t = start; t < start + branch.Count - 1; t++)
                    See(r, t, prompt, from: start, position: prompt + t - start);
                start += branch.Count - 1;
            }
            for (var t = start; t < time; t++)
                See(r, t, prompt: 0, from: t, position: t); // padding sees itself: attention to nothing would be NaN, which spreads
        }
        return (tensor(positions, [rows.Count, time], device: decoder.Device), tensor(mask, [rows.Count, 1, time, time], device: decoder.Device));

        void See(int row, int at, int prompt, int from, int position)
        {
            positions[row * time + at] = Math.Min(shared + position, decoder.Config.MaxPositions - 1); // padding may lie beyond
            var line = mask.AsSpan((row * time + at) * time, time);
            line[..prompt].Fill(true);
            line[from..(at + 1)].Fill(true);
        }
    }

    private List<double> LogProbs(Tensor hidden, List<long> targets)
    {
        List<double> all = [];
        var chunk = (int)Math.Max(1, LogitsAtOnce / decoder.Config.Predicted);
        for (var at = 0; at < targets.Count; at += chunk)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(chunk, targets.Count - at);
            var wanted = tensor(targets.GetRange(at, count).ToArray(), device: decoder.Device);
            var chosen = Decoder.GatherLogProbs(decoder.Logits(hidden.narrow(0, at, count)), wanted);
            foreach (var value in chosen.cpu().data<float>())
                all.Add(value);
        }
        return all;
    }

    private sealed class Row(int request, IReadOnlyList<int> prompt)
    {
        public int Request => request;
        public IReadOnlyList<int> Prompt => prompt;
        public List<(int Continuation, IReadOnlyList<int> Ids)> Branches { get; } = [];

        /// <summary>Tokens fed behind the prompt.</summary>
        public int Extra { get; set; }
    }
}
