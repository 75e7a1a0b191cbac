using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace Cai.Figures;

/// <summary>
/// PNG with a palette of at most 256 colours (PNG specification, colour type 3). A figure has few colours and their
/// blends at edges: this takes half the bytes of the 24-bit files that Skia writes, which has no palettes.
/// </summary>
public static class PalettePng
{
    private const int Colors = 256, Exact = 192;

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(n =>
    {
        var crc = (uint)n;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        return crc;
    })];

    /// <summary>Encodes an opaque picture. Where it has more than 256 colours, the rare ones become the nearest that is kept.</summary>
    public static byte[] Encode(SKBitmap picture)
    {
        var pixels = picture.GetPixelSpan();
        var (width, height) = (picture.Width, picture.Height);
        var packed = new uint[width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var at = y * picture.RowBytes + 4 * x;
                packed[y * width + x] = (uint)(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]);
            }
        var counts = packed.CountBy(color => color).ToDictionary();
        var palette = Palette(counts);
        var index = counts.Keys.ToDictionary(color => color, color => (byte)Nearest(palette, color));
        var rows = new byte[height * (width + 1)]; // each row begins with its filter: 0, none
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                rows[y * (width + 1) + 1 + x] = index[packed[y * width + x]];
        return File(width, height, palette, rows);
    }

    /// <summary>The most frequent colours as they are, then the means of blocks of similar ones, most frequent blocks first.</summary>
    private static uint[] Palette(Dictionary<uint, int> counts)
    {
        // Ties are broken by value, so that the same picture gives the same file.
        var byFrequency = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key).ToList();
        if (byFrequency.Count <= Colors)
            return [.. byFrequency.Select(c => c.Key)];
        var blocks = byFrequency.Skip(Exact).GroupBy(c => c.Key & 0xE0E0E0).OrderByDescending(block => block.Sum(c => c.Value)).ThenBy(block => block.Key)
            .Take(Colors - Exact).Select(block => Mean([.. block]));
        return [.. byFrequency.Take(Exact).Select(c => c.Key), .. blocks];
    }

    private static uint Mean(IReadOnlyList<KeyValuePair<uint, int>> colors)
    {
        var total = colors.Sum(c => (long)c.Value);
        uint Channel(int shift) => (uint)(colors.Sum(c => (c.Key >> shift & 0xFF) * (long)c.Value) / total) << shift;
        return Channel(16) | Channel(8) | Channel(0);
    }

    private static int Nearest(uint[] palette, uint color)
    {
        var (best, distance) = (0, int.MaxValue);
        for (var i = 0; i < palette.Length && distance > 0; i++)
        {
            int Off(int shift) => (int)(palette[i] >> shift & 0xFF) - (int)(color >> shift & 0xFF);
            var (r, g, b) = (Off(16), Off(8), Off(0));
            if (r * r + g * g + b * b is var d && d < distance)
                (best, distance) = (i, d);
        }
        return best;
    }

    private static byte[] File(int width, int height, uint[] palette, byte[] rows)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 3); // bits a pixel, colour type palette
        Chunk(png, "IHDR"u8, header);
        Chunk(png, "PLTE"u8, [.. palette.SelectMany(color => new[] { (byte)(color >> 16), (byte)(color >> 8), (byte)color })]);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.SmallestSize, leaveOpen: true))
            zlib.Write(rows);
        Chunk(png, "IDAT"u8, data.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        var crc = 0xFFFFFFFF;
        foreach (var b in type)
            crc = CrcTable[(crc ^ b) & 0xFF] ^ (crc >> 8);
        foreach (var b in data)
            crc = CrcTable[(crc ^ b) & 0xFF] ^ (crc >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        png.Write(number);
    }
}
