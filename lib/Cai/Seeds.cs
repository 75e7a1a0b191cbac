using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cai;

/// <summary>Randomness from names: every draw in the kit comes from (seed, what, …), so order, batching and resuming change nothing.</summary>
public static class Seeds
{
    /// <summary>A 63-bit seed from a run's seed and the parts that name the draw, for example (seed, prompt id, round).</summary>
    public static long Derive(long seed, params ReadOnlySpan<object> parts)
    {
        var text = new StringBuilder().Append(seed);
        foreach (var part in parts)
            text.Append('\u001f').Append(part);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return BinaryPrimitives.ReadInt64LittleEndian(hash) & long.MaxValue;
    }

    /// <summary>A generator for one named draw.</summary>
    public static Rng Rng(long seed, params ReadOnlySpan<object> parts) => new(Derive(seed, parts));
}
