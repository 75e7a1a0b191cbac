using System.Globalization;
using System.Reflection;
using System.Text;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Unicode normalisation forms C and D (UAX 15). .NET leaves it to the system's ICU library, which a fresh machine may
/// lack, and in invariant mode returns texts unchanged; a Qwen tokenizer needs it everywhere.
/// </summary>
internal static class CanonicalForm
{
    private const int HangulS = 0xAC00, HangulL = 0x1100, HangulV = 0x1161, HangulT = 0x11A7;
    private const int HangulLCount = 19, HangulVCount = 21, HangulTCount = 28, HangulSCount = HangulLCount * HangulVCount * HangulTCount;

    private static readonly Dictionary<int, int> Classes = [];
    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<(int, int), int> Compositions = [];

    static CanonicalForm()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Cai.Text.canonical.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#')
                continue;
            var numbers = line.TrimStart('=', '>', ' ').Split(' ')
                .Select(hex => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            if (line[0] is '=' or '>')
                Decompositions[numbers[0]] = numbers[1..];
            else
                for (var scalar = numbers[1]; scalar <= numbers[2]; scalar++)
                    Classes[scalar] = numbers[0];
            if (line[0] == '=')
                Compositions[(numbers[1], numbers[2])] = numbers[0];
        }
    }

    /// <summary>Composed form (NFC).</summary>
    public static string Compose(string text)
    {
        // Below U+0300 nothing combines and everything is composed already.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
            return text;
        var scalars = Decomposed(text);
        var composed = new List<int>(scalars.Count);
        var starter = -1;
        var lastClass = -1;
        foreach (var scalar in scalars)
        {
            var kind = Classes.GetValueOrDefault(scalar);
            // A mark combines with the last starter unless one of its own or a higher class stands between.
            if (starter >= 0 && lastClass < kind && Pair(composed[starter], scalar) is { } pair)
            {
                composed[starter] = pair;
                continue;
            }
            composed.Add(scalar);
            if (kind == 0)
                (starter, lastClass) = (composed.Count - 1, -1);
            else
                lastClass = kind;
        }
        return Text(composed);
    }

    /// <summary>Decomposed form (NFD).</summary>
    public static string Decompose(string text) => Text(Decomposed(text));

    private static List<int> Decomposed(string text)
    {
        var scalars = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Append(rune.Value, scalars);
        // Marks after one starter stand in order of their class; equal classes keep their order.
        for (int from = 0, to; from < scalars.Count; from = to)
        {
            to = from + 1;
            if (!Classes.ContainsKey(scalars[from]))
                continue;
            while (to < scalars.Count && Classes.ContainsKey(scalars[to]))
                to++;
            var marks = scalars[from..to].OrderBy(mark => Classes[mark]).ToList();
            for (var i = 0; i < marks.Count; i++)
                scalars[from + i] = marks[i];
        }
        return scalars;
    }

    private static void Append(int scalar, List<int> scalars)
    {
        if (scalar - HangulS is >= 0 and < HangulSCount and var syllable)
        {
            scalars.Add(HangulL + syllable / (HangulVCount * HangulTCount));
            scalars.Add(HangulV + syllable % (HangulVCount * HangulTCount) / HangulTCount);
            if (syllable % HangulTCount is > 0 and var trailing)
                scalars.Add(HangulT + trailing);
        }
        else if (Decompositions.TryGetValue(scalar, out var parts))
            foreach (var part in parts)
                Append(part, scalars);
        else
            scalars.Add(scalar);
    }

    private static int? Pair(int first, int second)
    {
        if (first - HangulL is >= 0 and < HangulLCount and var leading && second - HangulV is >= 0 and < HangulVCount and var vowel)
            return HangulS + (leading * HangulVCount + vowel) * HangulTCount;
        if (first - HangulS is >= 0 and < HangulSCount and var syllable && syllable % HangulTCount == 0
            && second - HangulT is > 0 and < HangulTCount and var trailing)
            return first + trailing;
        return Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private static string Text(List<int> scalars)
    {
        var text = new StringBuilder(scalars.Count);
        foreach (var scalar in scalars)
            text.Append(new Rune(scalar));
        return text.ToString();
    }
}
