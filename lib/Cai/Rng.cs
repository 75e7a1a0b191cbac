namespace Cai;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, so it can be checkpointed and is the same on every
/// runtime, which System.Random does not promise.
/// </summary>
public sealed class Rng(long seed)
{
    /// <summary>The whole state: save it to resume.</summary>
    public ulong State { get; set; } = (ulong)seed;

    public ulong NextUInt64()
    {
        var z = State += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … n-1.</summary>
    public int Next(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return (int)(((UInt128)NextUInt64() * (ulong)n) >> 64);
    }

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>True with probability p.</summary>
    public bool Chance(double p) => NextDouble() < p;

    /// <summary>An item of <paramref name="items"/> with the odds of its weight.</summary>
    public T Weighted<T>(IReadOnlyList<(T Item, double Weight)> items)
    {
        var point = NextDouble() * items.Sum(i => i.Weight);
        foreach (var (item, weight) in items)
            if ((point -= weight) < 0)
                return item;
        return items[^1].Item;
    }

    /// <summary>Fisher-Yates, in place.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
