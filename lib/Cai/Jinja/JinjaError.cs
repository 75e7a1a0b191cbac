namespace Cai.Jinja;

/// <summary>
/// Why a template cannot be read or rendered. Thrown deep inside, where neither file nor line is known;
/// <see cref="JinjaTemplate"/> turns it into a <see cref="CaiException"/> that names both.
/// </summary>
internal sealed class JinjaError(string problem, string remedy) : Exception(problem)
{
    public string Remedy { get; } = remedy;

    /// <summary>Line of the template, from 1; null takes the line that is being rendered.</summary>
    public int? Line { get; init; }

    /// <summary>The text is no Jinja.</summary>
    public static JinjaError Syntax(string problem, int line) => new(problem, "Correct the template.") { Line = line };

    /// <summary>Jinja that this engine leaves out.</summary>
    public static JinjaError Unsupported(string construct, int? line = null) => new(
        $"The template uses an unsupported construct: {construct}.", "Simplify the template, or use another prompt format.") { Line = line };

    /// <summary>An operation that Jinja refuses too.</summary>
    public static JinjaError Value(string problem) => new(problem, "Give what the template expects, or correct the template.");
}
