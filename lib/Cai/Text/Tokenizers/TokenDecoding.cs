using System.Globalization;
using System.Text;

namespace Cai.Text.Tokenizers;

/// <summary>How pieces become text again, as the `decoder` of a tokenizer.json says.</summary>
internal sealed record TokenDecoding
{
    /// <summary>Pieces spell bytes in GPT-2's alphabet.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>What stands for what, for example "▁" for " ".</summary>
    public IReadOnlyList<(string From, string To)> Replacements { get; init; } = [];

    /// <summary>Pieces `&lt;0xE2&gt;` are bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>The character cut off at the beginning of the text, at most <see cref="StripStart"/> times (the blank that was prepended).</summary>
    public char StripContent { get; init; } = ' ';

    /// <inheritdoc cref="StripContent"/>
    public int StripStart { get; init; }

    /// <summary>UTF-8 bytes of one piece; they may be a part of a character.</summary>
    public byte[] Bytes(string piece)
    {
        if (ByteLevel)
            return ByteAlphabet.TryRead(piece) ?? Encoding.UTF8.GetBytes(piece);
        if (ByteFallback && FallbackByte(piece) is { } value)
            return [value];
        foreach (var (from, to) in Replacements)
            piece = piece.Replace(from, to, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(piece);
    }

    /// <summary>The whole text; bytes that are no UTF-8 become U+FFFD.</summary>
    public string Text(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var cut = 0;
        while (cut < StripStart && cut < text.Length && text[cut] == StripContent)
            cut++;
        return text[cut..];
    }

    /// <summary>The piece for one byte in vocabularies with byte fallback.</summary>
    public static string FallbackPiece(byte value) => $"<0x{value:X2}>";

    private static byte? FallbackByte(string piece) =>
        piece is ['<', '0', 'x', _, _, '>']
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}
