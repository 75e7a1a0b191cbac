namespace Cai.Jinja;

internal enum JinjaTokenKind { Text, BlockBegin, BlockEnd, VariableBegin, VariableEnd, Name, String, Integer, Float, Operator, End }

/// <summary>A piece of a template.</summary>
/// <param name="Text">The literal text, name, operator or digits; for strings the value with escapes resolved.</param>
/// <param name="Line">From 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    public bool Is(JinjaTokenKind kind, string text) => Kind == kind && Text == text;

    public bool IsOperator(string text) => Is(JinjaTokenKind.Operator, text);

    public bool IsName(string text) => Is(JinjaTokenKind.Name, text);

    public override string ToString() => Kind switch
    {
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.BlockEnd => "'%}'",
        JinjaTokenKind.VariableEnd => "'}}'",
        JinjaTokenKind.Text or JinjaTokenKind.BlockBegin or JinjaTokenKind.VariableBegin => "text",
        _ => $"'{Text}'",
    };
}
