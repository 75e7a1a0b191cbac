using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Cai.Storage;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>
/// Samples of the paper's own 52B policies as Anthropic published them (github.com/anthropics/ConstitutionalHarmlessnessPaper, folder
/// `samples`, for example `PALMS_HHRLHF.jsonl`): 17 answers to each prompt. Their preference-model scores are not read: their source is
/// not stated and their scale differs between files.
/// </summary>
public static partial class ReleasedSamples
{
    private const string Remedy = "Fetch the file again, unchanged.";

    /// <summary>The policies by the ends of the files' names; Madison is the files' word for constitutional.</summary>
    public static IReadOnlyDictionary<string, string> Models { get; } = new Dictionary<string, string>
    {
        ["HRLHF"] = "helpful-rlhf", ["HHRLHF"] = "hh-rlhf", ["RLMADISON"] = "rl-cai", ["RLMADISON_COT"] = "rl-cai-cot",
    };

    private sealed record Row([property: JsonRequired, JsonPropertyName("rl_prompt")] string Prompt,
        [property: JsonRequired, JsonPropertyName("sampled_answers")] IReadOnlyList<Answer> Answers);

    private sealed record Answer([property: JsonRequired, JsonPropertyName("sampled_string")] string Text);

    /// <summary>
    /// Reads one file. A sample's id is `{file}/{line}/{index}`, lines from 1 and samples from 0; its prompt's id is that of its words, the same in all files.
    /// </summary>
    /// <exception cref="CaiException">The file is missing, its name tells no policy, or a line has another shape.</exception>
    public static IReadOnlyList<Sample> Read(string path)
    {
        var file = Path.GetFileNameWithoutExtension(path);
        if (!Models.TryGetValue(file[(file.IndexOf('_', StringComparison.Ordinal) + 1)..], out var model))
            throw new CaiException($"The name '{file}' tells no policy.", $"Keep the published names, which end in {string.Join(", ", Models.Keys)}.", path);
        var samples = new List<Sample>();
        var number = 0;
        foreach (var row in Jsonl.Read<Row>(path))
        {
            var where = $"{path}:{++number}";
            var turns = HhTranscript.Parse(row.Prompt, where);
            if (turns[^1] is not { Role: Role.Assistant, Text.Length: 0 } || turns.Count < 2)
                throw new CaiException("The prompt does not end where the assistant is to answer.", Remedy, where);
            var prompt = new Dialogue([.. turns.SkipLast(1)]);
            samples.AddRange(row.Answers.Select((answer, i) =>
            {
                var (text, finished) = Cut(answer.Text);
                return new Sample($"{file}/{number}/{i}", HhTranscript.PromptId(prompt), prompt, text, model, i, finished);
            }));
        }
        return samples;
    }

    /// <summary>The answer without the human's tag or end token at which sampling stopped, and whether there was one.</summary>
    public static (string Text, bool Finished) Cut(string sampled) =>
        End().Match(sampled) is { Success: true } end ? (sampled[..end.Index].Trim(), true) : (sampled.Trim(), false);

    // The tag stands after one line end in some files, and is itself cut off in a few.
    [GeneratedRegex(@"\n\n(?:Human|Assistant):|\n+Human:?\s*$|<EOT>", RegexOptions.CultureInvariant)]
    private static partial Regex End();
}
