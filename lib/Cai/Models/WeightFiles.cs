using System.Text.Json;
using Cai.Storage;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>The weights of a Hugging Face folder, whether one `model.safetensors` or the shards that `model.safetensors.index.json` lists.</summary>
public sealed class WeightFiles : IDisposable
{
    public const string Single = "model.safetensors";
    public const string Index = "model.safetensors.index.json";
    private readonly Dictionary<string, Safetensors> fileOf = [];
    private readonly List<Safetensors> files = [];

    /// <exception cref="CaiException">No weights, a missing or damaged shard, or an index that contradicts its shards.</exception>
    public WeightFiles(string folder)
    {
        Folder = folder;
        try
        {
            var (single, index) = (Path.Combine(folder, Single), Path.Combine(folder, Index));
            if (File.Exists(index))
                AddShards(index);
            else if (File.Exists(single))
                Add(single);
            else
                throw new CaiException($"The folder holds neither {Single} nor {Index}.",
                    "Weights in another format (.bin, .gguf) must first be saved as safetensors.", folder);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Folder { get; }

    public IEnumerable<string> Names => fileOf.Keys;

    public bool Contains(string name) => fileOf.ContainsKey(name);

    public long[] Shape(string name) => fileOf[name].Entry(name).Shape;

    /// <summary>Path of the file that holds a tensor, for messages.</summary>
    public string PathOf(string name) => fileOf[name].Path;

    /// <inheritdoc cref="Safetensors.CopyTo"/>
    public void CopyTo(string name, Tensor target, bool checkFinite) => fileOf[name].CopyTo(name, target, checkFinite);

    /// <summary>Whether two tensors are equal number by number.</summary>
    public bool Same(string name, string other) => fileOf[name].SameData(name, fileOf[other], other);

    public void Dispose()
    {
        foreach (var file in files)
            file.Dispose();
    }

    private Safetensors Add(string path)
    {
        var file = Safetensors.Open(path);
        files.Add(file);
        foreach (var entry in file.Entries)
            if (!fileOf.TryAdd(entry.Name, file))
                throw new CaiException($"Tensor '{entry.Name}' is also in {Path.GetFileName(fileOf[entry.Name].Path)}.", "Download the shards again.", path);
        return file;
    }

    private void AddShards(string index)
    {
        const string remedy = "Download the model's index and shards again.";
        var root = OutsideJson.Element(InputFile.ReadText(index, remedy), index, "an index of weights", remedy);
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out var map)
            || map.ValueKind != JsonValueKind.Object)
            throw new CaiException("The index has no weight_map.", remedy, index);
        var shards = map.EnumerateObject().GroupBy(p => p.Value.ToString()).ToList();
        if (File.Exists(Path.Combine(Folder, Single)) && !shards.Exists(shard => shard.Key == Single))
            throw new CaiException($"The folder holds {Single} and also {Index}, which names other files.", "Remove the one that is not meant.", Folder);
        foreach (var shard in shards)
        {
            // Only names beside the index: an index must not reach outside its folder.
            if (shard.Key.Length == 0 || Path.GetFileName(shard.Key) != shard.Key)
                throw new CaiException($"weight_map names the file '{shard.Key}'; a plain file name was expected.", remedy, index);
            var path = Path.Combine(Folder, shard.Key);
            if (!File.Exists(path))
                throw new CaiException($"The shard {shard.Key} is missing.", remedy, index);
            var file = Add(path);
            if (shard.FirstOrDefault(p => !file.Contains(p.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } absent)
                throw new CaiException($"weight_map places '{absent.Name}' in {shard.Key}, which does not hold it.", remedy, index);
        }
    }
}
