using System.Text;

namespace Cai.Fuzz;

/// <summary>A kind of input from outside, and what reads it.</summary>
/// <param name="Seeds">Good inputs, which must be read without an exception.</param>
/// <param name="Words">Words that the format knows.</param>
/// <param name="Read">Reads an input; the folder is the case's own. Throws <see cref="CaiException"/> for bad input, and nothing else.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Seeds, IReadOnlyList<string> Words, Action<byte[], string> Read)
{
    /// <summary>Whether only bytes are damaged, not tokens.</summary>
    public bool Binary { get; init; }

    public static Target Text(string name, Action<byte[], string> read, IReadOnlyList<string> words, params IEnumerable<string> seeds) =>
        new(name, [.. seeds.Select(Encoding.UTF8.GetBytes)], words, read);

    /// <summary>All targets by name.</summary>
    public static IReadOnlyList<Target> All(string folder) => [.. FileTargets.All(folder), .. ModelTargets.All(folder), .. ToolTargets.All()];

    /// <summary>Writes an input where a reader looks for it.</summary>
    public static string Put(string folder, string name, byte[] input)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>Runs several readers on one input, each of which may refuse it; it is refused when all do.</summary>
    public static void Each(params Action[] readers)
    {
        CaiException? refused = null;
        var read = 0;
        foreach (var reader in readers)
            try
            {
                reader();
                read++;
            }
            catch (CaiException e)
            {
                refused ??= e;
            }
        if (refused is not null && read == 0)
            throw new CaiException(refused.Problem, refused.Remedy, refused.Where, refused);
    }
}
