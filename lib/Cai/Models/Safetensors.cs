using System.IO.MemoryMappedFiles;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// A safetensors file opened for reading. The data is memory-mapped: opening costs the header alone, and a tensor is
/// copied only when asked for, through a small staging buffer, whatever its size.
/// </summary>
public sealed class Safetensors : IDisposable
{
    private const long ChunkElements = 1 << 20; // checking and copying take about ten times this
    private readonly MemoryMappedFile? map;
    private readonly Dictionary<string, TensorEntry> entries;

    private Safetensors(string path, List<TensorEntry> entries, Dictionary<string, string> metadata, MemoryMappedFile? map)
    {
        Path = path;
        this.entries = entries.ToDictionary(e => e.Name);
        Metadata = metadata;
        this.map = map;
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
        : throw new CaiException($"There is no tensor '{name}'.",
            $"The file holds: {string.Join(", ", entries.Keys.Take(8))}{(entries.Count > 8 ? ", …" : "")}.", Path);

    /// <summary>A tensor of the file's own type and shape, on the CPU, in the current dispose scope.</summary>
    /// <exception cref="CaiException">The file holds no tensor of this name, or with <paramref name="checkFinite"/> a value is NaN or infinite.</exception>
    public Tensor Read(string name, bool checkFinite = false)
    {
        var entry = Entry(name);
        var result = empty(entry.Shape, dtype: entry.DType);
        CopyTo(name, result, checkFinite);
        return result;
    }

    /// <summary>Copies a tensor into one of the same number of elements, in their order, which may differ in shape, strides, type and device.</summary>
    /// <exception cref="CaiException">The file holds no tensor of this name, or with <paramref name="checkFinite"/> a value is NaN or infinite.</exception>
    public void CopyTo(string name, Tensor target, bool checkFinite = false)
    {
        var entry = Entry(name);
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        if (entry.Count == 0)
            return;
        var rows = target.is_contiguous() ? target.detach().view(-1) : target.detach();
        var width = entry.Count / rows.shape[0];
        var step = Math.Max(1, ChunkElements / width);
        for (long done = 0; done < rows.shape[0]; done += step)
        {
            using var inner = NewDisposeScope();
            var part = rows.narrow(0, done, Math.Min(step, rows.shape[0] - done));
            var chunk = Chunk(entry, done * width, part.NumberOfElements);
            if (checkFinite && !FiniteBits.All(chunk.bytes, entry.DType))
                throw new CaiException($"Tensor '{name}' holds NaN or an infinity: the weights are damaged or come from a run that diverged.",
                    "Load an earlier checkpoint, or turn the check off to look at the file.", Path);
            part.copy_(chunk.view(part.shape));
        }
    }

    /// <summary>Whether two tensors, of one file or two, are equal number by number; types may differ.</summary>
    /// <exception cref="CaiException">A file holds no tensor of the name.</exception>
    public bool SameData(string name, Safetensors other, string otherName)
    {
        var (mine, theirs) = (Entry(name), other.Entry(otherName));
        if (!mine.Shape.SequenceEqual(theirs.Shape))
            return false;
        for (long done = 0; done < mine.Count; done += ChunkElements)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(ChunkElements, mine.Count - done);
            if (!Chunk(mine, done, count).eq(other.Chunk(theirs, done, count)).all().ReadBoolean())
                return false;
        }
        return true;
    }

    /// <summary>Writes tensors; the file appears whole or not at all.</summary>
    /// <param name="tensors">Name and tensor; any device. Larger element types are laid out first so that all data stays aligned.</param>
    /// <param name="dtype">Converts floating-point tensors to this type; null keeps every tensor's own.</param>
    /// <param name="metadata">Free text pairs for `__metadata__`.</param>
    /// <exception cref="CaiException">A type that the format does not have, a name given twice, or the disk is full.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, ScalarType? dtype = null, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafetensorsWriter.Write(path, [.. tensors.Select(t => PendingTensor.Of(t.Key, t.Value, dtype))], metadata);

    public void Dispose() => map?.Dispose();

    /// <summary>Some elements in the file's own type. Mapped for the moment of the copy only: what stays mapped counts as memory in use.</summary>
    private unsafe Tensor Chunk(TensorEntry entry, long from, long count)
    {
        var size = SafetensorsHeader.SizeOf(entry.DType);
        var chunk = empty([count], dtype: entry.DType);
        using var view = map!.CreateViewAccessor(entry.Start + from * size, count * size, MemoryMappedFileAccess.Read);
        byte* data = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        try
        {
            new ReadOnlySpan<byte>(data + view.PointerOffset, checked((int)(count * size))).CopyTo(chunk.bytes);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        return chunk;
    }
}
