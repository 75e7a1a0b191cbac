using Cai.Text;

namespace Cai.Generation;

/// <summary>
/// Prompt and continuation as tokens that join where the text joins. SentencePiece-style tokenizers put a blank before
/// every text they encode and drop it when they decode; in the middle of a text that blank would be wrong both ways.
/// </summary>
public sealed class ContinuationCodec(ITokenizer tokenizer)
{
    // The first never joins its neighbour into one token in the SentencePiece family; byte-level words end where letters, digits and signs meet.
    private static readonly string[] Anchors = ["\n", "1", "a", "."];

    private readonly bool addsBlank = string.Concat(tokenizer.Encode("a").Select(tokenizer.TokenText)) is [' ', ..];

    /// <summary>The begin token, if the model has one, and the text; with control tokens read as such, the text alone.</summary>
    public int[] Prompt(string text, bool controlTokens = false) => tokenizer.EncodePrompt(text, controlTokens);

    /// <summary>Tokens of a text that stands behind another one.</summary>
    public int[] Continuation(string text)
    {
        if (!addsBlank)
            return tokenizer.Encode(text);
        foreach (var before in Anchors)
            if (tokenizer.Encode(before) is var anchor && tokenizer.Encode(before + text) is var both && both.AsSpan().StartsWith(anchor))
                return both[anchor.Length..];
        return tokenizer.Encode(text);
    }

    /// <summary>Text of tokens that follow a prompt.</summary>
    public string Text(IReadOnlyList<int> prompt, IEnumerable<int> ids)
    {
        if (!addsBlank)
            return tokenizer.Decode([.. ids]);
        var before = tokenizer.Decode([prompt[^1]]);
        var both = tokenizer.Decode([prompt[^1], .. ids]);
        return both.StartsWith(before, StringComparison.Ordinal) ? both[before.Length..] : tokenizer.Decode([.. ids]);
    }
}
