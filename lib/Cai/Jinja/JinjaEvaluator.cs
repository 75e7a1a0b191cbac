using System.Text;

namespace Cai.Jinja;

/// <summary>Variables by name, inner scopes before outer ones.</summary>
internal sealed class JinjaScope(JinjaScope? outer)
{
    private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        set => values[name] = value;
    }

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
            if (scope.values.TryGetValue(name, out value))
                return true;
        value = null;
        return false;
    }

    private JinjaScope? Outer => outer;
}

/// <summary>Renders parsed templates: the statements here, expressions by <see cref="JinjaExpressions"/>.</summary>
internal sealed class JinjaEvaluator
{
    private enum Flow { Next, Break, Continue }

    private readonly TemplateBudget budget;
    private readonly JinjaPrinter printer;
    private readonly JinjaOperations operations;
    private readonly JinjaExpressions expressions;

    public JinjaEvaluator(TemplateLimits limits)
    {
        budget = new(limits);
        printer = new(budget);
        operations = new(budget, printer);
        expressions = new(budget, printer, operations);
    }

    /// <summary>Line of the statement that is being rendered, for messages.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>The text of a template.</summary>
    /// <param name="now">What `strftime_now` tells; null leaves that function undefined.</param>
    /// <exception cref="JinjaError">The template refuses, fails, or goes beyond a limit.</exception>
    public string Render(IReadOnlyList<JinjaStatement> template, IEnumerable<KeyValuePair<string, object?>> variables, DateTimeOffset? now)
    {
        var scope = new JinjaScope(JinjaGlobals.Scope(budget, printer, now));
        foreach (var (name, value) in variables)
            scope[name] = value;
        return RenderBody(template, new JinjaScope(scope));
    }

    private string RenderBody(IReadOnlyList<JinjaStatement> body, JinjaScope scope)
    {
        var output = new StringBuilder();
        Run(body, scope, output);
        return output.ToString();
    }

    private Flow Run(IReadOnlyList<JinjaStatement> body, JinjaScope scope, StringBuilder output)
    {
        budget.Enter();
        var flow = Flow.Next;
        for (var i = 0; i < body.Count && flow == Flow.Next; i++)
        {
            budget.Step();
            Line = body[i].Line;
            flow = Run(body[i], scope, output);
        }
        budget.Leave();
        return flow;
    }

    private Flow Run(JinjaStatement statement, JinjaScope scope, StringBuilder output)
    {
        switch (statement)
        {
            case TextNode text:
                output.Append(budget.Made(text.Text));
                return Flow.Next;
            case OutputNode node:
                output.Append(budget.Made(printer.Text(expressions.Evaluate(node.Value, scope))));
                return Flow.Next;
            case IfNode node:
                foreach (var (condition, body) in node.Branches)
                    if (JinjaOperations.IsTrue(expressions.Evaluate(condition, scope)))
                        return Run(body, scope, output);
                return Run(node.Otherwise, scope, output);
            case ForNode node:
                return Loop(node, scope, output);
            case SetNode node:
                Assign(node.Targets, node.Attribute, expressions.Evaluate(node.Value, scope), scope);
                return Flow.Next;
            case SetBlockNode node:
                Assign([node.Target], node.Attribute, Filtered(node.Body, node.Filters, scope), scope);
                return Flow.Next;
            case FilterBlockNode node:
                output.Append(budget.Made(printer.Text(Filtered(node.Body, node.Filters, scope))));
                return Flow.Next;
            case MacroNode node:
                scope[node.Name] = Macro(node, scope);
                return Flow.Next;
            case CallBlockNode node:
                var caller = Macro(node.Caller, scope);
                output.Append(budget.Made(printer.Text(expressions.Call(node.Call, scope, ("caller", caller)))));
                return Flow.Next;
            case WithNode node:
                var inner = new JinjaScope(scope);
                foreach (var (name, value) in node.Assignments)
                    inner[name] = expressions.Evaluate(value, scope);
                return Run(node.Body, inner, output);
            case BreakNode:
                return Flow.Break;
            case ContinueNode:
                return Flow.Continue;
            default:
                throw new ArgumentOutOfRangeException(nameof(statement), statement, "A statement of a kind that is not known.");
        }
    }

    private Flow Loop(ForNode node, JinjaScope scope, StringBuilder output)
    {
        var items = operations.Items(expressions.Evaluate(node.Source, scope));
        if (node.Filter is not null)
            items = [.. items.Where(item =>
            {
                var candidate = new JinjaScope(scope);
                Unpack(node.Targets, item, candidate);
                return JinjaOperations.IsTrue(expressions.Evaluate(node.Filter, candidate));
            })];
        if (items.Count == 0)
            return Run(node.Otherwise, new JinjaScope(scope), output);
        var loop = new JinjaLoop(items);
        for (; loop.Index < items.Count; loop.Index++)
        {
            budget.Step();
            // A scope for each pass: what a pass sets is gone in the next.
            var pass = new JinjaScope(scope) { ["loop"] = loop };
            Unpack(node.Targets, items[loop.Index], pass);
            if (Run(node.Body, pass, output) == Flow.Break)
                break;
        }
        return Flow.Next;
    }

    private void Unpack(IReadOnlyList<string> targets, object? value, JinjaScope scope)
    {
        if (targets.Count == 1)
        {
            scope[targets[0]] = value;
            return;
        }
        var parts = operations.Items(value);
        if (parts.Count != targets.Count)
            throw JinjaError.Value($"{parts.Count} values cannot be given to {targets.Count} names.");
        for (var i = 0; i < parts.Count; i++)
            scope[targets[i]] = parts[i];
    }

    private void Assign(IReadOnlyList<string> targets, string? attribute, object? value, JinjaScope scope)
    {
        if (attribute is null)
            Unpack(targets, value, scope);
        else if (scope.TryGet(targets[0], out var space) && space is JinjaNamespace names)
            names.Values[attribute] = value;
        else
            throw JinjaError.Value($"'{targets[0]}.{attribute}' cannot be set: '{targets[0]}' is no namespace.");
    }

    private object? Filtered(IReadOnlyList<JinjaStatement> body, IReadOnlyList<(string Name, ArgumentNodes Arguments)> filters, JinjaScope scope)
    {
        object? value = RenderBody(body, new JinjaScope(scope));
        foreach (var (name, arguments) in filters)
            value = expressions.Filter(value, name, arguments, scope);
        return value;
    }

    private JinjaFunction Macro(MacroNode node, JinjaScope definedIn) => new(node.Name, arguments =>
    {
        var scope = new JinjaScope(definedIn);
        if (arguments.Positional.Count > node.Parameters.Count)
            throw JinjaError.Value($"The macro '{node.Name}' takes at most {node.Parameters.Count} arguments; {arguments.Positional.Count} were given.");
        for (var i = 0; i < node.Parameters.Count; i++)
        {
            var (name, otherwise) = node.Parameters[i];
            scope[name] = i < arguments.Positional.Count ? arguments.Positional[i]
                : arguments.Named.TryGetValue(name, out var given) ? given
                : otherwise is null ? new Undefined(name)
                : expressions.Evaluate(otherwise, scope);
        }
        foreach (var (name, value) in arguments.Named)
            if (name == "caller")
                scope[name] = value;
            else if (node.Parameters.All(parameter => parameter.Name != name))
                throw JinjaError.Value($"The macro '{node.Name}' has no parameter '{name}'.");
        return RenderBody(node.Body, scope);
    });
}
