using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Finds NaN and infinities by their bits: these are the numbers of which all exponent bits are set.</summary>
internal static class FiniteBits
{
    /// <summary>Whether every number is finite; whole numbers always are.</summary>
    /// <param name="data">The numbers in the machine's byte order.</param>
    public static bool All(ReadOnlySpan<byte> data, ScalarType type) => type switch
    {
        ScalarType.Float64 => All(data, 0x7FF0_0000_0000_0000ul),
        ScalarType.Float32 => All(data, 0x7F80_0000u),
        ScalarType.BFloat16 => All(data, (ushort)0x7F80),
        ScalarType.Float16 => All(data, (ushort)0x7C00),
        _ => true,
    };

    private static bool All<T>(ReadOnlySpan<byte> data, T exponent) where T : unmanaged, IBinaryInteger<T>
    {
        var mask = Vector.Create(exponent);
        var vectors = MemoryMarshal.Cast<byte, Vector<T>>(data);
        var found = Vector<T>.Zero;
        foreach (var vector in vectors)
            found |= Vector.Equals(vector & mask, mask);
        if (found != Vector<T>.Zero)
            return false;
        foreach (var value in MemoryMarshal.Cast<byte, T>(data[(vectors.Length * Vector<byte>.Count)..]))
            if ((value & exponent) == exponent)
                return false;
        return true;
    }
}
