using System.Globalization;
using System.Text;

namespace Cai.Jinja;

/// <summary>Reads expressions with Jinja 2's precedence: condition, or, and, not, comparison, + -, ~, * / // %, **, sign, then filters and tests.</summary>
internal sealed class JinjaExpressionParser(JinjaTokens tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>One expression, or several with commas between them as a tuple.</summary>
    public JinjaExpression Tuple(bool withCondition = true)
    {
        var first = withCondition ? Expression() : Or();
        if (!tokens.Current.IsOperator(","))
            return first;
        var items = new List<JinjaExpression> { first };
        while (tokens.TakeOperator(",") && !EndsTuple())
            items.Add(withCondition ? Expression() : Or());
        return new ListNode(items, IsTuple: true);

        bool EndsTuple() => tokens.Current is { Kind: JinjaTokenKind.BlockEnd or JinjaTokenKind.VariableEnd } || tokens.Current.IsOperator(")");
    }

    public JinjaExpression Expression()
    {
        tokens.Enter();
        var value = Or();
        while (tokens.TakeName("if"))
        {
            var condition = Or();
            value = new ConditionNode(condition, value, tokens.TakeName("else") ? Expression() : null);
        }
        tokens.Leave();
        return value;
    }

    /// <summary>An expression without a condition at its end: the source of a loop, whose `if` is the loop's.</summary>
    public JinjaExpression Or()
    {
        var left = And();
        while (tokens.TakeName("or"))
            left = new BinaryNode("or", left, And());
        return left;
    }

    private JinjaExpression And()
    {
        var left = Not();
        while (tokens.TakeName("and"))
            left = new BinaryNode("and", left, Not());
        return left;
    }

    private JinjaExpression Not()
    {
        if (!tokens.TakeName("not"))
            return Comparison();
        tokens.Enter();
        var node = new UnaryNode("not", Not());
        tokens.Leave();
        return node;
    }

    private JinjaExpression Comparison()
    {
        var first = Sum();
        var rest = new List<(string, JinjaExpression)>();
        while (true)
        {
            if (tokens.Current.Kind == JinjaTokenKind.Operator && Comparisons.Contains(tokens.Current.Text))
                rest.Add((tokens.Take().Text, Sum()));
            else if (tokens.TakeName("in"))
                rest.Add(("in", Sum()));
            else if (tokens.Current.IsName("not") && tokens.Ahead.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", Sum()));
            }
            else
                return rest.Count == 0 ? first : new CompareNode(first, rest);
        }
    }

    private JinjaExpression Sum() => Chain(Concatenation, "+", "-");

    private JinjaExpression Concatenation() => Chain(Product, "~");

    private JinjaExpression Product() => Chain(Power, "*", "/", "//", "%");

    // Jinja's own `**` groups to the left, unlike Python's.
    private JinjaExpression Power() => Chain(() => Signed(withFilters: true), "**");

    private JinjaExpression Chain(Func<JinjaExpression> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (tokens.Current.Kind == JinjaTokenKind.Operator && operators.Contains(tokens.Current.Text))
            left = new BinaryNode(tokens.Take().Text, left, operand());
        return left;
    }

    private JinjaExpression Signed(bool withFilters)
    {
        tokens.Enter();
        var node = tokens.TakeOperator("-") ? new UnaryNode("-", Signed(withFilters: false))
            : tokens.TakeOperator("+") ? new UnaryNode("+", Signed(withFilters: false))
            : Primary();
        node = Postfix(node);
        tokens.Leave();
        return withFilters ? FiltersAndTests(node) : node;
    }

    private JinjaExpression Primary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new LiteralNode(true),
                    "false" or "False" => new LiteralNode(false),
                    "none" or "None" => new LiteralNode(null),
                    var name => new NameNode(name),
                };
            case JinjaTokenKind.String:
                var text = new StringBuilder(token.Text); // strings side by side are one
                while (tokens.Current.Kind == JinjaTokenKind.String)
                    text.Append(tokens.Take().Text);
                return new LiteralNode(text.ToString());
            case JinjaTokenKind.Integer:
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole)
                    ? new LiteralNode(whole)
                    : throw JinjaError.Unsupported($"the number {token.Text}", token.Line);
            case JinjaTokenKind.Float:
                return new LiteralNode(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Operator when token.Text == "(":
                if (tokens.TakeOperator(")"))
                    return new ListNode([], IsTuple: true);
                var inner = Tuple();
                tokens.Operator(")");
                return inner;
            case JinjaTokenKind.Operator when token.Text == "[":
                return new ListNode(List("]", Expression), IsTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return new DictNode(List("}", Pair));
            default:
                throw JinjaError.Syntax($"Found {token} where a value was expected.", token.Line);
        }

        (JinjaExpression, JinjaExpression) Pair()
        {
            var key = Expression();
            tokens.Operator(":");
            return (key, Expression());
        }
    }

    private List<T> List<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!tokens.TakeOperator(close))
        {
            if (items.Count > 0)
            {
                tokens.Operator(",");
                if (tokens.TakeOperator(close))
                    break;
            }
            items.Add(item());
        }
        return items;
    }

    private JinjaExpression Postfix(JinjaExpression node)
    {
        while (true)
            if (tokens.TakeOperator("."))
                node = tokens.Current.Kind == JinjaTokenKind.Integer ? new IndexNode(node, Primary()) : new AttributeNode(node, tokens.Name());
            else if (tokens.TakeOperator("["))
                node = Subscript(node);
            else if (tokens.Current.IsOperator("("))
                node = new CallNode(node, Arguments());
            else
                return node;
    }

    private JinjaExpression Subscript(JinjaExpression target)
    {
        var start = tokens.Current.IsOperator(":") ? null : Expression();
        JinjaExpression node;
        if (tokens.TakeOperator(":"))
        {
            var stop = tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Expression();
            var step = tokens.TakeOperator(":") && !tokens.Current.IsOperator("]") ? Expression() : null;
            node = new SliceNode(target, start, stop, step);
        }
        else
            node = new IndexNode(target, start!);
        if (tokens.Current.IsOperator(","))
            throw JinjaError.Unsupported("an index of several parts", tokens.Current.Line);
        tokens.Operator("]");
        return node;
    }

    public ArgumentNodes Arguments()
    {
        tokens.Operator("(");
        var positional = new List<JinjaExpression>();
        var named = new List<(string, JinjaExpression)>();
        List(")", () =>
        {
            if (tokens.Current.IsOperator("*") || tokens.Current.IsOperator("**"))
                throw JinjaError.Unsupported($"'{tokens.Current.Text}' before an argument", tokens.Current.Line);
            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Ahead.IsOperator("="))
            {
                var name = tokens.Name();
                tokens.Take();
                named.Add((name, Expression()));
            }
            else if (named.Count > 0)
                throw tokens.Unexpected("a named argument");
            else
                positional.Add(Expression());
            return 0;
        });
        return new(positional, named);
    }

    /// <summary>Filters `| name(…)` behind a block's name, the first innermost.</summary>
    public List<(string Name, ArgumentNodes Arguments)> Filters()
    {
        var filters = new List<(string, ArgumentNodes)>();
        while (tokens.TakeOperator("|"))
            filters.Add((tokens.Name(), tokens.Current.IsOperator("(") ? Arguments() : ArgumentNodes.None));
        return filters;
    }

    private JinjaExpression FiltersAndTests(JinjaExpression node)
    {
        while (true)
            if (tokens.TakeOperator("|"))
                node = new FilterNode(node, tokens.Name(), tokens.Current.IsOperator("(") ? Arguments() : ArgumentNodes.None);
            else if (tokens.TakeName("is"))
                node = Test(node);
            else if (tokens.Current.IsOperator("("))
                node = new CallNode(node, Arguments());
            else
                return node;
    }

    private JinjaExpression Test(JinjaExpression target)
    {
        var negated = tokens.TakeName("not");
        // `is == 1` and the like: the comparison operators are tests too.
        var name = tokens.Current.Kind == JinjaTokenKind.Operator && Comparisons.Contains(tokens.Current.Text) ? tokens.Take().Text : tokens.Name();
        var arguments = tokens.Current.IsOperator("(") ? Arguments()
            : TakesBareArgument() ? new([Postfix(Primary())], [])
            : ArgumentNodes.None;
        JinjaExpression test = new TestNode(target, name, arguments);
        return negated ? new UnaryNode("not", test) : test;

        bool TakesBareArgument() => tokens.Current switch
        {
            { Kind: JinjaTokenKind.Name, Text: "else" or "or" or "and" or "is" or "if" or "in" or "not" } => false,
            { Kind: JinjaTokenKind.Name or JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float } => true,
            { Kind: JinjaTokenKind.Operator, Text: "[" or "{" } => true,
            _ => false,
        };
    }
}
