namespace Cai.Jinja;

/// <summary>An expression of a template.</summary>
internal abstract record JinjaExpression;

internal sealed record LiteralNode(object? Value) : JinjaExpression;

internal sealed record NameNode(string Name) : JinjaExpression;

internal sealed record ListNode(IReadOnlyList<JinjaExpression> Items, bool IsTuple) : JinjaExpression;

internal sealed record DictNode(IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> Items) : JinjaExpression;

/// <summary>`target.name`: methods first, then keys.</summary>
internal sealed record AttributeNode(JinjaExpression Target, string Name) : JinjaExpression;

/// <summary>`target[index]`: keys first, then methods.</summary>
internal sealed record IndexNode(JinjaExpression Target, JinjaExpression Index) : JinjaExpression;

internal sealed record SliceNode(JinjaExpression Target, JinjaExpression? Start, JinjaExpression? Stop, JinjaExpression? Step) : JinjaExpression;

internal sealed record ArgumentNodes(IReadOnlyList<JinjaExpression> Positional, IReadOnlyList<(string Name, JinjaExpression Value)> Named)
{
    public static readonly ArgumentNodes None = new([], []);
}

internal sealed record CallNode(JinjaExpression Target, ArgumentNodes Arguments) : JinjaExpression;

internal sealed record FilterNode(JinjaExpression Target, string Name, ArgumentNodes Arguments) : JinjaExpression;

internal sealed record TestNode(JinjaExpression Target, string Name, ArgumentNodes Arguments) : JinjaExpression;

/// <summary>`-x`, `+x` or `not x`.</summary>
internal sealed record UnaryNode(string Operator, JinjaExpression Operand) : JinjaExpression;

/// <summary>Arithmetic, `~`, `and`, `or`.</summary>
internal sealed record BinaryNode(string Operator, JinjaExpression Left, JinjaExpression Right) : JinjaExpression;

/// <summary>`a &lt; b &lt;= c`, as in Python.</summary>
internal sealed record CompareNode(JinjaExpression First, IReadOnlyList<(string Operator, JinjaExpression Operand)> Rest) : JinjaExpression;

/// <summary>`then if condition else otherwise`; without `else` the value is undefined.</summary>
internal sealed record ConditionNode(JinjaExpression Condition, JinjaExpression Then, JinjaExpression? Otherwise) : JinjaExpression;

/// <summary>A statement of a template.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record JinjaStatement(int Line);

internal sealed record TextNode(string Text, int Line) : JinjaStatement(Line);

internal sealed record OutputNode(JinjaExpression Value, int Line) : JinjaStatement(Line);

internal sealed record IfNode(IReadOnlyList<(JinjaExpression Condition, IReadOnlyList<JinjaStatement> Body)> Branches, IReadOnlyList<JinjaStatement> Otherwise,
    int Line) : JinjaStatement(Line);

internal sealed record ForNode(IReadOnlyList<string> Targets, JinjaExpression Source, JinjaExpression? Filter, IReadOnlyList<JinjaStatement> Body,
    IReadOnlyList<JinjaStatement> Otherwise, int Line) : JinjaStatement(Line);

/// <summary>`set a, b = value`, or `set space.name = value` on a namespace.</summary>
internal sealed record SetNode(IReadOnlyList<string> Targets, string? Attribute, JinjaExpression Value, int Line) : JinjaStatement(Line);

/// <summary>`set name` … `endset`: what the body renders, through filters if any. The filters' innermost target is the body.</summary>
internal sealed record SetBlockNode(string Target, string? Attribute, IReadOnlyList<JinjaStatement> Body,
    IReadOnlyList<(string Name, ArgumentNodes Arguments)> Filters, int Line) : JinjaStatement(Line);

/// <summary>`filter name` … `endfilter`.</summary>
internal sealed record FilterBlockNode(IReadOnlyList<JinjaStatement> Body, IReadOnlyList<(string Name, ArgumentNodes Arguments)> Filters, int Line)
    : JinjaStatement(Line);

internal sealed record MacroNode(string Name, IReadOnlyList<(string Name, JinjaExpression? Default)> Parameters, IReadOnlyList<JinjaStatement> Body, int Line)
    : JinjaStatement(Line);

/// <summary>`call(parameters) macro(…)` … `endcall`: the macro finds the body as `caller`.</summary>
internal sealed record CallBlockNode(CallNode Call, MacroNode Caller, int Line) : JinjaStatement(Line);

/// <summary>`with a = value` … `endwith`, and plain bodies with a scope of their own.</summary>
internal sealed record WithNode(IReadOnlyList<(string Name, JinjaExpression Value)> Assignments, IReadOnlyList<JinjaStatement> Body, int Line)
    : JinjaStatement(Line);

internal sealed record BreakNode(int Line) : JinjaStatement(Line);

internal sealed record ContinueNode(int Line) : JinjaStatement(Line);
