using System.Numerics.Tensors;

namespace Cai.Generation;

/// <summary>A token drawn from softmax(logits / temperature), on the CPU.</summary>
internal static class NextToken
{
    private const int Block = 64; // so many weights are added in float32 before float64 takes over: float32 alone would favour early tokens

    /// <summary>The inverse of the cumulative distribution: the first token at which it exceeds the point. Temperature 0 takes the likeliest.</summary>
    /// <param name="logits">[vocab]</param>
    /// <param name="point">From 0 to 1, without 1.</param>
    /// <param name="weights">[vocab], overwritten.</param>
    /// <returns>The token and its log-probability, at temperature 0 the model's own; not finite when a logit is not, or all are minus infinity.</returns>
    public static (int Id, float LogProb) Draw(ReadOnlySpan<float> logits, double temperature, double point, Span<float> weights)
    {
        var scale = temperature == 0 ? 1 : (float)(1 / temperature);
        var top = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, top, weights);
        if (scale != 1)
            TensorPrimitives.Multiply(weights, scale, weights);
        TensorPrimitives.Exp(weights, weights);
        double total = 0;
        for (var start = 0; start < weights.Length; start += Block)
            total += TensorPrimitives.Sum<float>(Part(weights, start));
        var id = temperature == 0 ? TensorPrimitives.IndexOfMax(logits) : Inverse(weights, point * total);
        return (id, (float)((logits[id] - top) * (double)scale - Math.Log(total)));
    }

    private static int Inverse(ReadOnlySpan<float> weights, double target)
    {
        double passed = 0;
        var last = 0; // of those that can be drawn: what rounding leaves over must not fall to a token of probability 0
        for (var start = 0; start < weights.Length; start += Block)
        {
            var part = Part(weights, start);
            double sum = TensorPrimitives.Sum(part);
            if (sum > 0 && passed + sum > target)
                for (var i = 0; i < part.Length; i++)
                {
                    if (part[i] > 0)
                        last = start + i;
                    passed += part[i];
                    if (passed > target)
                        return start + i;
                }
            else
            {
                passed += sum;
                if (sum > 0)
                    last = start + part.LastIndexOfAnyExcept(0);
            }
        }
        return last;
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<float> weights, int start) => weights.Slice(start, Math.Min(Block, weights.Length - start));
}
