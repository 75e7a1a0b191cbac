using Cai.Models;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Generation;

/// <summary>A text to read, as tokens.</summary>
/// <param name="Ids">The whole text, its begin token included; at least one.</param>
/// <param name="From">Index of the first token to report.</param>
public sealed record TokenReadRequest(IReadOnlyList<int> Ids, int From = 0);

/// <summary>What a model thinks of one token after those before it.</summary>
/// <param name="LogProb">Natural log; null for the first token of a text, which follows nothing.</param>
/// <param name="Top">The likeliest tokens at this place, most likely first; empty for the first token.</param>
public sealed record ReadToken(int Id, double? LogProb, IReadOnlyList<(int Id, double LogProb)> Top);

/// <summary>Log-probabilities of every token of a text, with the likeliest alternatives: what `logprobs` and `echo` of a server report.</summary>
public sealed class TokenReader(Decoder decoder)
{
    private const int RowsAtOnce = 32;
    private const long LogitsAtOnce = 1 << 24;

    /// <summary>The tokens of each text from <see cref="TokenReadRequest.From"/> on. Runs on the calling thread.</summary>
    /// <param name="top">How many likeliest tokens to list.</param>
    /// <param name="temperature">Applied before the softmax as in sampling; 0 and 1 leave the model's own.</param>
    /// <exception cref="CaiException">An empty text, or one longer than the context.</exception>
    public IReadOnlyList<IReadOnlyList<ReadToken>> Read(
        IReadOnlyList<TokenReadRequest> requests, int top = 0, double temperature = 1, CancellationToken cancel = default)
    {
        for (var i = 0; i < requests.Count; i++)
            Sampler.CheckPrompt(decoder.Config, requests[i].Ids.Count, 0, $"text {i}");
        var read = requests.Select(r => new List<ReadToken>(r.From == 0 ? [new ReadToken(r.Ids[0], null, [])] : [])).ToArray();
        using var guard = no_grad();
        // Texts of like length share a batch, so that little padding is computed.
        foreach (var batch in Enumerable.Range(0, requests.Count).OrderBy(i => requests[i].Ids.Count).Chunk(RowsAtOnce))
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            ReadBatch(batch, requests, read, Math.Min(top, decoder.Config.Predicted), temperature);
        }
        return read;
    }

    private void ReadBatch(int[] batch, IReadOnlyList<TokenReadRequest> requests, List<ReadToken>[] read, int top, double temperature)
    {
        var tokens = TokenBatch.Of([.. batch.Select(i => requests[i].Ids)], decoder.Device);
        var places = batch.SelectMany((request, row) => Enumerable.Range(0, requests[request].Ids.Count)
            .Skip(Math.Max(1, requests[request].From)).Select(t => (Request: request, Row: row, Time: t))).ToList();
        if (places.Count == 0)
            return;
        var hidden = decoder.Hidden(tokens.Ids).view(tokens.Rows * tokens.Time, -1);
        foreach (var chunk in places.Chunk((int)Math.Max(1, LogitsAtOnce / decoder.Config.Predicted)))
        {
            using var scope = NewDisposeScope();
            var logits = decoder.Logits(hidden.index_select(0, tensor(chunk.Select(p => p.Row * tokens.Time + p.Time - 1).ToArray(), device: decoder.Device)))
                .to(ScalarType.Float32);
            var logProbs = (temperature is 0 or 1 ? logits : logits.Div(temperature)).log_softmax(-1);
            var targets = tensor(chunk.Select(p => (long)requests[p.Request].Ids[p.Time]).ToArray(), [chunk.Length, 1], device: decoder.Device);
            var chosen = logProbs.gather(-1, targets).cpu().data<float>().ToArray();
            var (values, indices) = top == 0 ? ([], []) : Likeliest(logProbs, top);
            for (var i = 0; i < chunk.Length; i++)
                read[chunk[i].Request].Add(new ReadToken(requests[chunk[i].Request].Ids[chunk[i].Time], chosen[i],
                    [.. Enumerable.Range(i * top, top).Select(k => ((int)indices[k], (double)values[k]))]));
        }
    }

    private static (float[] Values, long[] Indices) Likeliest(Tensor logProbs, int top)
    {
        var (values, indices) = logProbs.topk(top, -1);
        return (values.cpu().data<float>().ToArray(), indices.cpu().data<long>().ToArray());
    }
}
