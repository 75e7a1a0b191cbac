using Cai.Generation.Remote;
using Cai.Models;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>Where the models that a run starts from are found: the miniature's weights beside the assembly, or a folder of the user's.</summary>
public static class ShippedModels
{
    /// <summary>Every size in which a model is shipped, smallest first, for figures against parameters (paper Figs 3, 5, 7).</summary>
    /// <param name="name">`pretrained` or `helpful`.</param>
    public static IReadOnlyList<(string Size, ModelFolder Model)> Sizes(string name) =>
        [.. MiniatureSizes.Names.Where(size => Has(size, name)).Select(size => (size, Of(size, name)))];

    /// <summary>Whether a size has a model of that name.</summary>
    internal static bool Has(string size, string name) => Directory.Exists(FolderOf(size, name));

    /// <summary>A shipped model.</summary>
    /// <param name="size">One of <see cref="MiniatureSizes.Names"/>.</param>
    /// <param name="name">`pretrained` or `helpful`.</param>
    /// <exception cref="CaiException">Its weights are missing.</exception>
    public static ModelFolder Of(string size, string name)
    {
        var folder = FolderOf(size, name);
        if (!Directory.Exists(folder))
            throw new CaiException($"The miniature's {name} model of size {size} is missing.",
                $"Train it with `cai miniature train --size {size}` and build again.", folder);
        return new ModelFolder(name, folder, ContentHash.OfFile(Path.Combine(folder, "model.safetensors")));
    }

    /// <summary>A model folder of the user's in the miniature's place; one with `pretrained` and `helpful` in it gives each part its own.</summary>
    /// <exception cref="CaiException">It is no folder.</exception>
    internal static ModelFolder Own(string own, string name)
    {
        if (ModelSource.IsAddress(own))
            throw new CaiException($"This notebook trains models, and the weights of {own} are on a server.",
                "Name a model folder; notebook 10 asks servers.", "CAI_MODEL");
        if (!Directory.Exists(own))
            throw new CaiException("There is no such model folder.", "Name a folder in Hugging Face's format.", own);
        var part = Path.Combine(own, name);
        var folder = Path.GetFullPath(Directory.Exists(part) ? part : own);
        return new ModelFolder(name, folder, HuggingFaceFolder.Hash(folder));
    }

    private static string FolderOf(string size, string name) => Path.Combine(ShippedFiles.Folder, "data", "miniature", size, name);
}
