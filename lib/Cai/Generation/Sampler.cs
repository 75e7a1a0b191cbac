using System.Runtime.InteropServices;
using Cai.Models;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Generation;

/// <summary>Tokens to continue.</summary>
/// <param name="Ids">The whole prompt, its begin token included; at least one.</param>
/// <param name="Seed">Seed of this row's own stream of random numbers.</param>
public sealed record TokenPrompt(IReadOnlyList<int> Ids, long Seed);

/// <summary>A sampled continuation as tokens.</summary>
/// <param name="Ids">The end token included, when one was drawn.</param>
/// <param name="LogProbs">Log-probability of each token under the distribution it was drawn from; at temperature 0 under the model's own (T = 1).</param>
public sealed record TokenSample(IReadOnlyList<int> Ids, IReadOnlyList<float> LogProbs, FinishReason Finish);

/// <summary>How to draw tokens.</summary>
public sealed record SamplerOptions
{
    /// <summary>Most tokens to draw, the end token included (paper: 128 for RL).</summary>
    public int MaxTokens { get; init => field = InRange.Whole(value, 1, nameof(SamplerOptions)); } = 128;

    /// <summary>0 takes the likeliest token. No top-k or top-p: log-probabilities must be those of the sampler (paper: T = 1).</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(SamplerOptions)); } = 1;

    /// <summary>Tokens that end a continuation.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>Rows sampled together. 64 is near the fastest for models of some million parameters on a CPU.</summary>
    public int BatchSize { get; init => field = InRange.Whole(value, 1, nameof(SamplerOptions)); } = 64;
}

/// <summary>
/// Batched sampling from a decoder at the level of tokens, with keys and values cached, a shared prefix computed once,
/// and finished rows leaving the batch. A row's tokens depend on its prompt and seed alone, not on its neighbours.
/// </summary>
public sealed class Sampler(Decoder decoder)
{
    /// <summary>Samples one continuation for each prompt, in the order of the prompts. Runs on the calling thread.</summary>
    /// <param name="stop">
    /// Called with the row's index and tokens so far after each token but an end token; true ends the row (<see cref="FinishReason.StopString"/>).
    /// Several threads may call it at once, each for rows of its own.
    /// </param>
    /// <param name="progress">Number of finished rows.</param>
    /// <exception cref="CaiException">An empty prompt, one that leaves no room in the context, or predictions that are not finite.</exception>
    public IReadOnlyList<TokenSample> Sample(IReadOnlyList<TokenPrompt> prompts, SamplerOptions options, Func<int, IReadOnlyList<int>, bool>? stop = null,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        CheckPrompts(prompts, options);
        var rows = prompts.Select((p, i) => new Row(i, p)).ToArray();
        var run = new Run(options, [.. options.EndIds], stop, progress, cancel);
        using var guard = no_grad();
        IReadOnlyList<IReadOnlyList<int>> ids = [.. prompts.Select(p => p.Ids)];
        SharedPrefix.Run(decoder, ids, PrefixGroups.Of(ids, options.BatchSize, decoder.IsSmall),
            (batch, prefix) => SampleBatch([.. batch.Select(i => rows[i])], prefix, run));
        return [.. rows.Select(r => new TokenSample(r.Ids, r.LogProbs, r.Finish!.Value))];
    }

    private void SampleBatch(List<Row> active, KvCache? prefix, Run run)
    {
        var shared = (int)(prefix?.Capacity ?? 0);
        var capacity = active.Max(r => r.Prompt.Ids.Count) - shared + run.Options.MaxTokens;
        using var cache = new KvCache(decoder.Config, active.Count, capacity, decoder.Device, decoder.Parameters.Flat.dtype);
        using var next = TokenStep.Fits(decoder, cache) ? new TokenStep(decoder, cache, prefix) : null;
        using var columns = next is null ? ScalarSafe.Range(capacity, ScalarType.Int64, decoder.Device).DetachFromDisposeScope() : null;
        for (var step = 0; step < run.Options.MaxTokens; step++)
        {
            run.Cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var logits = step == 0 ? Prefill(active, cache, prefix) : next is null ? Next(active, cache, prefix, columns!) : Next(active, next);
            Draw(logits, active, run);
            if (active.TrueForAll(r => r.Finish is not null))
                return;
            if (next is null)
                Compact(active, cache);
            else
                active.RemoveAll(r => r.Finish is not null);
        }
    }

    /// <summary>Runs the prompts and gives the logits of their next tokens, [rows, vocab].</summary>
    private Tensor Prefill(List<Row> rows, KvCache cache, KvCache? prefix)
    {
        var shared = (int)(prefix?.Capacity ?? 0);
        var batch = TokenBatch.Of([.. rows.Select(r => r.Prompt.Ids.Skip(shared).ToArray())], decoder.Device);
        var hidden = decoder.Hidden(batch.Ids, cache: cache, prefix: prefix);
        for (var r = 0; r < rows.Count; r++)
            (rows[r].Place, rows[r].Column) = (r, rows[r].Prompt.Ids.Count - shared);
        var last = batch.Lengths.Sub(1).view(-1, 1, 1).expand(rows.Count, 1, hidden.shape[2]);
        return decoder.Logits(hidden.gather(1, last).squeeze(1));
    }

    /// <summary>Feeds every row its latest token, [rows, vocab].</summary>
    private static Tensor Next(List<Row> rows, TokenStep step)
    {
        var logits = step.Logits([.. rows.Select(r => r.Last)], [.. rows.Select(r => r.Place)], [.. rows.Select(r => r.Column)]);
        foreach (var row in rows)
            row.Column++;
        return logits;
    }

    /// <inheritdoc cref="Next(List{Row}, TokenStep)"/>
    private Tensor Next(List<Row> rows, KvCache cache, KvCache? prefix, Tensor columns)
    {
        var ids = tensor(rows.Select(r => (long)r.Last).ToArray(), [rows.Count, 1], device: decoder.Device);
        var own = tensor(rows.Select(r => (long)r.Column).ToArray(), [rows.Count, 1], device: decoder.Device);
        var read = rows.Max(r => r.Column) + 1;
        var future = columns.narrow(0, 0, read).unsqueeze(0) > own;
        var mask = zeros([rows.Count, read], dtype: decoder.Parameters.Flat.dtype, device: decoder.Device)
            .MaskedFillInPlace(future, double.NegativeInfinity).view(rows.Count, 1, 1, read);
        foreach (var row in rows)
            row.Column++;
        var hidden = decoder.Hidden(ids, prefix is null ? own : own.Add(prefix.Capacity), mask, cache, prefix);
        return decoder.Logits(hidden.squeeze(1));
    }

    private static void Draw(Tensor logits, List<Row> rows, Run run)
    {
        var wide = logits.to(ScalarType.Float32).contiguous();
        var points = rows.Select(r => r.Finish is null ? r.Rng.NextDouble() : 0).ToArray();
        var drawn = wide.device_type == DeviceType.CPU ? DrawHere(wide, points, run.Options.Temperature) : DrawThere(wide, points, run.Options.Temperature);
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Finish is not null)
                continue;
            if (!float.IsFinite(drawn[i].LogProb))
                throw new CaiException("The model's predictions are not finite.",
                    "Its weights are damaged or its training diverged: load an earlier checkpoint.");
            run.Accept(rows[i], drawn[i].Id, drawn[i].LogProb);
        }
    }

    private static (int Id, float LogProb)[] DrawHere(Tensor logits, double[] points, double temperature)
    {
        var all = MemoryMarshal.Cast<byte, float>(logits.bytes);
        var vocabulary = (int)logits.shape[1];
        var weights = new float[vocabulary];
        var drawn = new (int, float)[points.Length];
        for (var i = 0; i < drawn.Length; i++)
            drawn[i] = NextToken.Draw(all.Slice(i * vocabulary, vocabulary), temperature, points[i], weights);
        return drawn;
    }

    /// <summary>The same on an accelerator, from which only what was drawn is fetched.</summary>
    private static (int Id, float LogProb)[] DrawThere(Tensor logits, double[] points, double temperature)
    {
        var logProbs = (temperature is 0 or 1 ? logits : logits.Div(temperature)).log_softmax(-1);
        Tensor tokens;
        if (temperature == 0)
            tokens = logProbs.argmax(-1);
        else
        {
            // Summed in float64: float32 sums would favour early tokens of large vocabularies.
            var cumulative = logProbs.exp().to(ScalarType.Float64).cumsum(-1);
            var total = cumulative.narrow(-1, cumulative.shape[1] - 1, 1);
            // Strictly below the total, so that rounding can never pick a token of probability zero.
            tokens = (cumulative <= minimum(tensor(points, [points.Length, 1], device: logits.device) * total, total.Mul(1 - 1e-15))).sum(-1);
        }
        var chosen = logProbs.gather(-1, tokens.Clamp(max: logits.shape[1] - 1).unsqueeze(-1)).cpu().data<float>().ToArray();
        return [.. tokens.cpu().data<long>().ToArray().Zip(chosen, (id, logProb) => ((int)id, logProb))];
    }

    /// <summary>Finished rows leave once they are a quarter of the batch: leaving copies the cache of those that stay.</summary>
    private void Compact(List<Row> active, KvCache cache)
    {
        if (active.Count(r => r.Finish is not null) * 4 < active.Count)
            return;
        using var kept = tensor(Enumerable.Range(0, active.Count).Where(i => active[i].Finish is null).Select(i => (long)i).ToArray(), device: decoder.Device);
        cache.Select(kept);
        active.RemoveAll(r => r.Finish is not null);
    }

    private void CheckPrompts(IReadOnlyList<TokenPrompt> prompts, SamplerOptions options)
    {
        for (var i = 0; i < prompts.Count; i++)
            CheckPrompt(decoder.Config, prompts[i].Ids.Count, options.MaxTokens, $"prompt {i}");
    }

    /// <summary>A prompt must hold something and leave room for what is to follow.</summary>
    internal static void CheckPrompt(DecoderConfig config, int prompt, int more, string where)
    {
        if (prompt == 0)
            throw new CaiException("The prompt is empty and the model has no begin token, so there is nothing to continue.", "Give it some text.", where);
        if (prompt + more > config.MaxPositions)
            throw new CaiException($"The prompt has {prompt} tokens and {more} more may follow, but the model's context is {config.MaxPositions}.",
                "Shorten the prompt (fewer examples or turns) or lower the number of tokens to write.", where);
    }

    private sealed class Row(int index, TokenPrompt prompt)
    {
        public int Index => index;
        public TokenPrompt Prompt => prompt;
        public Rng Rng { get; } = new(prompt.Seed);
        public List<int> Ids { get; } = [];
        public List<float> LogProbs { get; } = [];
        public FinishReason? Finish { get; set; }

        /// <summary>Row of the cache, as long as no rows are taken out of it.</summary>
        public int Place { get; set; }

        /// <summary>Column of the cache that the next token's keys go to.</summary>
        public int Column { get; set; }

        public int Last => Ids[^1];
    }

    private sealed record Run(
        SamplerOptions Options, HashSet<int> EndIds, Func<int, IReadOnlyList<int>, bool>? Stop, IProgress<int>? Progress, CancellationToken Cancel)
    {
        private int finished;

        public void Accept(Row row, int id, float logProb)
        {
            row.Ids.Add(id);
            row.LogProbs.Add(logProb);
            row.Finish = EndIds.Contains(id) ? FinishReason.EndToken
                : Stop?.Invoke(row.Index, row.Ids) == true ? FinishReason.StopString
                : row.Ids.Count >= Options.MaxTokens ? FinishReason.Length
                : null;
            if (row.Finish is not null)
                Workers.OnCaller(() => Progress?.Report(++finished));
        }
    }
}
