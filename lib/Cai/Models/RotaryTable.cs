using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Cosines and sines of rotary positions (Su et al. 2021), in Hugging Face's layout: the two halves of the rotated width
/// belong together. The table grows as longer texts come: a context of 131,072 positions costs nothing until it is used.
/// </summary>
internal sealed class RotaryTable(DecoderConfig config, Device device, ScalarType dtype) : IDisposable
{
    private const int FirstRows = 4096;
    private readonly Lock gate = new();
    private Tensor cos = Empty; // [rows, 1, rotary width]
    private Tensor sin = Empty; // the minus of the first half is in here
    private long rows;

    /// <summary>Cosines and sines of positions: [time, 1, width] from <paramref name="start"/> on, or [batch, time, 1, width] of given ones.</summary>
    public (Tensor Cos, Tensor Sin) At(long start, long time, Tensor? positions)
    {
        lock (gate)
        {
            Grow(positions is null ? start + time : rows == config.MaxPositions ? 0 : positions.max().ReadInt64() + 1);
            return positions is null ? (cos.narrow(0, start, time), sin.narrow(0, start, time)) : (Select(cos), Select(sin));
        }
        Tensor Select(Tensor table) => table.index_select(0, positions.flatten()).view(positions.shape[0], positions.shape[1], 1, -1);
    }

    /// <summary>x cos + (-x2, x1) sin over the two halves of the rotated part of each head, [..., width].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        long width = x.shape[^1], rotated = cos.shape[^1];
        return rotated == width
            ? Whole(x, cos, sin)
            : cat([Whole(x.narrow(-1, 0, rotated), cos, sin), x.narrow(-1, rotated, width - rotated)], -1);
    }

    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }

    private static Tensor Empty => zeros(0).DetachFromDisposeScope();

    private static Tensor Whole(Tensor x, Tensor cos, Tensor sin) => (x * cos).AddCMul(x.roll(x.shape[^1] / 2, -1), sin);

    private void Grow(long needed)
    {
        if (needed <= rows && rows > 0)
            return;
        rows = Math.Min(config.MaxPositions, Math.Max(FirstRows, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)needed)));
        using var scope = NewDisposeScope();
        var angles = outer(ScalarSafe.Range(rows, ScalarType.Float64), Frequencies());
        var (cosines, sines) = (angles.cos(), angles.sin());
        Dispose();
        cos = cat([cosines, cosines], -1).unsqueeze(1).to(dtype).to(device).DetachFromDisposeScope();
        sin = cat([-sines, sines], -1).unsqueeze(1).to(dtype).to(device).DetachFromDisposeScope();
    }

    /// <summary>[rotary width / 2], float64.</summary>
    private Tensor Frequencies()
    {
        var frequencies = pow(config.RopeTheta, ScalarSafe.Range(config.RotaryWidth, ScalarType.Float64, step: 2).Div(-config.RotaryWidth));
        if (config.RopeScaling is not { } scaling)
            return frequencies;
        if (scaling.Kind == RopeScalingKind.Linear)
            return frequencies.Div(scaling.Factor);
        // As in Llama 3.1's reference code: the share of the original frequency rises from 0 to 1 between the two bounds.
        var turns = frequencies.Mul(scaling.OriginalPositions / (2 * Math.PI));
        var kept = turns.Sub(scaling.LowFrequencyFactor).Div(scaling.HighFrequencyFactor - scaling.LowFrequencyFactor).Clamp(0, 1);
        return (kept.neg().Add(1) * frequencies).Div(scaling.Factor).Add(kept * frequencies);
    }
}
