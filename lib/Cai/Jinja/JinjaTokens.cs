namespace Cai.Jinja;

/// <summary>Tokens under a cursor, for the parsers.</summary>
internal sealed class JinjaTokens(IReadOnlyList<JinjaToken> tokens)
{
    /// <summary>Deepest nesting that is read; without it a template could overflow the stack.</summary>
    private const int MostNesting = 100;

    private int at;
    private int nesting;

    public JinjaToken Current => tokens[at];

    public JinjaToken Ahead => tokens[Math.Min(at + 1, tokens.Count - 1)];

    /// <summary>The current token; the cursor moves on.</summary>
    public JinjaToken Take()
    {
        var token = tokens[at];
        if (at < tokens.Count - 1)
            at++;
        return token;
    }

    public bool TakeOperator(string text)
    {
        if (!Current.IsOperator(text))
            return false;
        Take();
        return true;
    }

    public bool TakeName(string text)
    {
        if (!Current.IsName(text))
            return false;
        Take();
        return true;
    }

    public string Name() => Expect(JinjaTokenKind.Name, "a name").Text;

    public void Operator(string text)
    {
        if (!TakeOperator(text))
            throw Unexpected($"'{text}'");
    }

    public JinjaToken Expect(JinjaTokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    public JinjaError Unexpected(string expected) => JinjaError.Syntax($"Found {Current} where {expected} was expected.", Current.Line);

    public void Enter()
    {
        if (++nesting > MostNesting)
            throw JinjaError.Syntax($"Nesting is deeper than {MostNesting} levels.", Current.Line);
    }

    public void Leave() => nesting--;
}
