namespace Cai.Jinja;

/// <summary>
/// A template in the part of Jinja 2 that chat templates use. It is read once and may be rendered from several threads.
/// A rendering sees only the values that it is given, is bounded by <see cref="TemplateLimits"/>, and runs no code but this engine's.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly IReadOnlyList<JinjaStatement> body;
    private readonly string source;

    /// <param name="source">What to call the template in messages: its file.</param>
    /// <exception cref="CaiException">The text is no Jinja, or asks for what this engine leaves out.</exception>
    public JinjaTemplate(string text, string source)
    {
        this.source = source;
        try
        {
            body = JinjaParser.Parse(text);
        }
        catch (JinjaError error)
        {
            throw Named(error, 1);
        }
    }

    /// <exception cref="CaiException">The template refuses, fails, or goes beyond a limit.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, TemplateLimits limits, DateTimeOffset? now)
    {
        var evaluator = new JinjaEvaluator(limits);
        try
        {
            return evaluator.Render(body, variables, now);
        }
        catch (JinjaError error)
        {
            throw Named(error, evaluator.Line);
        }
    }

    private CaiException Named(JinjaError error, int line) => new(error.Message, error.Remedy, $"{source}, template line {error.Line ?? line}", error);
}
