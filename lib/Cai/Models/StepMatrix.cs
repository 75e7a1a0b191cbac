using System.Numerics.Tensors;
using static Cai.Models.RowKernels;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>
/// A matrix of a decoder and its bias, as rows of float32 are multiplied by it one token after the other. A few rows are multiplied by a large matrix as
/// <see cref="RowProduct"/> does it, and then of bfloat16 nothing is rounded but the weights; with others the rows are rounded for libtorch's product, and so
/// is what comes of them.
/// </summary>
internal sealed unsafe class StepMatrix : IDisposable
{
    private const int FewestWide = 3, MostWide = 16, MostNarrow = 8; // rows with which libtorch's product of a large matrix is slower

    private readonly Decoder decoder;
    private readonly string name;
    private readonly Tensor weight; // [rows, columns]
    private readonly Tensor? across; // float32: [columns, rows], the same numbers
    private readonly Tensor? bias; // of the decoder
    private readonly int rows, columns;

    /// <param name="name">Of the weight, with its `.weight`.</param>
    /// <param name="biased">Whether there is a bias of that name.</param>
    /// <param name="first">So many rows of it alone; null is all.</param>
    public StepMatrix(Decoder decoder, string name, bool biased = false, int? first = null)
    {
        (this.decoder, this.name) = (decoder, name);
        weight = decoder.Parameters[name].narrow(0, 0, first ?? decoder.Parameters[name].shape[0]).DetachFromDisposeScope();
        across = weight.dtype == ScalarType.Float32 ? weight.t().DetachFromDisposeScope() : null;
        bias = biased ? decoder.Parameters[Path.ChangeExtension(name, "bias")] : null;
        (rows, columns) = ((int)weight.shape[0], (int)weight.shape[1]);
    }

    /// <summary>x · weightᵀ + bias.</summary>
    /// <param name="x">[n, columns], float32 and contiguous.</param>
    /// <param name="to">[n, rows], float32 and contiguous.</param>
    public void Multiply(Tensor x, Tensor to)
    {
        var count = (int)x.shape[0];
        if (across is not null)
        {
            if (count >= FewestWide && RowProduct.Fits(count, MostWide, columns, rows))
                fixed (byte* from = x.bytes, stored = weight.bytes, y = to.bytes)
                    RowProduct.Run<RowProduct.Wide>((float*)from, count, columns, stored, null, null, (float*)y, rows);
            else
                to.addmm_(x, across, 0, 1);
            if (bias is not null)
                AddBias(Numbers(to), Numbers(bias));
        }
        else if (RowProduct.Fits(x, weight) || RowProduct.Fits(count, MostNarrow, columns, rows))
            MultiplyNarrow(x, to);
        else
        {
            using var scope = NewDisposeScope();
            to.copy_(F.linear(x.to(weight.dtype), weight, bias));
        }
    }

    public void Dispose()
    {
        weight.Dispose();
        across?.Dispose();
    }

    private void MultiplyNarrow(Tensor x, Tensor to)
    {
        var count = (int)x.shape[0];
        fixed (byte* from = x.bytes, stored = weight.bytes, added = bias is null ? [] : bias.bytes, y = to.bytes)
            if (decoder.BytesOf(name)?.Run((float*)from, count, name, rows, (ushort*)added, (float*)y) is not true)
                RowProduct.Run<RowProduct.Narrow>((float*)from, count, columns, stored, null, (ushort*)added, (float*)y, rows);
    }

    private static void AddBias(Span<float> all, ReadOnlySpan<float> bias)
    {
        for (var at = 0; at < all.Length; at += bias.Length)
            TensorPrimitives.Add(all.Slice(at, bias.Length), bias, all.Slice(at, bias.Length));
    }
}
