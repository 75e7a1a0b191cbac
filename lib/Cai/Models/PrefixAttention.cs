using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Attention of many rows to one prefix that they share (a few-shot prompt) and to their own tokens. The prefix is read
/// once for the whole batch instead of once a row: reading keys is what a step of sampling costs. Exact: one softmax over
/// both parts.
/// </summary>
internal static class PrefixAttention
{
    /// <param name="query">[batch, heads, time, width]</param>
    /// <param name="key">[batch, kv heads, keys, width]; <paramref name="value"/> likewise.</param>
    /// <param name="prefixKey">[1, kv heads, prefix, width]; <paramref name="prefixValue"/> likewise.</param>
    /// <param name="mask">[batch, 1, time, keys] for the own tokens, bool or additive; null is causal.</param>
    /// <param name="prefixMask">[batch or 1, 1, time, prefix], bool; null sees the whole prefix.</param>
    /// <returns>[batch, heads, time, width]</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor prefixKey, Tensor prefixValue, Tensor? mask, Tensor? prefixMask = null)
    {
        long[] q = query.shape, k = key.shape;
        long batch = q[0], time = q[2], width = q[3], kv = k[1], own = k[2], prefix = prefixKey.shape[2];
        var rows = q[1] / kv * time; // queries that read the same key-value head
        var grouped = query.Div(Math.Sqrt(width)).reshape(batch, kv, rows, width);
        var ownScores = grouped.matmul(key.transpose(-1, -2)); // [batch, kv, rows, keys]
        if (time > 1 || mask is not null)
            ownScores = ownScores.view(batch, kv, q[1] / kv, time, own).Add(Additive(mask, time, own, query).unsqueeze(2)).view(batch, kv, rows, own);
        var byHead = grouped.transpose(0, 1).reshape(kv, batch * rows, width);
        var prefixScores = byHead.bmm(prefixKey.squeeze(0).transpose(-1, -2)).view(kv, batch, rows, prefix).transpose(0, 1);
        if (prefixMask is not null)
            prefixScores = prefixScores.reshape(batch, kv, q[1] / kv, time, prefix).MaskedFill(prefixMask.logical_not().unsqueeze(2), double.NegativeInfinity)
                .view(batch, kv, rows, prefix);
        var weights = cat([prefixScores, ownScores], -1).softmax(-1);
        var fromPrefix = weights.narrow(-1, 0, prefix).transpose(0, 1).reshape(kv, batch * rows, prefix).bmm(prefixValue.squeeze(0));
        var mixed = weights.narrow(-1, prefix, own).matmul(value).Add(fromPrefix.view(kv, batch, rows, width).transpose(0, 1));
        return mixed.reshape(q);
    }

    private static Tensor Additive(Tensor? mask, long time, long keys, Tensor like)
    {
        if (mask is not null && mask.dtype != ScalarType.Bool)
            return mask;
        var allowed = mask ?? ones([1, 1, time, keys], dtype: ScalarType.Bool, device: like.device).tril();
        return zeros(allowed.shape, dtype: like.dtype, device: like.device).MaskedFillInPlace(allowed.logical_not(), double.NegativeInfinity);
    }
}
