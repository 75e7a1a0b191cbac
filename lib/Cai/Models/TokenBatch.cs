using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Token sequences of different lengths as one right-padded tensor. Padding is known by length alone; the pad value is never read.</summary>
/// <param name="Ids">[batch, time], int64.</param>
/// <param name="Lengths">[batch], int64.</param>
public sealed record TokenBatch(Tensor Ids, Tensor Lengths)
{
    public long Rows => Ids.shape[0];

    public long Time => Ids.shape[1];

    /// <summary>Builds the tensors in the current dispose scope.</summary>
    public static TokenBatch Of(IReadOnlyList<IReadOnlyList<int>> rows, Device? device = null, int padTo = 0)
    {
        var time = Math.Max(padTo, rows.Max(r => r.Count));
        var flat = new long[rows.Count * time];
        for (var r = 0; r < rows.Count; r++)
            for (var t = 0; t < rows[r].Count; t++)
                flat[r * time + t] = rows[r][t];
        var ids = tensor(flat, [rows.Count, time], dtype: ScalarType.Int64);
        var lengths = tensor(rows.Select(r => (long)r.Count).ToArray(), dtype: ScalarType.Int64);
        return device is null || device.type == DeviceType.CPU ? new(ids, lengths) : new(ids.to(device), lengths.to(device));
    }

    /// <summary>[batch, time], true at real tokens.</summary>
    public Tensor Mask()
    {
        using var scope = NewDisposeScope();
        return (ScalarSafe.Range(Time, ScalarType.Int64, Ids.device).unsqueeze(0) < Lengths.unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
