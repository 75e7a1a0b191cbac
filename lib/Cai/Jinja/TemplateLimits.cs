namespace Cai.Jinja;

/// <summary>What one rendering may use up. A template comes with a downloaded model: it must not be able to hang or fill the machine.</summary>
public sealed record TemplateLimits
{
    /// <summary>Most nodes evaluated and elements visited. Default 1,000,000: real templates need some hundred a message.</summary>
    public long Steps { get; init => field = InRange.Whole(value, 1, nameof(TemplateLimits)); } = 1_000_000;

    /// <summary>
    /// Most characters made, intermediate texts included. Default 64 million: real templates make a few times the length of the conversation.
    /// </summary>
    public long Characters { get; init => field = InRange.Whole(value, 1, nameof(TemplateLimits)); } = 64_000_000;

    /// <summary>Deepest nesting of expressions, statements and macro calls. Default 200: the parser's bound, far above any real template.</summary>
    public int Depth { get; init => field = InRange.Whole(value, 1, nameof(TemplateLimits), 200); } = 200;
}

/// <summary>Counts what a rendering uses, and stops it.</summary>
internal sealed class TemplateBudget(TemplateLimits limits)
{
    private const string Remedy = "The template may loop without end; raise TemplateLimits if it is right.";
    private const int CharactersPerStep = 64;

    private long steps;
    private long characters;
    private int depth;

    public void Step(long count = 1)
    {
        steps += count;
        if (steps > limits.Steps)
            throw new JinjaError($"Rendering was stopped after {limits.Steps} steps.", Remedy);
    }

    /// <summary>A text that is looked through, not made.</summary>
    public void Read(string text) => Step(1 + text.Length / CharactersPerStep);

    /// <summary>Room for a text, asked for before it is made.</summary>
    public void Reserve(long length)
    {
        // Compared this way round: a sum could overflow.
        if (length < 0 || length > limits.Characters - characters)
            throw new JinjaError($"Rendering was stopped after {limits.Characters} characters.", Remedy);
        characters += length;
        Step(1 + length / CharactersPerStep);
    }

    public string Made(string text)
    {
        Reserve(text.Length);
        return text;
    }

    public void Enter()
    {
        if (++depth > limits.Depth)
            throw new JinjaError($"Rendering was stopped at a depth of {limits.Depth} calls.", Remedy);
    }

    public void Leave() => depth--;
}
