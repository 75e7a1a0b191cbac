using Cai.Storage;

namespace Cai.Text;

/// <summary>Whether two tokenizers mean the same by their ids: token ids may pass from one model to another only then.</summary>
public static class TokenizerIdentity
{
    // Bytes of every kind, blanks in runs, digits, letters of several scripts: what pre-tokenizers and merges treat apart.
    private const string Probe = "The quick  brown\tfox\n\njumps 12345 times; naïve café, Ünïcode: 日本語 русский العربية 😀"
        + "  def f(x):\n    return x ** 2\r\n\0\u0001~";

    /// <summary>A hash of everything that a tokenizer makes of texts: spellings, begin and end tokens, and how a mixed text is cut.</summary>
    public static string Of(ITokenizer tokenizer) => ContentHash.Of(new
    {
        Tokens = ContentHash.OfTexts(Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.TokenText)),
        tokenizer.BosId, tokenizer.EndIds, Cut = tokenizer.Encode(Probe),
    });

    /// <summary>
    /// Requires that every id of <paramref name="writer"/> means the same to <paramref name="reader"/>, which may have further ones behind them.
    /// </summary>
    /// <param name="who">Whose the reader is, for the message: "the preference model".</param>
    /// <exception cref="CaiException">They differ; the message names the first id that does.</exception>
    public static void RequireSameIds(ITokenizer writer, ITokenizer reader, string who, string remedy)
    {
        if (Difference(writer, reader) is { } difference)
            throw new CaiException($"The policy's tokenizer and that of {who} differ: {difference}.", remedy);
    }

    private static string? Difference(ITokenizer writer, ITokenizer reader)
    {
        if (ReferenceEquals(writer, reader))
            return null;
        if (writer.VocabularySize > reader.VocabularySize)
            return $"{writer.VocabularySize} tokens against {reader.VocabularySize}";
        for (var id = 0; id < writer.VocabularySize; id++)
            if (writer.TokenText(id) is var here && reader.TokenText(id) is var there && here != there)
                return $"token {id} is {Quoted(here)} to the one and {Quoted(there)} to the other";
        if (writer.BosId != reader.BosId)
            return $"the begin token is {writer.BosId?.ToString() ?? "none"} to the one and {reader.BosId?.ToString() ?? "none"} to the other";
        // Parts of characters have no text of their own, and merges none at all: what is cut alike is the same.
        return writer.Encode(Probe).SequenceEqual(reader.Encode(Probe)) ? null : "they cut the same text in different places";
    }

    private static string Quoted(string text) => CaiJson.Write(text);
}
