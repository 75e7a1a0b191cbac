using Microsoft.ML.Tokenizers;

namespace Cai.Text.Tokenizers;

/// <summary>Which code joins the pairs of a word. Both give the same ids.</summary>
public enum BpeEncoder
{
    /// <summary>The package Microsoft.ML.Tokenizers, for byte-level BPE.</summary>
    MicrosoftML,

    /// <summary>The kit's own, for every file that it reads.</summary>
    BuiltIn,
}

/// <summary>
/// Joins the pairs of one word by Microsoft.ML.Tokenizers. The kit cuts the words: the package's patterns see no letters beyond the
/// basic plane, it takes no word whole (Llama-3), and its time grows with the square of a word's length.
/// </summary>
internal sealed class MicrosoftBpe
{
    private readonly Microsoft.ML.Tokenizers.BpeTokenizer tokenizer;

    /// <param name="definition">One of which <see cref="Lacks"/> says nothing.</param>
    public MicrosoftBpe(BpeDefinition definition)
    {
        // Pieces that spell no bytes (some control tokens) never come of joining bytes.
        var spelt = definition.Pieces.Select(piece => piece.Length > 0 && ByteAlphabet.TryRead(piece) is not null).ToArray();
        tokenizer = Microsoft.ML.Tokenizers.BpeTokenizer.Create(new BpeOptions(
            definition.Pieces.Select((piece, id) => KeyValuePair.Create(piece, id)).Where(piece => spelt[piece.Value]))
        {
            Merges = definition.Merges.Pairs.Where(pair => spelt[pair.Left] && spelt[pair.Right])
                .Select(pair => $"{definition.Pieces[pair.Left]} {definition.Pieces[pair.Right]}"),
        });
    }

    /// <summary>What a file asks for that the package cannot do, or null.</summary>
    public static string? Lacks(BpeDefinition definition) =>
        !definition.ByteLevel ? "SentencePiece-style BPE (byte fallback, unknown characters)"
        : ByteAlphabet.OfUtf8.Any(c => !definition.Ids.ContainsKey(c.ToString())) ? "a vocabulary without a piece for every byte of UTF-8"
        : null;

    /// <summary>Ids of a word.</summary>
    /// <param name="spelt">The word's bytes in GPT-2's alphabet.</param>
    public int[] Join(string spelt) => [.. tokenizer.EncodeToIds(spelt, considerPreTokenization: false, considerNormalization: false)];
}
