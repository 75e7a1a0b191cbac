namespace Cai.Text;

/// <summary>Prompts as token ids; the one place that knows about begin tokens and control tokens.</summary>
public static class PromptEncoding
{
    /// <summary>Ids of a prompt: the begin token if the model has one, and the text; with control tokens the text brings its own begin token.</summary>
    /// <param name="controlTokens">
    /// Whether control tokens spelt in <paramref name="prompt"/> are read as such (see <see cref="IPromptFormat.ControlTokens"/>).
    /// </param>
    public static int[] EncodePrompt(this ITokenizer tokenizer, string prompt, bool controlTokens = false) =>
        controlTokens ? tokenizer.Encode(prompt, parseSpecial: true)
        : tokenizer.BosId is { } bos ? [bos, .. tokenizer.Encode(prompt)]
        : tokenizer.Encode(prompt);

    /// <summary>Ids of the prompt after which the model answers <paramref name="dialogue"/>.</summary>
    public static int[] EncodePrompt(this ITokenizer tokenizer, IPromptFormat format, Dialogue dialogue) =>
        tokenizer.EncodePrompt(format.Prompt(dialogue), format.ControlTokens);
}
