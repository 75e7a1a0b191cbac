using Cai.Text.Tokenizers;

namespace Cai.Text.ChatTemplates;

/// <summary>
/// The layout that a chat model was trained on: its own template. Control tokens in it are read as such; the same spellings
/// in a turn are not (<see cref="ControlTokens"/>).
/// </summary>
public sealed class ChatTemplateFormat : IPromptFormat
{
    // Letters and digits, so that no template trims, splits or escapes them.
    private const string ProbeQuestion = "q7Zk0", ProbeAnswer = "a9Xw3";

    private readonly ChatTemplate template;
    private readonly ChatTemplateOptions options;
    private readonly IReadOnlyList<string> spellings;
    private readonly string lead;

    /// <param name="controlTokens">Spellings of the tokenizer's control tokens.</param>
    /// <exception cref="CaiException">The template cannot lay out a question and an answer.</exception>
    public ChatTemplateFormat(ChatTemplate template, IEnumerable<string> controlTokens, ChatTemplateOptions? options = null)
    {
        this.template = template;
        this.options = options ?? new();
        spellings = [.. controlTokens];
        (lead, EndOfTurn) = Probe();
    }

    /// <summary>The template of a model folder, for that model's tokenizer.</summary>
    /// <exception cref="CaiException">The folder has no chat template, or one that cannot be used.</exception>
    public static ChatTemplateFormat Load(string folder, BpeTokenizer tokenizer, ChatTemplateOptions? options = null) =>
        new(ChatTemplate.Load(folder), tokenizer.AddedTokens.Where(token => token.Special).Select(token => token.Content), options);

    public string Name => "chat";

    public bool ControlTokens => true;

    public bool RolesAreTags => false;

    /// <summary>None: the token that ends a turn ends the sample.</summary>
    public IReadOnlyList<string> Stops => [];

    /// <summary>The control token that the template writes after an answer, or null when it writes none.</summary>
    public string? EndOfTurn { get; }

    public string Prompt(Dialogue dialogue) =>
        template.Render(new([.. dialogue.Turns.Select(turn => turn with { Text = Text.ControlTokens.Protect(turn.Text, spellings) })]),
            addGenerationPrompt: true, options);

    /// <summary>The response, after whatever the template puts between the prompt's end and an answer.</summary>
    public string Response(string response) => lead + response;

    /// <summary>Learns from an example what stands before and after an answer.</summary>
    private (string Lead, string? EndOfTurn) Probe()
    {
        var question = Dialogue.Ask(ProbeQuestion);
        var prompt = template.Render(question, addGenerationPrompt: true, options);
        var whole = template.Render(question.Answer(ProbeAnswer), addGenerationPrompt: false, options);
        var at = whole.LastIndexOf(ProbeAnswer, StringComparison.Ordinal);
        if (at < 0)
            return ("", null);
        // A prompt may hold more than an answered conversation shows, such as the start of a chain of thought.
        var between = whole.StartsWith(prompt, StringComparison.Ordinal) && at > prompt.Length ? whole[prompt.Length..at] : "";
        var after = whole[(at + ProbeAnswer.Length)..];
        var end = spellings.Select(spelling => (Spelling: spelling, At: after.IndexOf(spelling, StringComparison.Ordinal)))
            .Where(found => found.At >= 0 && found.Spelling.Length > 0).OrderBy(found => found.At)
                .ThenByDescending(found => found.Spelling.Length).FirstOrDefault();
        return (between, end.Spelling);
    }
}
