using Cai.Torch;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>
/// Attention of many rows to one prefix that they share (a few-shot prompt), computed once, and to their own tokens. Exact: one softmax over both parts.
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
        return q[2] > 1
            ? Together(query, key, value, prefixKey, prefixValue, mask, prefixMask)
            : Apart(query.Div(Math.Sqrt(q[3])).reshape(q[0], k[1], q[1] / k[1], q[3]), key, value, prefixKey, prefixValue, mask, prefixMask).reshape(q);
    }

    /// <summary>Many tokens a row: the keys of the prefix are laid before every row's own, and one tiled pass reads both.</summary>
    private static Tensor Together(
        Tensor query, Tensor key, Tensor value, Tensor prefixKey, Tensor prefixValue, Tensor? mask, Tensor? prefixMask)
    {
        long[] q = query.shape, k = key.shape;
        long batch = q[0], time = q[2], width = q[3], kv = k[1], groups = q[1] / kv, prefix = prefixKey.shape[2];
        var own = mask ?? ones([1, 1, time, k[2]], dtype: ScalarType.Bool, device: query.device).tril();
        if (own.dtype == ScalarType.Bool)
            own = Additive(own, query);
        var before = prefixMask is null ? zeros([1, 1, time, prefix], dtype: query.dtype, device: query.device) : Additive(prefixMask, query);
        var rows = Math.Max(own.shape[0], before.shape[0]);
        var seen = cat([before.expand(rows, 1, time, prefix), own.expand(rows, 1, time, k[2])], -1);
        // The heads that share keys follow each other in time, so that no key is repeated.
        var tiled = seen.unsqueeze(2).expand(rows, 1, groups, time, prefix + k[2]).reshape(rows, 1, groups * time, prefix + k[2]);
        return F.scaled_dot_product_attention(query.reshape(batch, kv, groups * time, width), Before(prefixKey, key), Before(prefixValue, value),
            attn_mask: tiled, p: 0, is_casual: false).reshape(q);

        Tensor Before(Tensor shared, Tensor rest) => cat([shared.expand(batch, kv, prefix, width), rest], 2);
    }

    /// <summary>One token a row: the prefix is read once for the whole batch, since reading keys is what such a step costs.</summary>
    /// <param name="query">[batch, kv heads, heads that share keys, width], scaled.</param>
    private static Tensor Apart(
        Tensor query, Tensor key, Tensor value, Tensor prefixKey, Tensor prefixValue, Tensor? mask, Tensor? prefixMask)
    {
        long batch = query.shape[0], kv = query.shape[1], rows = query.shape[2], width = query.shape[3], prefix = prefixKey.shape[2], own = key.shape[2];
        var ownScores = query.matmul(key.transpose(-1, -2)); // [batch, kv, rows, keys]
        if (mask is not null)
            ownScores = ownScores.Add(mask.dtype == ScalarType.Bool ? Additive(mask, query) : mask);
        var byHead = query.transpose(0, 1).reshape(kv, batch * rows, width);
        var prefixScores = byHead.bmm(prefixKey.squeeze(0).transpose(-1, -2)).view(kv, batch, rows, prefix).transpose(0, 1);
        if (prefixMask is not null)
            prefixScores = prefixScores.MaskedFill(prefixMask.logical_not(), double.NegativeInfinity);
        var weights = cat([prefixScores, ownScores], -1).softmax(-1);
        var fromPrefix = weights.narrow(-1, 0, prefix).transpose(0, 1).reshape(kv, batch * rows, prefix).bmm(prefixValue.squeeze(0));
        return weights.narrow(-1, prefix, own).matmul(value).Add(fromPrefix.view(kv, batch, rows, width).transpose(0, 1));
    }

    /// <summary>0 where allowed, minus infinity elsewhere.</summary>
    private static Tensor Additive(Tensor allowed, Tensor like) =>
        zeros(allowed.shape, dtype: like.dtype, device: like.device).MaskedFillInPlace(allowed.logical_not(), double.NegativeInfinity);
}
