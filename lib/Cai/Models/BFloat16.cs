using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cai.Models;

/// <summary>bfloat16 as it lies in memory: the upper half of a float32.</summary>
internal static class BFloat16
{
    private const int Half = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << Half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector128<ushort> numbers) => (Vector256.WidenLower(numbers.ToVector256Unsafe()) << Half).AsSingle();

    /// <summary>All numbers of a row.</summary>
    public static void Widen(ReadOnlySpan<ushort> row, Span<float> to)
    {
        for (var i = 0; i < row.Length; i++)
            to[i] = Widen(row[i]);
    }

    /// <summary>The nearest bfloat16, the even one of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return float.IsNaN(number) ? (ushort)0x7FC0 : (ushort)(bits + 0x7FFF + (bits >> Half & 1) >> Half);
    }

    /// <summary>The nearest ones of all numbers of a row.</summary>
    public static void Round(ReadOnlySpan<float> row, Span<ushort> to)
    {
        for (var i = 0; i < row.Length; i++)
            to[i] = Round(row[i]);
    }
}
