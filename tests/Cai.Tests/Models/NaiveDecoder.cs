using Cai.Models;
using Cai.Torch;

namespace Cai.Tests.Models;

/// <summary>The decoder a second time, in loops over doubles, straight from the Llama equations: no batches, no cache, no fused matrices.</summary>
internal sealed class NaiveDecoder(DecoderConfig c, ParameterSet parameters)
{
    /// <summary>Logits after each token.</summary>
    public double[][] Logits(IReadOnlyList<int> ids)
    {
        var embedding = Matrix("embed.weight");
        var x = ids.Select(id => embedding[id].ToArray()).ToArray();
        for (var layer = 0; layer < c.Layers; layer++)
        {
            var attended = Attention(layer, [.. x.Select(row => Norm(row, $"layers.{layer}.attention_norm.weight"))]);
            for (var t = 0; t < x.Length; t++)
                x[t] = Add(x[t], attended[t]);
            for (var t = 0; t < x.Length; t++)
                x[t] = Add(x[t], Mlp(layer, Norm(x[t], $"layers.{layer}.mlp_norm.weight")));
        }
        var head = Matrix(c.TiedHead ? "embed.weight" : "head.weight");
        return [.. x.Select(row => Times(head, Norm(row, "norm.weight")))];
    }

    private double[][] Attention(int layer, double[][] x)
    {
        int width = c.HeadWidth, queries = c.Heads * width, keys = c.KvHeads * width;
        var weight = Matrix($"layers.{layer}.qkv.weight");
        var bias = c.AttentionBias ? Vector($"layers.{layer}.qkv.bias") : new double[queries + 2 * keys];
        var qkv = x.Select(row => Add(Times(weight, row), bias)).ToArray();
        var mixed = x.Select(_ => new double[queries]).ToArray();
        for (var head = 0; head < c.Heads; head++)
        {
            var kv = head / (c.Heads / c.KvHeads);
            for (var t = 0; t < x.Length; t++)
            {
                var query = Rotate(qkv[t].AsSpan(head * width, width), t);
                var scores = new double[t + 1];
                for (var s = 0; s <= t; s++)
                    scores[s] = Dot(query, Rotate(qkv[s].AsSpan(queries + kv * width, width), s)) / Math.Sqrt(width);
                var total = scores.Sum(Math.Exp);
                for (var s = 0; s <= t; s++)
                    for (var i = 0; i < width; i++)
                        mixed[t][head * width + i] += Math.Exp(scores[s]) / total * qkv[s][queries + keys + kv * width + i];
            }
        }
        return [.. mixed.Select(row => Times(Matrix($"layers.{layer}.out.weight"), row))];
    }

    private double[] Mlp(int layer, double[] x)
    {
        var both = Times(Matrix($"layers.{layer}.gate_up.weight"), x);
        var hidden = new double[c.IntermediateSize];
        for (var i = 0; i < hidden.Length; i++)
            hidden[i] = both[i] / (1 + Math.Exp(-both[i])) * both[hidden.Length + i];
        return Times(Matrix($"layers.{layer}.down.weight"), hidden);
    }

    private double[] Rotate(ReadOnlySpan<double> x, int position)
    {
        var half = x.Length / 2;
        var rotated = new double[x.Length];
        for (var i = 0; i < half; i++)
        {
            var (sin, cos) = Math.SinCos(position * Math.Pow(c.RopeTheta, -2.0 * i / x.Length));
            rotated[i] = x[i] * cos - x[i + half] * sin;
            rotated[i + half] = x[i + half] * cos + x[i] * sin;
        }
        return rotated;
    }

    private double[] Norm(double[] x, string name)
    {
        var weight = Vector(name);
        var scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + c.NormEpsilon);
        return [.. x.Select((v, i) => v * scale * weight[i])];
    }

    private double[] Vector(string name) => Tiny.Numbers(parameters[name]);

    private double[][] Matrix(string name) => [.. Vector(name).Chunk((int)parameters[name].shape[1])];

    private static double[] Times(double[][] matrix, double[] x) => [.. matrix.Select(row => Dot(row, x))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (p, q) => p + q)];
}
