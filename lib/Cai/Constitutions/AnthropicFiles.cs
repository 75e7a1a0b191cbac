using System.Text.Json;
using Cai.Storage;
using Cai.Text;

namespace Cai.Constitutions;

/// <summary>
/// The prompt files that Anthropic published with the paper (github.com/anthropics/ConstitutionalHarmlessnessPaper,
/// folder `prompts`), read as they are. Each is optional; a constitution needs at least one of the two instruction files.
/// Principles get the ids `harmful0` … (the file's own keys) and `comparison0` … (the position in the list).
/// </summary>
public sealed record AnthropicFiles
{
    /// <summary>CritiqueRevisionInstructions.json: the 16 pairs of critique and revision request.</summary>
    public string? CritiqueInstructions { get; init; }

    /// <summary>CritiqueRevisionFewShotPrompts.json: five strings, used verbatim.</summary>
    public string? CritiqueExamples { get; init; }

    /// <summary>RLMadisonInstructions.json: the 16 comparison principles.</summary>
    public string? ComparisonInstructions { get; init; }

    /// <summary>RLMadisonFewShotPrompts.json: five comparisons as prompt, better and worse answer.</summary>
    public string? ComparisonExamples { get; init; }

    /// <summary>RLMadisonPrecogFewShotPrompts.json: six chain-of-thought comparisons, verbatim but for the principle's slot.</summary>
    public string? ReasoningExamples { get; init; }

    /// <summary>Those of the five files that a folder holds, by their published names.</summary>
    public static AnthropicFiles In(string folder)
    {
        string? Existing(string name) => File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : null;
        var files = new AnthropicFiles
        {
            CritiqueInstructions = Existing("CritiqueRevisionInstructions.json"),
            CritiqueExamples = Existing("CritiqueRevisionFewShotPrompts.json"),
            ComparisonInstructions = Existing("RLMadisonInstructions.json"),
            ComparisonExamples = Existing("RLMadisonFewShotPrompts.json"),
            ReasoningExamples = Existing("RLMadisonPrecogFewShotPrompts.json"),
        };
        return files.CritiqueInstructions is null && files.ComparisonInstructions is null
            ? throw new CaiException("The folder holds neither CritiqueRevisionInstructions.json nor RLMadisonInstructions.json.",
                "Give the folder `prompts` of Anthropic's repository, or a YAML file.", folder)
            : files;
    }

    /// <exception cref="CaiException">A file is missing, is not JSON or has another shape; the message names file and key.</exception>
    public Constitution Load()
    {
        var constitution = new Constitution(
            "anthropic",
            "The principles and worked examples that Anthropic published with the paper.",
            [.. Read(CritiqueInstructions, r => r.EnumerateObject().Select(p => Critique(CritiqueInstructions!, p.Name, p.Value)))],
            [.. Read(ComparisonInstructions, r => r.EnumerateArray().Select((e, i) => Comparison(ComparisonInstructions!, i, e)))])
        {
            CritiqueExamples =
                [.. Read(CritiqueExamples, r => r.EnumerateArray().Select((e, i) => new CritiqueShot.Verbatim(Text(e, CritiqueExamples!, $"[{i}]"))))],
            ComparisonExamples =
            [
                .. Read(ComparisonExamples, r => r.EnumerateArray().Select((e, i) => WorkedExample(ComparisonExamples!, i, e))),
                .. Read(ReasoningExamples, r => r.EnumerateArray().Select((e, i) => ReasoningExample(ReasoningExamples!, i, e))),
            ],
        };
        return constitution.Critique.Count + constitution.Comparison.Count > 0
            ? constitution
            : throw new CaiException("The constitution is empty: it has no principles.", "Name a file with at least one principle.",
                CritiqueInstructions ?? ComparisonInstructions);
    }

    private static CritiquePrinciple Critique(string file, string id, JsonElement entry)
    {
        var request = Between(Only(entry, file, id, "prompt"), "\n\nCritiqueRequest: ", "\n\nCritique:", file, $"{id}.prompt[0]");
        var revision = Between(Text(Member(entry, file, id, "edit_request"), file, $"{id}.edit_request"), "\n\nRevisionRequest: ", "\n\nRevision:", file,
            $"{id}.edit_request");
        return new CritiquePrinciple(id, request, revision);
    }

    private static ComparisonPrinciple Comparison(string file, int i, JsonElement entry) =>
        new($"comparison{i}", Between(Text(entry, file, $"[{i}]"), "\n", " Options:", file, $"[{i}]"));

    private static ComparisonShot WorkedExample(string file, int i, JsonElement entry)
    {
        var key = $"[{i}]";
        var prompt = Text(Member(entry, file, key, "prompt"), file, key + ".prompt");
        return new ComparisonShot.Worked(Parse(prompt, file, key + ".prompt"), Only(entry, file, key, "corrects"), Only(entry, file, key, "incorrects"));
    }

    private static ComparisonShot ReasoningExample(string file, int i, JsonElement entry)
    {
        var text = Text(Member(entry, file, $"[{i}]", "prompt"), file, $"[{i}].prompt");
        return text.Contains(ComparisonShot.Slot, StringComparison.Ordinal)
            ? new ComparisonShot.Verbatim(text, Reasons: true)
            : throw Shape(file, $"[{i}].prompt", $"has no slot `{ComparisonShot.Slot}` for the principle");
    }

    /// <summary>The turns of `\n\nHuman: …\n\nAssistant: …\n\nAssistant:`; laid out again they give the same bytes.</summary>
    private static Dialogue Parse(string text, string file, string key)
    {
        const string human = "\n\nHuman: ", assistant = "\n\nAssistant: ", open = "\n\nAssistant:";
        if (!text.StartsWith(human, StringComparison.Ordinal) || !text.EndsWith(open, StringComparison.Ordinal))
            throw Shape(file, key, "does not start with `\\n\\nHuman: ` and end with `\\n\\nAssistant:`");
        var turns = new List<Turn>();
        for (var rest = text[..^open.Length]; rest.Length > 0;)
        {
            var role = rest.StartsWith(human, StringComparison.Ordinal) ? Role.Human : Role.Assistant;
            rest = rest[(role == Role.Human ? human : assistant).Length..];
            var ends = new[] { rest.IndexOf(human, StringComparison.Ordinal), rest.IndexOf(assistant, StringComparison.Ordinal) }.Where(p => p >= 0)
                .DefaultIfEmpty(rest.Length).Min();
            turns.Add(new Turn(role, rest[..ends]));
            rest = rest[ends..];
        }
        return new Dialogue(turns);
    }

    private static IReadOnlyList<T> Read<T>(string? file, Func<JsonElement, IEnumerable<T>> read)
    {
        if (file is null)
            return [];
        const string remedy = "Fetch the file again, unchanged.";
        if (!File.Exists(file))
            throw new CaiException("There is no such file.", "Check the path.", file);
        try
        {
            return [.. read(OutsideJson.Element(InputFile.ReadText(file, remedy), file, "JSON", remedy))];
        }
        catch (InvalidOperationException e)
        {
            throw new CaiException($"The file has another shape than Anthropic's ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
                remedy, file, e);
        }
    }

    private static JsonElement Member(JsonElement entry, string file, string key, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) ? value : throw Shape(file, $"{key}.{name}", "is missing");

    private static string Only(JsonElement entry, string file, string key, string name)
    {
        var list = Member(entry, file, key, name);
        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 1
            ? Text(list[0], file, $"{key}.{name}[0]")
            : throw Shape(file, $"{key}.{name}", "is not a list of one text");
    }

    private static string Text(JsonElement element, string file, string key) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Shape(file, key, "is not a text");

    private static string Between(string text, string start, string end, string file, string key) =>
        text.StartsWith(start, StringComparison.Ordinal) && text.EndsWith(end, StringComparison.Ordinal) && text.Length > start.Length + end.Length
            ? text[start.Length..^end.Length]
            : throw Shape(file, key, $"does not start with `{start.Replace("\n", "\\n")}` and end with `{end.Replace("\n", "\\n")}`");

    private static CaiException Shape(string file, string key, string problem) =>
        new($"{key} {problem}.", "Anthropic's files are read unchanged: fetch the file again, or write a YAML constitution.", file);
}
