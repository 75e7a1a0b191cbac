using System.Globalization;
using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Writes the weights of a model under the names of its family: one file, or shards with an index.</summary>
internal static class WeightSaver
{
    public const long DefaultShardBytes = 5_000_000_000;

    /// <summary>
    /// Replaces the weights in a folder, with an adapter's updates merged in on the way.
    /// Files of an earlier save that no longer belong to the model are removed at the end.
    /// </summary>
    /// <exception cref="CaiException">The family has no weight of that kind, or a file cannot be written.</exception>
    public static void Save(string folder, Decoder model, ParameterSet parameters, bool scalar, ScalarType dtype, long shardBytes)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        var shards = Shards([.. WeightTable.Of(model.Config, scalar).SelectMany(source => Parts(source, parameters[source.Ours], model, dtype))], shardBytes);
        var names = shards.Count == 1
            ? [WeightFiles.Single]
            : shards.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors")).ToList();
        for (var i = 0; i < shards.Count; i++)
            SafetensorsWriter.Write(Path.Combine(folder, names[i]), shards[i], metadata);
        if (shards.Count > 1)
            AtomicFile.Write(Path.Combine(folder, WeightFiles.Index), Index(shards, names));
        foreach (var old in Directory.GetFiles(folder, "model*.safetensors*")
            .Where(f => Path.GetFileName(f) is var name && IsWeights(name) && !names.Contains(name)))
            if (shards.Count == 1 || Path.GetFileName(old) != WeightFiles.Index)
                File.Delete(old);
    }

    private static IEnumerable<PendingTensor> Parts(WeightSource source, Tensor ours, Decoder model, ScalarType dtype)
    {
        long row = 0;
        foreach (var part in source.Theirs)
        {
            var from = row;
            yield return new(part.Name, part.Shape, dtype,
                () => WeightTable.InTheirOrder(Adapted(part.Name, ours.detach().narrow(0, from, part.Rows), model.Adapter), source.Layout, model.Config));
            row += part.Rows;
        }
    }

    private static Tensor Adapted(string name, Tensor rows, LoraAdapter? adapter) =>
        adapter is null ? rows : name == "score.weight" ? adapter.ScoreHead ?? rows : adapter.Merged(name, rows);

    /// <summary>Fills shards in the order of the table; a tensor larger than a shard gets one of its own.</summary>
    private static List<List<PendingTensor>> Shards(List<PendingTensor> tensors, long limit)
    {
        List<List<PendingTensor>> shards = [[]];
        long size = 0;
        foreach (var tensor in tensors)
        {
            if (shards[^1].Count > 0 && size + tensor.Bytes > limit)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(tensor);
            size += tensor.Bytes;
        }
        return shards;
    }

    private static string Index(List<List<PendingTensor>> shards, List<string> names)
    {
        var map = new JsonObject();
        foreach (var (name, shard) in shards.SelectMany((shard, i) => shard.Select(t => (t.Name, names[i]))).OrderBy(p => p.Name, StringComparer.Ordinal))
            map[name] = shard;
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = shards.Sum(s => s.Sum(t => t.Bytes)) }, ["weight_map"] = map };
        return index.ToJsonString(CaiJson.Indented) + "\n";
    }

    private static bool IsWeights(string name) =>
        name is WeightFiles.Single or WeightFiles.Index
            || name.StartsWith("model-", StringComparison.Ordinal) && name.Contains("-of-", StringComparison.Ordinal);
}
