using Cai.Models;

namespace Cai.Reproduction;

/// <summary>The four widths of the miniature, about 0.1, 0.5, 1.5 and 5 million parameters; the "against parameters" figures run over them.</summary>
public static class MiniatureSizes
{
    public static IReadOnlyList<string> Names { get; } = ["S", "M", "L", "XL"];

    /// <exception cref="CaiException">The name is no size.</exception>
    public static DecoderConfig Config(string size, int vocabularySize) => size switch
    {
        "S" => Of(vocabularySize, hidden: 48, layers: 3, heads: 3, kvHeads: 3, intermediate: 128),
        "M" => Of(vocabularySize, hidden: 96, layers: 4, heads: 4, kvHeads: 2, intermediate: 256),
        "L" => Of(vocabularySize, hidden: 160, layers: 5, heads: 4, kvHeads: 2, intermediate: 416),
        "XL" => Of(vocabularySize, hidden: 256, layers: 7, heads: 8, kvHeads: 4, intermediate: 640),
        _ => throw new CaiException($"'{size}' is no size of the miniature.", $"Use one of {string.Join(", ", Names)}.", "--size"),
    };

    private static DecoderConfig Of(int vocabulary, int hidden, int layers, int heads, int kvHeads, int intermediate) => new()
    {
        VocabularySize = vocabulary, HiddenSize = hidden, Layers = layers, Heads = heads, KvHeads = kvHeads,
        IntermediateSize = intermediate, MaxPositions = 1024, HeadSize = hidden / heads,
    };
}
