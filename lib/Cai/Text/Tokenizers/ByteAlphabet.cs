using System.Text;

namespace Cai.Text.Tokenizers;

/// <summary>
/// GPT-2's spelling of bytes as printable characters (Radford et al. 2019): printable Latin-1 stands for itself, the
/// other 68 bytes take the characters from U+0100 on, so that a vocabulary of byte strings is a JSON of readable text.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharOf = MakeChars();
    private static readonly Dictionary<char, byte> ByteOf = Enumerable.Range(0, 256).ToDictionary(b => CharOf[b], b => (byte)b);

    /// <summary>The 256 characters in the order of their code, which is the order Hugging Face's trainer gives them ids in.</summary>
    public static IEnumerable<char> Characters => CharOf.Order();

    /// <summary>Those of the bytes that UTF-8 has: all but C0, C1 and F5 to FF. GPT-NeoX's vocabularies hold no others.</summary>
    public static IEnumerable<char> OfUtf8 => Enumerable.Range(0, 256).Where(b => b is not (0xC0 or 0xC1 or >= 0xF5)).Select(b => CharOf[b]).Order();

    public static char Spell(byte value) => CharOf[value];

    /// <summary>The UTF-8 bytes of a text, spelt; half a surrogate pair counts as U+FFFD.</summary>
    public static string Spell(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return string.Create(bytes.Length, bytes, static (span, source) =>
        {
            for (var i = 0; i < source.Length; i++)
                span[i] = CharOf[source[i]];
        });
    }

    /// <summary>The bytes that a piece spells, or null when it has a character outside the alphabet.</summary>
    public static byte[]? TryRead(string piece)
    {
        var bytes = new byte[piece.Length];
        for (var i = 0; i < bytes.Length; i++)
            if (!ByteOf.TryGetValue(piece[i], out bytes[i]))
                return null;
        return bytes;
    }

    private static char[] MakeChars()
    {
        var chars = new char[256];
        var next = 256;
        for (var b = 0; b < 256; b++)
            chars[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)next++;
        return chars;
    }
}
