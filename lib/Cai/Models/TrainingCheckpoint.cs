using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>One trained network of a checkpoint: its weights and its optimiser.</summary>
public sealed record TrainedPart(string Name, ParameterSet Parameters, FlatAdamW Optimiser)
{
    /// <summary>Called after the weights were read back; null does nothing.</summary>
    public Action? Restored { get; init; }
}

/// <summary>
/// Everything that a stopped training run needs to end bit-identical to an unbroken one, in one file that is replaced
/// atomically: weights, both Adam moments and step count of each network, and the trainer's own state (step, data
/// position, controllers).
/// </summary>
public static class TrainingCheckpoint
{
    private const string Remedy = "Remove the file to begin the stage anew.";

    private sealed record Saved<TState>(TState State, IReadOnlyDictionary<string, long> AdamSteps)
    {
        public JsonNode? Key { get; init; }
    }

    /// <summary>Writes a checkpoint over the previous one.</summary>
    /// <exception cref="CaiException">The disk is full; the previous checkpoint is intact.</exception>
    public static void Save<TState>(string path, TState state, params IReadOnlyList<TrainedPart> parts) => Save(path, state, null, parts);

    /// <inheritdoc cref="Save{TState}(string, TState, IReadOnlyList{TrainedPart})"/>
    /// <param name="key">What the training is made from: options, start, data (<see cref="RunKey"/>).</param>
    public static void Save<TState>(string path, TState state, JsonNode? key, params IReadOnlyList<TrainedPart> parts) =>
        TensorFile.Save(path, parts.SelectMany(Tensors), new Saved<TState>(state, parts.ToDictionary(p => p.Name, p => p.Optimiser.Steps)) { Key = key });

    /// <summary>Restores the networks in place and returns the trainer's state; null when there is no checkpoint yet.</summary>
    /// <exception cref="CaiException">The file is broken or belongs to other networks. Nothing has been changed then.</exception>
    public static TState? TryLoad<TState>(string path, params IReadOnlyList<TrainedPart> parts) where TState : class => TryLoad<TState>(path, null, parts);

    /// <inheritdoc cref="TryLoad{TState}(string, IReadOnlyList{TrainedPart})"/>
    /// <param name="key">What the training is made from; null takes any checkpoint that fits.</param>
    public static TState? TryLoad<TState>(string path, JsonNode? key, params IReadOnlyList<TrainedPart> parts) where TState : class
    {
        if (!File.Exists(path))
            return null;
        using var file = TensorFile.Load<Saved<TState>>(path);
        var (expected, found) = (Describe(parts.SelectMany(Tensors)), Describe(file.Tensors));
        if (expected != found)
            throw new CaiException($"The checkpoint holds {found}; expected {expected}.", Remedy, path);
        if (key is not null && file.State.Key is null)
            throw new CaiException("The checkpoint does not say what its training was made from.", Remedy, path);
        if (key is not null && RunKey.Difference(file.State.Key, key) is { } difference)
            throw new CaiException($"The checkpoint is of another training: {difference}.", Remedy, path);
        using var guard = no_grad();
        foreach (var part in parts)
        {
            part.Parameters.Flat.copy_(file.Tensors[$"{part.Name}/weights"]);
            part.Optimiser.Load(part.Optimiser.State.Keys.ToDictionary(key => key, key => file.Tensors[$"{part.Name}/{key}"]), file.State.AdamSteps[part.Name]);
            part.Restored?.Invoke();
        }
        return file.State.State;
    }

    /// <summary>The trainer's state alone, without touching any network; null when there is no checkpoint yet.</summary>
    /// <exception cref="CaiException">The file is broken.</exception>
    public static TState? ReadState<TState>(string path) where TState : class
    {
        if (!File.Exists(path))
            return null;
        using var file = TensorFile.Load<Saved<TState>>(path);
        return file.State.State;
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Tensors(TrainedPart part) =>
        part.Optimiser.State.Append(KeyValuePair.Create("weights", part.Parameters.Flat)).Select(t => KeyValuePair.Create($"{part.Name}/{t.Key}", t.Value));

    private static string Describe(IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        string.Join(", ", tensors.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key} ({t.Value.NumberOfElements} numbers)"));
}
