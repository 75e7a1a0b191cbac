using System.Buffers.Binary;
using System.Text.Json;
using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Start">First byte, from the beginning of the file.</param>
/// <param name="Bytes">Number of bytes: elements times their size.</param>
public sealed record TensorEntry(string Name, ScalarType DType, long[] Shape, long Start, long Bytes)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>
/// The head of a safetensors file: eight bytes of length, then JSON that names every tensor, its type, shape and place
/// (github.com/huggingface/safetensors, README "Format"). Everything is checked before a byte of data is touched.
/// </summary>
internal static class SafetensorsHeader
{
    public const string MetadataKey = "__metadata__";
    private const long Longest = 100_000_000; // the format's own limit
    private const string Remedy = "Download or copy the file again.";

    private static readonly (string Name, ScalarType DType, int Size)[] Types =
    [
        ("F32", ScalarType.Float32, 4), ("BF16", ScalarType.BFloat16, 2), ("F16", ScalarType.Float16, 2), ("F64", ScalarType.Float64, 8),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    public static string NameOf(ScalarType dtype) => Types.First(t => t.DType == dtype).Name;

    public static int SizeOf(ScalarType dtype) => Types.First(t => t.DType == dtype).Size;

    public static bool Knows(ScalarType dtype) => Types.Any(t => t.DType == dtype);

    /// <summary>Reads and checks the head; the stream stands at the file's beginning.</summary>
    public static (List<TensorEntry> Entries, Dictionary<string, string> Metadata) Read(Stream file, string path)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (file.Length < 8)
            throw new CaiException($"The file has {file.Length} bytes; a safetensors file begins with 8 bytes of header length.", Remedy, path);
        file.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > Longest)
            throw new CaiException($"The header claims {length} bytes; the format allows {Longest}, so this is not a safetensors file.",
                "Check that it is model.safetensors and not another format (.bin, .gguf, a Git LFS pointer).", path);
        if ((long)length > file.Length - 8)
            throw new CaiException($"The header claims {length} bytes but only {file.Length - 8} follow: the file is truncated.", Remedy, path);
        var json = new byte[length];
        file.ReadExactly(json);
        return Parse(json, 8 + (long)length, file.Length, path);
    }

    private static (List<TensorEntry>, Dictionary<string, string>) Parse(byte[] json, long dataStart, long fileLength, string path)
    {
        List<TensorEntry> entries = [];
        Dictionary<string, string> metadata = [];
        if (OutsideJson.FaultIn(json) is { } fault)
            throw new CaiException($"The header is not the JSON of a safetensors file: {fault.Problem}.", Remedy, path);
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataKey)
                    foreach (var pair in property.Value.EnumerateObject())
                        metadata[pair.Name] = pair.Value.GetString() ?? "";
                else
                    entries.Add(Entry(property, dataStart, path));
            }
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new CaiException($"The header is not the JSON of a safetensors file ({e.Message.TrimEnd('.')}).", Remedy, path, e);
        }
        CheckLayout(entries, dataStart, fileLength, path);
        return (entries, metadata);
    }

    private static TensorEntry Entry(JsonProperty property, long dataStart, string path)
    {
        var (name, value) = (property.Name, property.Value);
        var dtype = value.GetProperty("dtype").GetString();
        var known = Types.FirstOrDefault(t => t.Name == dtype);
        if (known.Name is null)
            throw new CaiException($"Tensor '{name}' has dtype {dtype}, which is not read here.",
                $"Convert the weights to one of {string.Join(", ", Types.Select(t => t.Name))}.", path);
        long[] shape = [.. value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        var offsets = value.GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        var bytes = shape.Aggregate((long)known.Size,
            (product, size) => size < 0 ? throw new OverflowException($"tensor '{name}' has a negative size") : checked(product * size));
        if (begin < 0 || end < begin)
            throw new CaiException($"Tensor '{name}' has data offsets [{begin}, {end}].", Remedy, path);
        if (end - begin != bytes)
            throw new CaiException(
                $"Tensor '{name}' takes {end - begin} bytes, but {dtype} of shape [{string.Join(", ", shape)}] needs {bytes}.", Remedy, path);
        return new TensorEntry(name, known.DType, shape, dataStart + begin, bytes);
    }

    /// <summary>The format asks for data without gaps or overlaps: what nobody names could hide anything.</summary>
    private static void CheckLayout(List<TensorEntry> entries, long dataStart, long fileLength, string path)
    {
        var expected = dataStart;
        foreach (var entry in entries.OrderBy(e => e.Start).ThenBy(e => e.Bytes))
        {
            if (entry.Start != expected)
                throw new CaiException($"Tensor '{entry.Name}' {(entry.Start < expected ? "overlaps the one before it" : "leaves a gap before it")} (data "
                    + $"offset {entry.Start - dataStart}, expected {expected - dataStart}).", Remedy, path);
            expected += entry.Bytes;
            if (expected > fileLength)
                throw new CaiException($"Tensor '{entry.Name}' ends at byte {expected}, but the file has {fileLength}: it is truncated.", Remedy, path);
        }
        if (expected != fileLength)
            throw new CaiException($"{fileLength - expected} bytes at the end belong to no tensor.", Remedy, path);
    }
}
