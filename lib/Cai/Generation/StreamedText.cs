namespace Cai.Generation;

/// <summary>
/// A sample's text as its tokens arrive: never half a character, and never the beginning of what may become a stop string.
/// What <see cref="Push"/> and <see cref="Finish"/> return is together exactly the sample's text.
/// </summary>
public sealed class StreamedText(ContinuationCodec codec, IReadOnlyList<int> prompt, IReadOnlyList<string> stops)
{
    private string shown = "";

    /// <summary>The text that is certain now and was not before; often empty.</summary>
    /// <param name="ids">All tokens of the sample so far, no end token among them.</param>
    public string Push(IReadOnlyList<int> ids)
    {
        var text = codec.Text(prompt, ids);
        return Show(text[..CertainLength(text)]);
    }

    /// <summary>What was held back of the sample's whole text.</summary>
    public string Finish(string text) => Show(text);

    private string Show(string text)
    {
        if (!text.StartsWith(shown, StringComparison.Ordinal))
            return "";
        var fresh = text[shown.Length..];
        shown = text;
        return fresh;
    }

    private int CertainLength(string text)
    {
        const char Unfinished = '\uFFFD';
        var end = text.Length;
        while (end > 0 && text[end - 1] == Unfinished)
            end--;
        foreach (var stop in stops.Where(s => s.Length > 0))
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
