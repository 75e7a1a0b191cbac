using System.Buffers.Binary;
using System.Text;
using Cai.Storage;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>One trained network of a checkpoint: its weights and its optimiser.</summary>
public sealed record TrainedPart(string Name, ParameterSet Parameters, FlatAdamW Optimiser);

/// <summary>
/// Everything that a stopped training run needs to end bit-identical to an unbroken one, in one file that is replaced
/// atomically: weights, both Adam moments and step count of each network, and the trainer's own state as JSON (step,
/// data position, controllers).
/// </summary>
public static class Checkpoint
{
    private const string Remedy = "Remove the file to begin the stage anew.";
    private static readonly byte[] Magic = "cai-checkpoint-1"u8.ToArray();

    private sealed record Header<TState>(TState State, IReadOnlyList<PartHeader> Parts);

    private sealed record PartHeader(string Name, long Count, long Steps);

    /// <summary>Writes a checkpoint over the previous one.</summary>
    /// <exception cref="CaiException">The disk is full; the previous checkpoint is intact.</exception>
    public static void Save<TState>(string path, TState state, params IReadOnlyList<TrainedPart> parts)
    {
        var header = new Header<TState>(state, [.. parts.Select(p => new PartHeader(p.Name, p.Parameters.Count, p.Optimiser.Steps))]);
        var json = Encoding.UTF8.GetBytes(CaiJson.Write(header));
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Magic);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, json.Length);
            stream.Write(length);
            stream.Write(json);
            foreach (var part in parts)
                foreach (var tensor in Tensors(part))
                {
                    using var scope = NewDisposeScope();
                    stream.Write(tensor.cpu().bytes);
                }
        });
    }

    /// <summary>Restores the networks in place and returns the trainer's state; null when there is no checkpoint yet.</summary>
    /// <exception cref="CaiException">The file is broken or belongs to networks of another shape. Nothing has been changed then.</exception>
    public static TState? TryLoad<TState>(string path, params IReadOnlyList<TrainedPart> parts) where TState : class
    {
        if (!File.Exists(path))
            return null;
        using var stream = InputFile.Open(path, Remedy);
        var header = ReadHeader<TState>(stream, path);
        var expected = string.Join(", ", parts.Select(p => $"{p.Name} ({p.Parameters.Count} weights)"));
        var found = string.Join(", ", header.Parts.Select(p => $"{p.Name} ({p.Count} weights)"));
        if (expected != found)
            throw new CaiException($"The checkpoint holds {found}; expected {expected}.", Remedy, path);
        var bytes = parts.SelectMany(Tensors).Sum(t => t.NumberOfElements * t.ElementSize);
        if (stream.Length - stream.Position != bytes)
            throw new CaiException($"The checkpoint has {stream.Length - stream.Position} bytes of tensors; expected {bytes}.", Remedy, path);
        using var guard = no_grad();
        for (var i = 0; i < parts.Count; i++)
        {
            using var scope = NewDisposeScope();
            parts[i].Parameters.Flat.copy_(ReadTensor(stream, parts[i].Parameters.Flat));
            var state = new Dictionary<string, Tensor>();
            foreach (var (name, tensor) in parts[i].Optimiser.State)
                state.Add(name, ReadTensor(stream, tensor));
            parts[i].Optimiser.Load(state, header.Parts[i].Steps);
        }
        return header.State;
    }

    /// <summary>The trainer's state alone, without touching any network; null when there is no checkpoint yet.</summary>
    /// <exception cref="CaiException">The file is broken.</exception>
    public static TState? ReadState<TState>(string path) where TState : class
    {
        if (!File.Exists(path))
            return null;
        using var stream = InputFile.Open(path, Remedy);
        return ReadHeader<TState>(stream, path).State;
    }

    private static Header<TState> ReadHeader<TState>(Stream stream, string path)
    {
        try
        {
            var start = new byte[Magic.Length + sizeof(int)];
            stream.ReadExactly(start);
            var length = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(Magic.Length));
            if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic) || length < 0 || length > stream.Length)
                throw new CaiException("Not a checkpoint.", Remedy, path);
            var json = new byte[length];
            stream.ReadExactly(json);
            return CaiJson.Read<Header<TState>>(Encoding.UTF8.GetString(json), path, Remedy);
        }
        catch (EndOfStreamException e)
        {
            throw new CaiException("The checkpoint is cut off.", Remedy, path, e);
        }
    }

    private static Tensor ReadTensor(Stream stream, Tensor like)
    {
        var tensor = empty(like.shape, dtype: like.dtype);
        stream.ReadExactly(tensor.bytes);
        return tensor.to(like.device);
    }

    private static IEnumerable<Tensor> Tensors(TrainedPart part) => [part.Parameters.Flat, .. part.Optimiser.State.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Value)];
}
