using Cai.Models;
using Cai.Preferences;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>What notebook 10 is pointed at.</summary>
public sealed record OwnModelOptions
{
    /// <summary>
    /// Folder in Hugging Face's format, or `http://host:8000/v1#name` for a model on a server. Empty: what the variable CAI_MODEL names, else the miniature's
    /// helpful model.
    /// </summary>
    public string Model { get; init; } = "";

    /// <summary>Device, type and layout of local models. With <see cref="LoadOptions.ChatTemplate"/> a server is asked over its chat endpoint.</summary>
    public LoadOptions Load { get; init; } = new();

    /// <summary>A constitution that comes with the kit, or a file. Default: the one in natural English.</summary>
    public string Constitution { get; init; } = "harmlessness";

    /// <summary>Most worked examples before a question. Null: as many as the model's context holds; before a server's, which nobody here knows, all.</summary>
    public int? FewShot { get; init => field = InRange.Whole(value, 0, nameof(OwnModelOptions)); }

    /// <summary>The request that is followed step by step; null takes the first of data/prompts/harmful.jsonl.</summary>
    public string? Question { get; init; }

    /// <summary>Critique-revision steps of the traced request (paper: 4; two show the idea).</summary>
    public int Rounds { get; init => field = InRange.Whole(value, 1, nameof(OwnModelOptions)); } = 2;

    /// <summary>Most tokens of an answer, a critique and a revision (paper: 128; ours is shorter for a CPU).</summary>
    public int MaxTokens { get; init => field = InRange.Whole(value, 1, nameof(OwnModelOptions)); } = 48;

    /// <summary>
    /// Local folder that the preference model starts from. Empty: the model's own; the miniature's pretrained one where the model is on a server, whose
    /// weights nobody can train from here.
    /// </summary>
    public string PreferenceStart { get; init; } = "";

    /// <summary>
    /// Training of the preference model. The rate is the miniature's: for a model of billions set Tuning.Lora and about 1e-4 (Dettmers et al. 2023: 1e-4 to
    /// 2e-4).
    /// </summary>
    public PreferenceOptions Preference { get; init; } = Recipes.OwnPreference;

    /// <summary>The same with the model named.</summary>
    internal OwnModelOptions Named() => Model.Length > 0 ? this : this with { Model = Environment.GetEnvironmentVariable("CAI_MODEL") ?? "" };
}

/// <summary>A request with two written answers of which one is better beyond dispute.</summary>
public sealed record KnownPair(string Id, string Prompt, string Better, string Worse)
{
    /// <summary>The pairs that come with the kit (data/prompts/pairs.jsonl). In about half of them the better answer is the longer one.</summary>
    /// <exception cref="CaiException">The file is missing.</exception>
    public static IReadOnlyList<KnownPair> Shipped() => Jsonl.Read<KnownPair>(OwnPrompts.Path("pairs.jsonl"));
}

/// <summary>The kit's prompts in natural English (data/prompts), for models that know more of the world than the miniature.</summary>
public static class OwnPrompts
{
    /// <summary>`harmful`: red-team requests; `benign`: requests that only look harmful, and plain ones.</summary>
    /// <exception cref="CaiException">There is no such set.</exception>
    public static IReadOnlyList<Text.Prompt> Shipped(string kind) =>
        [.. Jsonl.Read<Row>(Path(kind + ".jsonl")).Select(r => new Text.Prompt(r.Id, Text.Dialogue.Ask(r.Prompt), r.Kind))];

    internal static string Path(string file) =>
        System.IO.Path.Combine(ShippedFiles.Folder, "data", "prompts", file);

    private sealed record Row(string Id, string Prompt, string Kind);
}
