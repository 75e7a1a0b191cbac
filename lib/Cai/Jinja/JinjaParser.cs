namespace Cai.Jinja;

/// <summary>Reads the statements of a template.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokens tokens;
    private readonly JinjaExpressionParser expressions;
    private int loops;

    private JinjaParser(JinjaTokens tokens) => (this.tokens, expressions) = (tokens, new JinjaExpressionParser(tokens));

    /// <exception cref="JinjaError">The template is no Jinja, or asks for what this engine leaves out.</exception>
    public static IReadOnlyList<JinjaStatement> Parse(string template) => new JinjaParser(new(JinjaLexer.Tokens(template))).Body([]).Statements;

    /// <summary>Statements up to one of <paramref name="ends"/>, whose name is taken; up to the end of the template when there are none.</summary>
    private (List<JinjaStatement> Statements, string End) Body(ReadOnlySpan<string> ends)
    {
        tokens.Enter();
        var opened = tokens.Current.Line;
        var statements = new List<JinjaStatement>();
        while (true)
        {
            var token = tokens.Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.Text:
                    statements.Add(new TextNode(token.Text, token.Line));
                    break;
                case JinjaTokenKind.VariableBegin:
                    statements.Add(new OutputNode(expressions.Tuple(), token.Line));
                    tokens.Expect(JinjaTokenKind.VariableEnd, "'}}'");
                    break;
                case JinjaTokenKind.BlockBegin:
                    var name = tokens.Name();
                    if (ends.Contains(name))
                    {
                        tokens.Leave();
                        return (statements, name);
                    }
                    statements.Add(Statement(name, token.Line));
                    break;
                default:
                    if (ends.Length > 0)
                        throw JinjaError.Syntax($"A block that begins here has no '{ends[^1]}'.", opened);
                    tokens.Leave();
                    return (statements, "");
            }
        }
    }

    private List<JinjaStatement> BodyUntil(string end)
    {
        var body = Body([end]).Statements;
        EndTag();
        return body;
    }

    private void EndTag() => tokens.Expect(JinjaTokenKind.BlockEnd, "'%}'");

    private JinjaStatement Statement(string name, int line)
    {
        switch (name)
        {
            case "if":
                return If(line);
            case "for":
                return For(line);
            case "set":
                return Set(line);
            case "macro":
                return Macro(line);
            case "call":
                return Call(line);
            case "with":
                return With(line);
            case "filter":
                var filters =
                    new List<(string, ArgumentNodes)> { (tokens.Name(), tokens.Current.IsOperator("(") ? expressions.Arguments() : ArgumentNodes.None) };
                filters.AddRange(expressions.Filters());
                EndTag();
                return new FilterBlockNode(BodyUntil("endfilter"), filters, line);
            case "generation":
                // transformers' own tag: it marks what the assistant wrote and renders its body.
                EndTag();
                return new WithNode([], BodyUntil("endgeneration"), line);
            case "break" or "continue" when loops > 0:
                EndTag();
                return name == "break" ? new BreakNode(line) : new ContinueNode(line);
            case "endif" or "else" or "elif" or "endfor" or "endset" or "endmacro" or "endcall" or "endwith" or "endfilter" or "endgeneration"
                or "break" or "continue":
                throw JinjaError.Syntax($"'{name}' stands outside its block.", line);
            default:
                throw JinjaError.Unsupported($"the statement '{name}'", line);
        }
    }

    private IfNode If(int line)
    {
        var branches = new List<(JinjaExpression, IReadOnlyList<JinjaStatement>)>();
        var end = "elif";
        while (end == "elif")
        {
            var condition = expressions.Tuple();
            EndTag();
            (var body, end) = Body(["elif", "else", "endif"]);
            branches.Add((condition, body));
        }
        EndTag();
        return new(branches, end == "else" ? BodyUntil("endif") : [], line);
    }

    private ForNode For(int line)
    {
        var targets = Targets();
        if (!tokens.TakeName("in"))
            throw tokens.Unexpected("'in'");
        var source = expressions.Tuple(withCondition: false);
        var filter = tokens.TakeName("if") ? expressions.Expression() : null;
        if (tokens.Current.IsName("recursive"))
            throw JinjaError.Unsupported("a recursive loop", line);
        EndTag();
        loops++;
        var (body, end) = Body(["else", "endfor"]);
        loops--;
        EndTag();
        return new(targets, source, filter, body, end == "else" ? BodyUntil("endfor") : [], line);
    }

    private List<string> Targets()
    {
        var inBrackets = tokens.TakeOperator("(");
        var targets = new List<string> { tokens.Name() };
        while (tokens.TakeOperator(","))
        {
            if (tokens.Current.IsOperator("("))
                throw JinjaError.Unsupported("nested targets", tokens.Current.Line);
            targets.Add(tokens.Name());
        }
        if (inBrackets)
            tokens.Operator(")");
        return targets;
    }

    private JinjaStatement Set(int line)
    {
        var targets = Targets();
        string? attribute = null;
        if (targets.Count == 1 && tokens.TakeOperator("."))
            attribute = tokens.Name();
        if (tokens.TakeOperator("="))
        {
            var value = expressions.Tuple();
            EndTag();
            return new SetNode(targets, attribute, value, line);
        }
        if (targets.Count > 1)
            throw tokens.Unexpected("'='");
        var filters = expressions.Filters();
        EndTag();
        return new SetBlockNode(targets[0], attribute, BodyUntil("endset"), filters, line);
    }

    private MacroNode Macro(int line)
    {
        var name = tokens.Name();
        var parameters = Parameters();
        EndTag();
        return new(name, parameters, MacroBody("endmacro"), line);
    }

    private CallBlockNode Call(int line)
    {
        IReadOnlyList<(string, JinjaExpression?)> parameters = tokens.Current.IsOperator("(") ? Parameters() : [];
        if (expressions.Expression() is not CallNode call)
            throw JinjaError.Syntax("A call block needs a call.", line);
        EndTag();
        return new(call, new MacroNode("caller", parameters, MacroBody("endcall"), line), line);
    }

    private List<JinjaStatement> MacroBody(string end)
    {
        // A loop round the definition is not one inside the body.
        var outside = loops;
        loops = 0;
        var body = BodyUntil(end);
        loops = outside;
        return body;
    }

    private List<(string, JinjaExpression?)> Parameters()
    {
        tokens.Operator("(");
        var parameters = new List<(string, JinjaExpression?)>();
        while (!tokens.TakeOperator(")"))
        {
            if (parameters.Count > 0)
                tokens.Operator(",");
            parameters.Add((tokens.Name(), tokens.TakeOperator("=") ? expressions.Expression() : null));
        }
        return parameters;
    }

    private WithNode With(int line)
    {
        var assignments = new List<(string, JinjaExpression)>();
        while (tokens.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
                tokens.Operator(",");
            var name = tokens.Name();
            tokens.Operator("=");
            assignments.Add((name, expressions.Expression()));
        }
        EndTag();
        return new(assignments, BodyUntil("endwith"), line);
    }
}
