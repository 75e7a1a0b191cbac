using SkiaSharp;

namespace Cai.Figures;

/// <summary>Text broken into lines, by its width as drawn or by its number of characters.</summary>
internal static class Lines
{
    /// <summary>
    /// Lines of at most <paramref name="width"/> pixels. Words that are longer are broken; what goes beyond <paramref name="most"/> lines ends in ….
    /// </summary>
    public static IReadOnlyList<string> Wrap(string text, SKFont font, float width, int most) => Wrap(text, line => font.MeasureText(line) <= width, most);

    /// <summary>Lines of at most <paramref name="width"/> characters; see the other overload.</summary>
    public static IReadOnlyList<string> Wrap(string text, int width, int most) => Wrap(text, line => line.Length <= width, most);

    private static List<string> Wrap(string text, Func<string, bool> fits, int most)
    {
        var lines = new List<string>();
        var line = "";
        // Characters that could not be shown anyway are not measured either: a model can write a megabyte without a blank.
        foreach (var word in SafeText.Cut(text, 300 * most).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && fits(line + " " + word))
            {
                line += " " + word;
                continue;
            }
            if (line.Length > 0)
                lines.Add(line);
            line = word;
            while (!fits(line))
            {
                var end = Fitting(line, fits);
                lines.Add(line[..end]);
                line = line[end..];
            }
        }
        if (line.Length > 0)
            lines.Add(line);
        if (lines.Count > most)
        {
            var last = lines[most - 1];
            while (last.Length > 0 && !fits(last + "…"))
                last = last[..^(last.Length > 1 && char.IsLowSurrogate(last[^1]) ? 2 : 1)];
            lines = [.. lines.Take(most - 1), last.TrimEnd() + "…"];
        }
        return lines;
    }

    /// <summary>Length of the longest beginning that fits, at least one character; surrogate pairs stay whole.</summary>
    private static int Fitting(string word, Func<string, bool> fits)
    {
        var end = 0;
        for (var next = 0; next < word.Length && (end == 0 || fits(word[..next])); next += char.IsSurrogatePair(word, next) ? 2 : 1)
            end = next;
        return Math.Max(end, char.IsSurrogatePair(word, 0) ? 2 : 1);
    }
}
