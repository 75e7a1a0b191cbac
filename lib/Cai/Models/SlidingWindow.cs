using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Masks of layers in which a token sees only the last few tokens before it (Mistral: Jiang et al. 2023, 2.1).</summary>
internal static class SlidingWindow
{
    /// <summary>What each query of a windowed layer may see.</summary>
    /// <param name="Own">[batch or 1, 1, time, keys]: the mask given, or causal attention, less what the window hides.</param>
    /// <param name="Prefix">[batch or 1, 1, time, prefix], bool; null without a prefix.</param>
    public sealed record Masks(Tensor Own, Tensor? Prefix);

    /// <summary>The masks, or null when no text is longer than the window, which then hides nothing.</summary>
    /// <param name="positions">[batch, time] of the queries, and of the keys unless these lie in a cache; null counts from <paramref name="prefix"/>.</param>
    /// <param name="mask">As <see cref="Decoder.Hidden"/> takes it.</param>
    /// <param name="cached">The keys are the columns of a cache, whose position is their number.</param>
    /// <param name="prefix">Tokens before all rows.</param>
    public static Masks? Of(int window, long time, Tensor? positions, Tensor? mask, bool cached, long prefix, Device device)
    {
        var keys = mask?.shape[3] ?? time;
        if (window == 0 || prefix + keys <= window)
            return null;
        using var scope = NewDisposeScope();
        var queries = (positions ?? ScalarSafe.Range(time, ScalarType.Int64, device).Add(prefix).unsqueeze(0)).unsqueeze(-1); // [rows, time, 1]
        var places = cached && positions is not null ? ScalarSafe.Range(keys, ScalarType.Int64, device).Add(prefix).view(1, 1, -1) : queries.transpose(1, 2);
        var near = (queries - places).Lt(window).unsqueeze(1);
        var own = mask is null ? near & (places <= queries).unsqueeze(1)
            : mask.dtype == ScalarType.Bool ? mask & near
            : mask.MaskedFill(near.logical_not(), double.NegativeInfinity);
        var before = prefix == 0 ? null : (queries - ScalarSafe.Range(prefix, ScalarType.Int64, device).view(1, 1, -1)).Lt(window).unsqueeze(1);
        return new(own.MoveToOuterDisposeScope(), before?.MoveToOuterDisposeScope());
    }
}
