using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Storage;

namespace Cai.Tool.Commands;

/// <summary>
/// What a product was made from, kept beside it (`revisions.jsonl.run.json`, or `run.json` in a model folder): the
/// provenance for a reader, and the reason why a second command with other settings may not continue the first one's file.
/// </summary>
internal static class StageRun
{
    private const string FileName = "run.json";
    private const string Remedy = "Give another --out, or remove the old one to begin anew.";
    private const string BrokenRemedy = "Remove the file; what it recorded is then not known.";

    /// <summary>Notes how <paramref name="product"/> is being made; if it has been begun already, it must have been in the same way.</summary>
    /// <param name="product">The file or folder that --out names.</param>
    /// <param name="settings">Options that decide the result.</param>
    /// <param name="inputs">Hashes of what is read, by what it is.</param>
    /// <exception cref="CaiException">The product was made in another way, or nobody knows how.</exception>
    public static void Begin(string product, bool folder, string command, object settings, params (string Name, string Hash)[] inputs)
    {
        var path = folder ? Path.Combine(product, FileName) : product + ".run.json";
        var now = JsonNode.Parse(CaiJson.Write(new { command, settings, inputs = inputs.ToDictionary(i => i.Name, i => i.Hash) }))!.AsObject();
        if (!File.Exists(path))
        {
            if (folder ? File.Exists(Path.Combine(product, "config.json")) : File.Exists(product))
                throw new CaiException($"It is there already, and there is no {Path.GetFileName(path)} that says how it was made.", Remedy, product);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            AtomicFile.Write(path, now.ToJsonString(CaiJson.Indented) + "\n");
            return;
        }
        var before = CaiJson.ReadFile<JsonObject>(path, Remedy);
        if (RunKey.Difference(before, now) is { } difference)
            throw new CaiException($"It was made in another way: {difference}.", Remedy, product);
    }

    /// <summary>The command that made a model folder; null where no record says.</summary>
    /// <exception cref="CaiException">The record is broken.</exception>
    public static string? Command(string folder) => Load(folder)?["command"]?.ToString();

    /// <summary>The settings of a model folder that a command made; null where another made it, or no record says.</summary>
    /// <inheritdoc cref="Command"/>
    public static T? Settings<T>(string folder, string command) where T : class => Load(folder) is { } run && run["command"]?.ToString() == command
        ? CaiJson.Read<T>((run["settings"] ?? new JsonObject()).ToJsonString(), Path.Combine(folder, FileName), BrokenRemedy)
        : null;

    /// <summary>
    /// Inputs with how a model is loaded, as far as that decides the result as they do: layout of conversations and type of the weights. The paper's layout and
    /// float32 go without saying; the device is a fact of the machine.
    /// </summary>
    public static (string Name, string Hash)[] WithLoading(LoadOptions load, params (string Name, string Hash)[] inputs)
    {
        List<(string Name, string Hash)> all = [.. inputs];
        if (load.Weights is { } weights)
            all.Add(("weights", weights));
        if (load.ChatTemplate)
            all.Add(("layout", "chat"));
        return [.. all];
    }

    /// <summary>A preference model scores nonsense in a layout that it was not trained in.</summary>
    /// <param name="folder">The preference model's.</param>
    /// <exception cref="CaiException">Its record says another layout than is asked for.</exception>
    public static void RequireLayout(string folder, LoadOptions load)
    {
        if (TrainedWithChat(folder) is { } chat && chat != load.ChatTemplate)
            throw new CaiException(
                chat ? "The preference model was trained on conversations in its own chat template; the paper's layout is asked for."
                : "The preference model was trained on conversations in the paper's layout; its chat template is asked for.",
                chat ? "Give --chat." : "Leave out --chat, or train the preference model with it.", folder);
    }

    /// <summary>How to load a preference model so that it reads conversations as it did in training; the paper's layout where no record says.</summary>
    public static LoadOptions AsTrained(string folder) => new() { ChatTemplate = TrainedWithChat(folder) ?? false };

    /// <summary>A trained model must not replace the one it is made from: then nothing could be resumed.</summary>
    /// <exception cref="CaiException">Both are one folder.</exception>
    public static void RequireOther(string product, string model)
    {
        if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(product)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)))
            throw new CaiException("--out is the folder of the model to start from.", "Give another --out.", product);
    }

    /// <summary>
    /// Runs a stage's work off the main thread, which stays free to pass Ctrl-C on; when the user stops it, says where what
    /// was done is kept.
    /// </summary>
    public static async Task<int> KeepAsync(string product, Func<Task> work)
    {
        try
        {
            await Task.Run(work, CancellationToken.None);
            return 0;
        }
        catch (OperationCanceledException e)
        {
            throw new StoppedException(product, e);
        }
    }

    /// <inheritdoc cref="KeepAsync(string, Func{Task})"/>
    public static Task<int> KeepAsync(string product, Action work) => KeepAsync(product, () =>
    {
        work();
        return Task.CompletedTask;
    });

    /// <summary>The same for a training whose product is a folder: no second process may train into it meanwhile.</summary>
    /// <exception cref="CaiException">Another process does; or the folder was removed while this one did.</exception>
    public static Task<int> TrainAsync(string folder, Action work) => KeepAsync(folder, () =>
    {
        using (OutputLock.OfFile(Path.TrimEndingDirectorySeparator(folder)))
            work();
        if (!File.Exists(Path.Combine(folder, FileName)))
            throw new CaiException($"The folder was removed while the training ran. The model and its metrics have been written again; {FileName} "
                + "and what else was kept along the way are gone.", "Run the same command with another --out to have it whole.", folder);
        return Task.CompletedTask;
    });

    private static bool? TrainedWithChat(string folder) =>
        Load(folder) is { } run && run["command"]?.ToString() == "train-pm" ? run["inputs"]?["layout"]?.ToString() == "chat" : null;

    private static JsonObject? Load(string folder) =>
        Path.Combine(folder, FileName) is var path && File.Exists(path) ? CaiJson.ReadFile<JsonObject>(path, BrokenRemedy) : null;
}
