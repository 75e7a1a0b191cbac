using System.IO.MemoryMappedFiles;
using System.Text.Json;
using Cai.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// A safetensors file opened for reading. The data is memory-mapped: opening costs the header alone, and a tensor is
/// copied only when asked for, through a small staging buffer, whatever its size.
/// </summary>
public sealed class Safetensors : IDisposable
{
    private const long ChunkElements = 1 << 22;
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private readonly Dictionary<string, TensorEntry> entries;

    private Safetensors(string path, List<TensorEntry> entries, Dictionary<string, string> metadata, MemoryMappedFile? map)
    {
        Path = path;
        this.entries = entries.ToDictionary(e => e.Name);
        Metadata = metadata;
        this.map = map;
        view = map?.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    public string Path { get; }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyCollection<TensorEntry> Entries => entries.Values;

    /// <summary>The free text pairs of `__metadata__`.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CaiException">
    /// Missing, truncated, not this format, overlapping or gapped data, a byte count that contradicts the shape, a name
    /// given twice, a dtype not read here. The message names file and tensor.
    /// </exception>
    public static Safetensors Open(string path)
    {
        using var file = (FileStream)InputFile.Open(path, "Check the path; the weights of a model folder are model.safetensors.");
        var (entries, metadata) = SafetensorsHeader.Read(file, path);
        // A file may hold no data at all, which cannot be mapped.
        var hasData = entries.Any(e => e.Bytes > 0);
        return new(path, entries, metadata, hasData ? MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read) : null);
    }

    public bool Contains(string name) => entries.ContainsKey(name);

    /// <exception cref="CaiException">The file holds no tensor of this name.</exception>
    public TensorEntry Entry(string name) => entries.TryGetValue(name, out var entry)
        ? entry
        : throw new CaiException($"There is no tensor '{name}'.", $"The file holds: {string.Join(", ", entries.Keys.Take(8))}{(entries.Count > 8 ? ", …" : "")}.", Path);

    /// <summary>A tensor of the file's own type and shape, on the CPU, in the current dispose scope.</summary>
    /// <exception cref="CaiException">The file holds no tensor of this name.</exception>
    public Tensor Read(string name)
    {
        var entry = Entry(name);
        var result = empty(entry.Shape, dtype: entry.DType);
        CopyTo(name, result);
        return result;
    }

    /// <summary>Copies a tensor into one of the same number of elements, which may differ in type and device.</summary>
    /// <exception cref="CaiException">The file holds no tensor of this name, or with <paramref name="checkFinite"/> a value is NaN or infinite.</exception>
    public unsafe void CopyTo(string name, Tensor target, bool checkFinite = false)
    {
        var entry = Entry(name);
        if (entry.Count == 0)
            return;
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var flat = target.detach().view(-1);
        var size = SafetensorsHeader.SizeOf(entry.DType);
        byte* data = null;
        view!.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        try
        {
            for (long done = 0; done < entry.Count; done += ChunkElements)
            {
                using var inner = NewDisposeScope();
                var count = Math.Min(ChunkElements, entry.Count - done);
                var chunk = empty([count], dtype: entry.DType);
                new ReadOnlySpan<byte>(data + view.PointerOffset + entry.Start + done * size, (int)(count * size)).CopyTo(chunk.bytes);
                if (checkFinite && !chunk.isfinite().all().ToBoolean())
                    throw new CaiException($"Tensor '{name}' holds NaN or an infinity: the weights are damaged or come from a run that diverged.", "Load an earlier checkpoint, or turn the check off to look at the file.", Path);
                flat.narrow(0, done, count).copy_(chunk);
            }
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    /// <summary>Writes tensors; the file appears whole or not at all.</summary>
    /// <param name="tensors">Name and tensor; any device. Larger element types are laid out first so that all data stays aligned.</param>
    /// <param name="dtype">Converts floating-point tensors to this type; null keeps every tensor's own.</param>
    /// <param name="metadata">Free text pairs for `__metadata__`.</param>
    /// <exception cref="CaiException">A type that the format does not have, a name given twice, or the disk is full.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, ScalarType? dtype = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var all = tensors.Select(p => (Name: p.Key, Tensor: p.Value, DType: dtype is { } wanted && p.Value.is_floating_point() ? wanted : p.Value.dtype)).ToList();
        foreach (var (name, _, type) in all)
            if (name == SafetensorsHeader.MetadataKey || !SafetensorsHeader.Knows(type))
                throw new CaiException($"Tensor '{name}' of type {type} cannot be stored.", "Rename it or convert it to a type that safetensors has.", path);
        if (all.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new CaiException($"Tensor '{twice.Key}' is given twice.", "Give every tensor a name of its own.", path);
        var ordered = all.OrderByDescending(t => SafetensorsHeader.SizeOf(t.DType)).ToList();
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Header(ordered, metadata));
            foreach (var (_, tensor, type) in ordered)
                WriteData(stream, tensor, type);
        });
    }

    private static byte[] Header(List<(string Name, Tensor Tensor, ScalarType DType)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var json = new MemoryStream();
        json.Write(new byte[8]);
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
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
            foreach (var (name, tensor, dtype) in tensors)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", SafetensorsHeader.NameOf(dtype));
                writer.WriteStartArray("shape");
                foreach (var size in tensor.shape)
                    writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += tensor.NumberOfElements * SafetensorsHeader.SizeOf(dtype));
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        // Blanks up to a multiple of eight keep the data aligned for readers that map it.
        while (json.Length % 8 != 0)
            json.WriteByte((byte)' ');
        var bytes = json.ToArray();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        return bytes;
    }

    private static void WriteData(Stream stream, Tensor tensor, ScalarType dtype)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var flat = tensor.detach().reshape(-1);
        for (long done = 0, total = flat.NumberOfElements; done < total; done += ChunkElements)
        {
            using var inner = NewDisposeScope();
            var chunk = flat.narrow(0, done, Math.Min(ChunkElements, total - done)).to(CPU).to(dtype).contiguous();
            stream.Write(chunk.bytes);
        }
    }

    public void Dispose()
    {
        view?.Dispose();
        map?.Dispose();
    }
}
