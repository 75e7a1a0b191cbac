using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Tensors and a small record as one safetensors file: a checkpoint is whole or it is not there.</summary>
/// <typeparam name="TState">Everything that is not a tensor: step, data position, generator states. Written as JSON.</typeparam>
public sealed record Checkpoint<TState>(IReadOnlyDictionary<string, Tensor> Tensors, TState State) : IDisposable
{
    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
            tensor.Dispose();
    }
}

/// <summary>Reads and writes checkpoints.</summary>
public static class TensorFile
{
    private const string StateKey = "state";

    /// <summary>Replaces the file with these tensors, bit for bit in their own types, and this state.</summary>
    /// <exception cref="CaiException">The disk is full (the old file stays), or the state holds NaN.</exception>
    public static void Save<TState>(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, TState state) =>
        Safetensors.Write(path, tensors, metadata: new Dictionary<string, string> { [StateKey] = CaiJson.Write(state) });

    /// <summary>Reads a checkpoint. Its tensors are on the CPU, outside all dispose scopes; the caller disposes of it.</summary>
    /// <exception cref="CaiException">Missing or damaged, or not written by <see cref="Save"/>.</exception>
    public static Checkpoint<TState> Load<TState>(string path)
    {
        const string remedy = "Delete the file to start this stage again from its beginning.";
        using var file = Safetensors.Open(path);
        if (!file.Metadata.TryGetValue(StateKey, out var json))
            throw new CaiException($"This is no checkpoint: its metadata has no '{StateKey}'.", remedy, path);
        var state = CaiJson.Read<TState>(json, path, remedy);
        return new(file.Entries.ToDictionary(e => e.Name, e => file.Read(e.Name).DetachFromDisposeScope()), state);
    }
}
