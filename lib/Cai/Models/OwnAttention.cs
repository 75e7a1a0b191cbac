using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>Attention of each row to its own tokens.</summary>
internal static class OwnAttention
{
    /// <param name="query">[batch, heads, time, width]</param>
    /// <param name="key">[batch, kv heads, keys, width]; <paramref name="value"/> likewise.</param>
    /// <param name="mask">As in <see cref="Decoder.Hidden"/>; null is causal.</param>
    /// <returns>[batch, heads, time, width]</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? mask)
    {
        long[] q = query.shape, k = key.shape;
        var groups = q[1] / k[1];
        // A single query per head: the heads of a group stand in for time, and the keys need not be repeated.
        if (groups > 1 && q[2] == 1)
            return F.scaled_dot_product_attention(query.reshape(q[0], k[1], groups, q[3]), key, value, attn_mask: mask, p: 0, is_casual: false).reshape(q);
        if (groups > 1)
            (key, value) = (Repeat(key, groups), Repeat(value, groups));
        return F.scaled_dot_product_attention(query, key, value, attn_mask: mask, p: 0, is_casual: mask is null && q[2] > 1);
    }

    /// <summary>[batch, kv, time, width] to [batch, kv * times, time, width]: every key-value head serves a run of query heads.</summary>
    private static Tensor Repeat(Tensor x, long times)
    {
        var s = x.shape;
        return x.unsqueeze(2).expand(s[0], s[1], times, s[2], s[3]).reshape(s[0], s[1] * times, s[2], s[3]);
    }
}
