using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cai.Models;

/// <summary>bfloat16 as it lies in memory: the upper half of a float32.</summary>
internal static class BFloat16
{
    private const int Half = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << Half);

    /// <summary>The first and the second half of a vector's numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Vector<ushort> numbers, out Vector<float> first, out Vector<float> second)
    {
        Vector.Widen(numbers, out var low, out var high);
        (first, second) = (Vector.AsVectorSingle(low << Half), Vector.AsVectorSingle(high << Half));
    }

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
