using System.Text;

namespace Cai.Generation;

/// <summary>Finds stop strings in text that arrives token by token, wherever the tokens' borders lie.</summary>
public sealed class StopStrings(ContinuationCodec codec, IReadOnlyList<string> stops)
{
    // A token holds at least a byte, so a stop that the newest token completes lies within this many tokens.
    private readonly int tail = stops.Select(Encoding.UTF8.GetByteCount).DefaultIfEmpty(0).Max();

    /// <summary>Whether the tokens' text holds a stop; the tokens before the newest were asked about already.</summary>
    public bool Reached(IReadOnlyList<int> prompt, IReadOnlyList<int> ids)
    {
        if (ids.Count <= tail)
            return Find(codec.Text(prompt, ids)) >= 0;
        IReadOnlyList<int> before = [ids[ids.Count - tail - 1]];
        return Find(codec.Text(before, ids.Skip(ids.Count - tail))) >= 0;
    }

    /// <summary>The text before the first stop.</summary>
    public string Cut(string text) => Find(text) is var at and >= 0 ? text[..at] : text;

    private int Find(string text)
    {
        var first = -1;
        foreach (var stop in stops)
            if (stop.Length > 0 && text.IndexOf(stop, StringComparison.Ordinal) is var at and >= 0 && (first < 0 || at < first))
                first = at;
        return first;
    }
}
