namespace Cai.Miniature;

/// <summary>Small operations on the world's texts.</summary>
internal static class Phrase
{
    /// <summary>Fills slots: Fill("steal the {t}", ("t", "bicycle")).</summary>
    public static string Fill(string template, params ReadOnlySpan<(string Slot, string Value)> values)
    {
        foreach (var (slot, value) in values)
            if (template.Contains('{'))
                template = template.Replace("{" + slot + "}", value, StringComparison.Ordinal);
        return template;
    }

    /// <summary>With a capital first letter.</summary>
    public static string Sentence(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>Lower case, blanks collapsed and trimmed: two texts that differ only in case and spacing become equal.</summary>
    public static string Normalise(string text)
    {
        const int onStack = 512;
        var result = text.Length <= onStack ? stackalloc char[text.Length] : new char[text.Length];
        var length = 0;
        foreach (var c in text)
            if (!char.IsWhiteSpace(c))
                result[length++] = char.ToLowerInvariant(c);
            else if (length > 0 && result[length - 1] != ' ')
                result[length++] = ' ';
        return new string(result[..length].TrimEnd());
    }

    /// <summary>The sentences of a text, each with its end mark, normalised; text after the last mark counts as a sentence.</summary>
    public static IEnumerable<string> Sentences(string text)
    {
        text = Normalise(text);
        var start = 0;
        for (var i = 0; i < text.Length; i++)
            if (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || text[i + 1] == ' '))
            {
                yield return text[start..(i + 1)].TrimStart();
                start = i + 1;
            }
        if (start < text.Length && text[start..].Trim().Length > 0)
            yield return text[start..].TrimStart();
    }
}
