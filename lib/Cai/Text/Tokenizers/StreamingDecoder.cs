namespace Cai.Text.Tokenizers;

/// <summary>
/// Text as tokens arrive, never half a character: what has been returned so far, with <see cref="Flush"/> at the end, is
/// exactly the decoding of all ids.
/// </summary>
public sealed class StreamingDecoder(ITokenizer tokenizer)
{
    private readonly List<int> window = [];
    private int shown;

    /// <summary>The text that <paramref name="id"/> completes; empty while a character is unfinished.</summary>
    public string Push(int id)
    {
        window.Add(id);
        var text = Decode(window.Count);
        if (text.EndsWith('\uFFFD'))
            return "";
        var fresh = text[Decode(shown).Length..];
        if (fresh.Length > 0)
        {
            // The last shown tokens stay: blanks at the very beginning of a text are decoded differently.
            window.RemoveRange(0, shown);
            shown = window.Count;
        }
        return fresh;
    }

    /// <summary>What was held back, as it is: an unfinished character shows as U+FFFD.</summary>
    public string Flush()
    {
        var rest = Decode(window.Count)[Decode(shown).Length..];
        window.Clear();
        shown = 0;
        return rest;
    }

    private string Decode(int count) => tokenizer.Decode(window[..count]);
}
