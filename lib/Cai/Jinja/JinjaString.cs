using System.Buffers;
using System.Text;

namespace Cai.Jinja;

/// <summary>Texts as Python sees them: by code point, not by UTF-16 unit.</summary>
internal static class JinjaString
{
    /// <summary>Blank space as Python means it: .NET's, and the four separators U+001C to U+001F.</summary>
    public static SearchValues<char> Space { get; } =
        SearchValues.Create([.. Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(IsSpace)]);

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>Python's `strip` of blank space.</summary>
    public static string Strip(string text, bool start, bool end)
    {
        var from = start ? text.AsSpan().IndexOfAnyExcept(Space) : 0;
        var to = end ? text.AsSpan().LastIndexOfAnyExcept(Space) + 1 : text.Length;
        return from < 0 || to <= from ? "" : text[from..to];
    }

    /// <summary>Python's `splitlines`: lines with their ends, or without.</summary>
    public static List<string> Lines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (int at = 0, next; at < text.Length; at = next)
        {
            var end = text.AsSpan(at).IndexOfAny(LineEnds) is var i and >= 0 ? at + i : text.Length;
            next = end >= text.Length ? end : text.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            lines.Add(keepEnds ? text[at..next] : text[at..end]);
        }
        return lines;
    }

    private static SearchValues<char> LineEnds { get; } = SearchValues.Create("\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029");

    public static int Length(string text) => text.Length - Pairs(text);

    public static IEnumerable<string> Characters(string text)
    {
        for (int i = 0, size; i < text.Length; i += size)
        {
            size = SizeAt(text, i);
            yield return text.Substring(i, size);
        }
    }

    /// <summary>The character at an index, from the end when negative; null outside.</summary>
    public static string? At(string text, long index)
    {
        var length = Length(text);
        index = index < 0 ? index + length : index;
        if (index < 0 || index >= length)
            return null;
        return length == text.Length ? text[(int)index].ToString() : Characters(text).ElementAt((int)index);
    }

    public static string Slice(string text, long? start, long? stop, long step)
    {
        if (step == 1)
        {
            var length = Length(text);
            var (from, to) = (Clamp(start ?? 0), Clamp(stop ?? length));
            return to > from ? text[Offset(from)..Offset(to)] : "";

            int Clamp(long index) => (int)Math.Clamp(index < 0 ? index + length : index, 0, length);
            int Offset(int index) => length == text.Length ? index : Characters(text).Take(index).Sum(character => character.Length);
        }
        var characters = Characters(text).ToArray();
        return string.Concat(Indices(characters.Length, start, stop, step).Select(i => characters[i]));
    }

    /// <summary>The indices that a Python slice visits.</summary>
    public static IEnumerable<int> Indices(int length, long? start, long? stop, long step)
    {
        var (lowest, highest) = step > 0 ? (0L, length) : (-1L, length - 1L);
        var from = Bound(start, step > 0 ? 0 : length - 1);
        var to = Bound(stop, step > 0 ? length : -1);
        // A step beyond the length visits one element at most; cutting it keeps the sum from overflowing.
        step = Math.Clamp(step, -length - 1L, length + 1L);
        for (var i = from; step > 0 ? i < to : i > to; i += step)
            yield return (int)i;

        long Bound(long? index, long otherwise) => index is not { } value ? otherwise : Math.Clamp(value < 0 ? value + length : value, lowest, highest);
    }

    /// <summary>Order by code point; UTF-16 order differs for pairs.</summary>
    public static int Order(string a, string b)
    {
        var i = a.AsSpan().CommonPrefixLength(b);
        if (i == a.Length || i == b.Length)
            return a.Length.CompareTo(b.Length);
        return (char.IsSurrogate(a[i]), char.IsSurrogate(b[i])) switch
        {
            (true, false) => 1,
            (false, true) => -1,
            _ => a[i].CompareTo(b[i]),
        };
    }

    /// <summary>Python's `title`: a capital after anything that is no letter.</summary>
    public static string Title(string text)
    {
        var builder = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var c in text)
        {
            builder.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }
        return builder.ToString();
    }

    /// <summary>Python's `upper`, which writes ß as two letters; .NET keeps the length.</summary>
    public static string Upper(string text) => text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static int Count(string text, string part)
    {
        if (part.Length == 0)
            return Length(text) + 1;
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            count++;
        return count;
    }

    /// <summary>The pieces round <paramref name="separator"/>, or, when it is null, the words between blank space.</summary>
    /// <param name="most">Most cuts; negative for no bound.</param>
    public static List<string> Split(string text, string? separator, long most)
    {
        var pieces = new List<string>();
        var at = 0;
        if (separator is null)
        {
            for (at = Skip(0); at < text.Length; at = Skip(at))
            {
                if (most >= 0 && pieces.Count >= most)
                {
                    pieces.Add(Strip(text[at..], start: false, end: true));
                    break;
                }
                var end = at;
                while (end < text.Length && !IsSpace(text[end]))
                    end++;
                pieces.Add(text[at..end]);
                at = end;
            }
            return pieces;
        }
        for (int next; (most < 0 || pieces.Count < most) && (next = text.IndexOf(separator, at, StringComparison.Ordinal)) >= 0; at = next + separator.Length)
            pieces.Add(text[at..next]);
        pieces.Add(text[at..]);
        return pieces;

        int Skip(int from)
        {
            while (from < text.Length && IsSpace(text[from]))
                from++;
            return from;
        }
    }

    /// <summary>Like <see cref="Split"/>, cutting from the end.</summary>
    public static List<string> SplitFromEnd(string text, string separator, long most)
    {
        var pieces = new List<string>();
        var end = text.Length;
        for (int cut; (most < 0 || pieces.Count < most) && end >= separator.Length && (cut = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = cut)
            pieces.Add(text[(cut + separator.Length)..end]);
        pieces.Add(text[..end]);
        pieces.Reverse();
        return pieces;
    }

    private static int SizeAt(string text, int i) => i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;

    private static int Pairs(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDBFF'))
            return 0;
        var pairs = 0;
        for (var i = 0; i + 1 < text.Length; i++)
            if (char.IsSurrogatePair(text[i], text[i + 1]))
                pairs++;
        return pairs;
    }
}
