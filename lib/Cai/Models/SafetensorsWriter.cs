using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>A tensor that is to be written, computed only when its turn comes: a file never needs more memory than its largest tensor.</summary>
/// <param name="DType">Type in the file.</param>
/// <param name="Read">Gives the tensor, in the current dispose scope if it is made anew.</param>
internal sealed record PendingTensor(string Name, long[] Shape, ScalarType DType, Func<Tensor> Read)
{
    /// <summary>Number of bytes in the file.</summary>
    public long Bytes => Shape.Aggregate((long)SafetensorsHeader.SizeOf(DType), (product, size) => product * size);

    /// <summary>An existing tensor; floating-point ones become <paramref name="dtype"/> when it is given.</summary>
    public static PendingTensor Of(string name, Tensor tensor, ScalarType? dtype) =>
        new(name, tensor.shape, dtype is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype, () => tensor);
}

/// <summary>Writes safetensors files.</summary>
internal static class SafetensorsWriter
{
    private const long ChunkElements = 1 << 22;

    /// <inheritdoc cref="Safetensors.Write"/>
    public static void Write(string path, IReadOnlyList<PendingTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var tensor in tensors)
            if (tensor.Name == SafetensorsHeader.MetadataKey || !SafetensorsHeader.Knows(tensor.DType))
                throw new CaiException($"Tensor '{tensor.Name}' of type {tensor.DType} cannot be stored.",
                    "Rename it or convert it to a type that safetensors has.", path);
        if (tensors.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new CaiException($"Tensor '{twice.Key}' is given twice.", "Give every tensor a name of its own.", path);
        var ordered = tensors.OrderByDescending(t => SafetensorsHeader.SizeOf(t.DType)).ToList();
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Header(ordered, metadata));
            foreach (var tensor in ordered)
                WriteData(stream, tensor);
        });
    }

    private static byte[] Header(List<PendingTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var json = new MemoryStream();
        json.Write(new byte[8]);
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(p => p.Key, StringComparer.Ordinal))
                    writer.WriteString(key, value);
                writer.WriteEndObject();
            }
            long offset = 0;
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", SafetensorsHeader.NameOf(tensor.DType));
                writer.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += tensor.Bytes);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        // Blanks up to a multiple of eight keep the data aligned for readers that map it.
        while (json.Length % 8 != 0)
            json.WriteByte((byte)' ');
        var bytes = json.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        return bytes;
    }

    private static void WriteData(Stream stream, PendingTensor tensor)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var flat = tensor.Read().detach().reshape(-1);
        for (long done = 0, total = flat.NumberOfElements; done < total; done += ChunkElements)
        {
            using var inner = NewDisposeScope();
            var chunk = flat.narrow(0, done, Math.Min(ChunkElements, total - done)).to(CPU).to(tensor.DType).contiguous();
            stream.Write(chunk.bytes);
        }
    }
}
