using System.Text.Json.Nodes;
using Cai.Text;
using Cai.Text.Tokenizers;

namespace Cai.Export;

/// <summary>Records of ours as rows of the other libraries' data sets.</summary>
public sealed class ExportRows
{
    private readonly ExportOptions options;
    private readonly IPromptFormat format;
    private readonly string before;
    private readonly string after;
    private readonly string[] spellings;

    /// <param name="tokenizer">Whose begin and end tokens OpenRLHF expects in the text itself.</param>
    /// <param name="format">Layout of rows of text.</param>
    public ExportRows(ExportOptions options, ITokenizer tokenizer, IPromptFormat? format = null)
    {
        (this.options, this.format) = (options, format ?? HhFormat.Instance);
        // TRL's tokenizers add both by themselves; OpenRLHF adds neither the begin token nor, without a blank before it, the end token.
        var spelt = options.Target == ExportTarget.OpenRlhf;
        before = spelt && tokenizer.BosId is { } bos ? tokenizer.TokenText(bos) : "";
        after = spelt ? tokenizer.TokenText(tokenizer.EosId) : "";
        // Both libraries read control tokens wherever they are spelt, in what people and models wrote as well.
        int?[] known = [tokenizer.BosId, .. tokenizer.EndIds];
        spellings = [.. (tokenizer is BpeTokenizer bpe ? bpe.AddedTokens.Where(t => t.Special).Select(t => t.Content) : [])
            .Concat(known.OfType<int>().Select(tokenizer.TokenText)).Where(s => s.Length > 1).Distinct()];
    }

    /// <summary>
    /// A comparison as rows {"id", "prompt", "chosen", "rejected"}; texts, or lists of {"role", "content"} messages.
    /// None when the label is missing, when both answers are the same, or when it is a tie and there is one copy.
    /// </summary>
    /// <exception cref="CaiException">The label is no probability.</exception>
    public IEnumerable<JsonObject> Of(Comparison comparison)
    {
        if (comparison.ProbabilityA is not { } label || IsTie(comparison) || IsEqual(comparison))
            return [];
        if (!(label is >= 0 and <= 1))
            throw new CaiException(
                $"The label is {label}; expected a probability from 0 to 1.", "Mend or remove the comparison.", $"comparison {comparison.Id}");
        var forA = (int)Math.Round(label * options.LabelCopies, MidpointRounding.AwayFromZero);
        return Enumerable.Range(0, options.LabelCopies).Select(copy =>
        {
            var (chosen, rejected) = copy < forA ? (comparison.ResponseA, comparison.ResponseB) : (comparison.ResponseB, comparison.ResponseA);
            return new JsonObject
            {
                ["id"] = options.LabelCopies == 1 ? comparison.Id : $"{comparison.Id}/{copy}",
                ["prompt"] = Prompt(comparison.Prompt),
                ["chosen"] = Answer(chosen),
                ["rejected"] = Answer(rejected),
            };
        });
    }

    /// <summary>A prompt as a row {"id", "prompt"}.</summary>
    public JsonObject Of(Prompt prompt) => new() { ["id"] = prompt.Id, ["prompt"] = Prompt(prompt.Dialogue) };

    /// <summary>Whether one copy cannot say which answer is better.</summary>
    public bool IsTie(Comparison comparison) => options.LabelCopies == 1 && comparison.ProbabilityA == 0.5;

    /// <summary>Whether both answers are the same: no preference can be learnt from them.</summary>
    public static bool IsEqual(Comparison comparison) => comparison.ResponseA.Trim() == comparison.ResponseB.Trim();

    private JsonNode Prompt(Dialogue dialogue) => options.ChatTemplate
        ? new JsonArray([.. dialogue.Turns.Select(
            turn => Message(turn.Role switch { Role.System => "system", Role.Human => "user", _ => "assistant" }, Written(turn.Text)))])
        : before + ControlTokens.ForServer(format.Prompt(
            format.ControlTokens ? dialogue : new([.. dialogue.Turns.Select(t => t with { Text = Written(t.Text) })])));

    private JsonNode Answer(string response) => options.ChatTemplate
        ? new JsonArray(Message("assistant", Written(response.Trim())))
        : format.Response(Written(response.Trim())) + after;

    /// <summary>A text with a space of no width in every control token that it spells.</summary>
    private string Written(string text) => ControlTokens.ForServer(ControlTokens.Protect(text, spellings));

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
