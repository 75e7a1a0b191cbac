using System.Text;

namespace Cai.Generation;

/// <summary>
/// A sample's text as its tokens arrive: never half a character, and never the beginning of what may become a stop string.
/// What <see cref="Push"/> and <see cref="Finish"/> return is together exactly the sample's text. A token costs the same however long the sample is.
/// </summary>
public sealed class StreamedText(ContinuationCodec codec, IReadOnlyList<int> prompt, IReadOnlyList<string> stops)
{
    private const char Unfinished = '\uFFFD';

    private readonly string[] marks = [.. stops.Where(s => s.Length > 0)];
    private readonly int reach = stops.Select(s => s.Length - 1).Append(0).Max(); // how much of a stop string may lie in settled text
    private readonly StringBuilder shown = new();

    // Tokens up to `settled` end in a whole character, so later ones leave their text as it is: it is not decoded again.
    // Only those from `anchor` on are, for the context that the newest ones are decoded in; their text is `anchorText`.
    private int anchor, settled;
    private string anchorText = "";

    private string recent = ""; // the end of the settled text
    private int recentStart;
    private int firstStop = int.MaxValue; // where a stop string lies in the settled text

    /// <summary>The text that is certain now and was not before; often empty.</summary>
    /// <param name="ids">All tokens of the sample so far, no end token among them.</param>
    public string Push(IReadOnlyList<int> ids)
    {
        var fresh = codec.Text(prompt, ids.Skip(anchor))[anchorText.Length..];
        var text = recent + fresh;
        var certain = Math.Min(recentStart + CertainLength(text), firstStop);
        var piece = certain > shown.Length ? text[(shown.Length - recentStart)..(certain - recentStart)] : "";
        shown.Append(piece);
        if (fresh is [.., not Unfinished])
            Settle(ids, text);
        return piece;
    }

    /// <summary>What was held back of the sample's whole text.</summary>
    public string Finish(string text)
    {
        var before = shown.ToString();
        if (!text.StartsWith(before, StringComparison.Ordinal))
            return "";
        shown.Append(text, before.Length, text.Length - before.Length);
        return text[before.Length..];
    }

    private void Settle(IReadOnlyList<int> ids, string text)
    {
        // Blanks alone may be dropped where a text begins: they are no context to decode later tokens in.
        var next = codec.Text(prompt, ids.Skip(settled));
        if (next.Length == 0)
            return;
        (anchor, anchorText, settled) = (settled, next, ids.Count);
        foreach (var stop in marks)
            if (text.IndexOf(stop, StringComparison.Ordinal) is var at and >= 0)
                firstStop = Math.Min(firstStop, recentStart + at);
        var cut = Math.Max(0, text.Length - reach);
        recentStart += cut;
        recent = text[cut..];
    }

    private int CertainLength(string text)
    {
        var end = text.Length;
        while (end > 0 && text[end - 1] == Unfinished)
            end--;
        foreach (var stop in marks)
        {
            if (text.IndexOf(stop, StringComparison.Ordinal) is var at and >= 0)
                end = Math.Min(end, at);
            for (var start = Math.Max(0, text.Length - stop.Length + 1); start < end; start++)
                if (stop.StartsWith(text.AsSpan(start), StringComparison.Ordinal))
                    end = start;
        }
        return end;
    }
}
