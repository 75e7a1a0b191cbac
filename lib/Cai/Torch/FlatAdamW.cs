using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Torch;

/// <summary>AdamW's settings (Loshchilov and Hutter 2019, PyTorch's form: eps is added outside the bias-corrected root).</summary>
public sealed record AdamWOptions
{
    /// <summary>First-moment decay (PyTorch's default).</summary>
    public double Beta1 { get; init => field = InRange.Number(value, 0, 0.999999, nameof(AdamWOptions)); } = 0.9;

    /// <summary>Second-moment decay; 0.95 is usual for language models, 0.999 is PyTorch's default and what RLHF code uses.</summary>
    public double Beta2 { get; init => field = InRange.Number(value, 0, 0.9999999, nameof(AdamWOptions)); } = 0.999;

    /// <summary>1e-5 as in OpenAI's lm-human-preferences and its re-implementations; PyTorch's default is 1e-8.</summary>
    public double Epsilon { get; init => field = InRange.Positive(value, nameof(AdamWOptions)); } = 1e-5;

    /// <summary>Decoupled weight decay of matrices; norms and biases are never decayed.</summary>
    public double WeightDecay { get; init => field = InRange.Number(value, 0, 1000, nameof(AdamWOptions)); }

    /// <summary>Gradients are scaled down to this L2 norm when they exceed it; 0 turns clipping off.</summary>
    public double ClipNorm { get; init => field = InRange.Number(value, 0, 1e9, nameof(AdamWOptions)); } = 1;
}

/// <summary>AdamW over the one flat buffer of a <see cref="ParameterSet"/>.</summary>
public sealed class FlatAdamW : IDisposable
{
    private readonly ParameterSet parameters;
    private readonly AdamWOptions options;
    private readonly Tensor first;
    private readonly Tensor second;
    private readonly Tensor? decayMask;

    public FlatAdamW(ParameterSet parameters, AdamWOptions? options = null)
    {
        this.parameters = parameters;
        this.options = options ?? new AdamWOptions();
        parameters.EnableGradients();
        first = zeros_like(parameters.Flat).DetachFromDisposeScope();
        second = zeros_like(parameters.Flat).DetachFromDisposeScope();
        if (this.options.WeightDecay > 0)
        {
            decayMask = zeros_like(parameters.Flat).DetachFromDisposeScope();
            long offset = 0;
            foreach (var shape in parameters.Shapes)
            {
                using var part = decayMask.narrow(0, offset, shape.Count);
                part.FillInPlace(shape.Decay ? 1 : 0);
                offset += shape.Count;
            }
        }
    }

    /// <summary>Number of steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>Everything that a resumed run needs besides the weights and <see cref="Steps"/>: first and second moments, [Count] each.</summary>
    public IReadOnlyDictionary<string, Tensor> State => new Dictionary<string, Tensor> { ["adam.first"] = first, ["adam.second"] = second };

    /// <summary>Restores <see cref="State"/> as saved.</summary>
    public void Load(IReadOnlyDictionary<string, Tensor> state, long steps)
    {
        using var guard = no_grad();
        first.copy_(state["adam.first"]);
        second.copy_(state["adam.second"]);
        Steps = steps;
    }

    /// <summary>
    /// Clips, updates the weights, and zeroes the gradients. Returns the gradient's L2 norm before clipping.
    /// A norm that is not finite changes nothing: the caller decides (the kit's trainers stop and keep the last checkpoint).
    /// </summary>
    public double Step(double learningRate)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var grad = parameters.FlatGrad!;
        var norm = grad.norm().ReadDouble();
        if (!double.IsFinite(norm))
            return norm;
        var scale = options.ClipNorm > 0 && norm > options.ClipNorm ? options.ClipNorm / (norm + 1e-6) : 1;
        Steps++;
        var rate1 = 1 - Math.Pow(options.Beta1, Steps);
        var rate2 = Math.Sqrt(1 - Math.Pow(options.Beta2, Steps));
        if (grad.device_type == DeviceType.CPU && grad.dtype == ScalarType.Float32 && parameters.Count < int.MaxValue / sizeof(float)) // what a span can hold
            StepInOnePass(grad, (float)scale, learningRate, rate1, rate2);
        else
            StepByOperations(grad, scale, learningRate, rate1, rate2);
        return norm;
    }

    private void StepByOperations(Tensor grad, double scale, double learningRate, double rate1, double rate2)
    {
        if (scale != 1)
            grad.MulInPlace(scale);
        first.lerp_(grad, 1 - options.Beta1);
        second.MulInPlace(options.Beta2).AddCMulInPlace(grad, grad, 1 - options.Beta2);
        if (decayMask is not null)
            parameters.Flat.AddCMulInPlace(parameters.Flat, decayMask, -learningRate * options.WeightDecay);
        var denominator = second.sqrt().DivInPlace(rate2).AddInPlace(options.Epsilon);
        parameters.Flat.AddCDivInPlace(first, denominator, -learningRate / rate1);
        grad.zero_();
    }

    /// <summary>The same on a CPU: what the operations above read and write some twenty times from memory passes once.</summary>
    private void StepInOnePass(Tensor grad, float scale, double learningRate, double rate1, double rate2)
    {
        const int Piece = 1 << 18;
        var count = checked((int)parameters.Count);
        Workers.Run(true, (count + Piece - 1) / Piece, piece =>
        {
            var (start, length) = (piece * Piece, Math.Min(Piece, count - piece * Piece));
            Span<float> Numbers(Tensor flat) => MemoryMarshal.Cast<byte, float>(flat.bytes).Slice(start, length);
            Span<float> w = Numbers(parameters.Flat), g = Numbers(grad), m = Numbers(first), v = Numbers(second);
            Span<float> decay = decayMask is null ? [] : Numbers(decayMask);
            var (keep1, keep2) = ((float)options.Beta1, (float)options.Beta2);
            var (new1, new2, shrink) = ((float)(1 - options.Beta1), (float)(1 - options.Beta2), (float)(learningRate * options.WeightDecay));
            var (root, epsilon, rate) = ((float)(1 / rate2), (float)options.Epsilon, (float)(learningRate / rate1));
            var i = 0;
            for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var gradient = new Vector<float>(g[i..]) * scale;
                var mean = new Vector<float>(m[i..]) * keep1 + gradient * new1;
                var square = new Vector<float>(v[i..]) * keep2 + gradient * gradient * new2;
                var weight = new Vector<float>(w[i..]);
                if (decay.Length > 0)
                    weight -= weight * new Vector<float>(decay[i..]) * shrink;
                (weight - mean * rate / (Vector.SquareRoot(square) * root + new Vector<float>(epsilon))).CopyTo(w[i..]);
                mean.CopyTo(m[i..]);
                square.CopyTo(v[i..]);
            }
            for (; i < length; i++)
            {
                var gradient = g[i] * scale;
                m[i] = m[i] * keep1 + gradient * new1;
                v[i] = v[i] * keep2 + gradient * gradient * new2;
                if (decay.Length > 0)
                    w[i] -= w[i] * decay[i] * shrink;
                w[i] -= m[i] * rate / (MathF.Sqrt(v[i]) * root + epsilon);
            }
            g.Clear();
        });
    }

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
        decayMask?.Dispose();
    }
}
