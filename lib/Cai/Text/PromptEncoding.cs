using Cai.Storage;

namespace Cai.Text;

/// <summary>Prompts as token ids; the one place that knows about begin tokens and control tokens.</summary>
public static class PromptEncoding
{
    /// <summary>Ids of a prompt: the begin token if the model has one, and the text; with control tokens the text brings its own begin token.</summary>
    /// <param name="controlTokens">
    /// Whether control tokens spelt in <paramref name="prompt"/> are read as such (see <see cref="IPromptFormat.ControlTokens"/>).
    /// </param>
    public static int[] EncodePrompt(this ITokenizer tokenizer, string prompt, bool controlTokens = false) =>
        controlTokens ? tokenizer.Encode(RoleTags.AsText(prompt), parseSpecial: true)
        : tokenizer.BosId is { } bos ? [bos, .. tokenizer.Encode(RoleTags.AsText(prompt))]
        : tokenizer.Encode(RoleTags.AsText(prompt));

    /// <summary>Names what a layout makes of a conversation: two formats of one name, such as two models' chat templates, may differ.</summary>
    internal static string Identity(this IPromptFormat format) => ContentHash.OfTexts(
    [
        format.Name, format.Prompt(Dialogue.Ask("q").Answer("a").Then("r")), format.Response("s"), format.ControlTokens.ToString(),
    ]);

    /// <summary>Ids of the prompt after which the model answers <paramref name="dialogue"/>.</summary>
    public static int[] EncodePrompt(this ITokenizer tokenizer, IPromptFormat format, Dialogue dialogue) =>
        tokenizer.EncodePrompt(format.Prompt(dialogue), format.ControlTokens);
}
