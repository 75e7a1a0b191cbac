using Cai.Models;

namespace Cai.Generation.Remote;

/// <summary>Opens a model that is named by one string, as in a notebook's first cell: `Model = "…"`.</summary>
public static class ModelSource
{
    /// <summary>
    /// A folder in Hugging Face's format, or `http://host:8000/v1#name` for the model of that name on an OpenAI-compatible
    /// server. The caller disposes it, which releases a local model's weights.
    /// </summary>
    /// <param name="remote">Options for a server; its address and the model's name come from <paramref name="source"/>.</param>
    /// <param name="name">What the model is called in records; the folder's or the server's name for it when null.</param>
    /// <exception cref="CaiException">No such folder, a folder that cannot be loaded, or an address without a model's name.</exception>
    public static OpenedModel Open(string source, LoadOptions? load = null, RemoteOptions? remote = null, string? name = null)
    {
        if (IsAddress(source))
            return Open(Remote(source, remote), name);
        var loaded = HuggingFaceFolder.Load(source, load);
        return new OpenedModel(new LocalModel(loaded, name: name), loaded, loaded);
    }

    /// <summary>A model on a server.</summary>
    /// <exception cref="CaiException">An option is out of range, or the API key is missing.</exception>
    public static OpenedModel Open(RemoteOptions options, string? name = null)
    {
        var model = new RemoteModel(options, name: name);
        return new OpenedModel(model, model, null);
    }

    /// <summary>Whether the string names a server and not a folder.</summary>
    public static bool IsAddress(string source) =>
        source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="CaiException">The model's name is missing.</exception>
    public static RemoteOptions Remote(string source, RemoteOptions? options = null)
    {
        if (source.Split('#', 2) is not [var server, { Length: > 0 } model])
            throw new CaiException("The address does not say which of the server's models is meant.", "Write it like http://localhost:8000/v1#name.");
        return options is null ? new RemoteOptions { Server = server, Model = model } : options with { Server = server, Model = model };
    }
}

/// <summary>A model and what must be released after it.</summary>
/// <param name="Pretrained">Decoder and tokenizer of a local model; null for one on a server.</param>
public sealed record OpenedModel(ILanguageModel Model, IDisposable Resources, PretrainedModel? Pretrained) : IDisposable
{
    /// <summary>Requests, tokens and cost of a model on a server; null for a local one.</summary>
    public RemoteUsage? Usage => (Model as RemoteModel)?.Usage;

    public void Dispose() => Resources.Dispose();
}
