namespace Cai.Jinja;

/// <summary>Values of expressions.</summary>
internal sealed class JinjaExpressions
{
    private readonly TemplateBudget budget;
    private readonly JinjaPrinter printer;
    private readonly JinjaOperations operations;
    private readonly JinjaMethods methods;
    private readonly JinjaTests tests;
    private readonly JinjaFilters filters;

    public JinjaExpressions(TemplateBudget budget, JinjaPrinter printer, JinjaOperations operations)
    {
        (this.budget, this.printer, this.operations) = (budget, printer, operations);
        methods = new(budget, printer, operations);
        tests = new(budget, operations);
        filters = new(budget, printer, operations, tests);
    }

    public object? Evaluate(JinjaExpression expression, JinjaScope scope)
    {
        budget.Step();
        budget.Enter();
        var value = expression switch
        {
            LiteralNode node => node.Value,
            NameNode node => scope.TryGet(node.Name, out var found) ? found : new Undefined(node.Name),
            AttributeNode node => Attribute(Evaluate(node.Target, scope), node.Name),
            IndexNode node => Index(Evaluate(node.Target, scope), Evaluate(node.Index, scope)),
            SliceNode node =>
                operations.Slice(Evaluate(node.Target, scope), Optional(node.Start, scope), Optional(node.Stop, scope), Optional(node.Step, scope)),
            CallNode node => Call(node, scope),
            FilterNode node => Filter(Evaluate(node.Target, scope), node.Name, node.Arguments, scope),
            TestNode node => tests.Apply(node.Name, Evaluate(node.Target, scope), Arguments($"the test '{node.Name}'", node.Arguments, scope)),
            ConditionNode node => JinjaOperations.IsTrue(Evaluate(node.Condition, scope)) ? Evaluate(node.Then, scope)
                : node.Otherwise is null ? new Undefined("the value of an 'if' without 'else'") : Evaluate(node.Otherwise, scope),
            CompareNode node => Compare(node, scope),
            UnaryNode node => Unary(node.Operator, Evaluate(node.Operand, scope)),
            BinaryNode node => Binary(node, scope),
            ListNode node => new JinjaList([.. node.Items.Select(item => Evaluate(item, scope))], node.IsTuple),
            DictNode node => Dictionary(node, scope),
            _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "An expression of a kind that is not known."),
        };
        budget.Leave();
        return value;
    }

    /// <summary>A call, with an argument that the template did not write (the body of a call block).</summary>
    public object? Call(CallNode node, JinjaScope scope, params (string Name, object? Value)[] more)
    {
        object? target;
        if (node.Target is AttributeNode attribute)
        {
            var owner = Evaluate(attribute.Target, scope);
            target = Attribute(owner, attribute.Name);
            if (target is Undefined && owner is string or JinjaList or JinjaMap)
                throw JinjaError.Unsupported($"the method '{attribute.Name}' of {JinjaPrinter.TypeName(owner)}");
        }
        else
            target = Evaluate(node.Target, scope);
        if (target is not JinjaFunction function)
            throw (target as Undefined)?.Error() ?? JinjaError.Value($"{JinjaPrinter.TypeName(target)} cannot be called.");
        var arguments = Arguments(function.Name, node.Arguments, scope);
        foreach (var (name, value) in more)
            ((Dictionary<string, object?>)arguments.Named)[name] = value;
        return function.Call(arguments);
    }

    public object? Filter(object? target, string name, ArgumentNodes arguments, JinjaScope scope) =>
        filters.Apply(name, target, Arguments($"the filter '{name}'", arguments, scope));

    private JinjaArguments Arguments(string callee, ArgumentNodes nodes, JinjaScope scope)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        object?[] positional = [.. nodes.Positional.Select(node => Evaluate(node, scope))];
        foreach (var (name, node) in nodes.Named)
            named[name] = Evaluate(node, scope);
        return new(callee, positional, named);
    }

    private object? Optional(JinjaExpression? node, JinjaScope scope) => node is null ? null : Evaluate(node, scope);

    private object? Attribute(object? target, string name) => target switch
    {
        Undefined undefined => throw undefined.Error(),
        JinjaNamespace space => space.Values.TryGetValue(name, out var value) ? value : new Undefined(name),
        JinjaLoop loop => loop.Attribute(name, operations.Equal),
        _ => methods.Find(target, name) ?? (target is JinjaMap map && map.TryGet(name, out var item) ? item : new Undefined(name)),
    };

    private object? Index(object? target, object? index)
    {
        if (target is Undefined undefined)
            throw undefined.Error();
        if (target is JinjaNamespace or JinjaLoop && index is string attribute)
            return Attribute(target, attribute);
        var item = operations.Item(target, index);
        return item is Undefined && index is string name && methods.Find(target, name) is { } method ? method : item;
    }

    private object Compare(CompareNode node, JinjaScope scope)
    {
        var left = Evaluate(node.First, scope);
        foreach (var (op, operand) in node.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!operations.Compare(op, left, right))
                return false;
            left = right;
        }
        return true;
    }

    private object Unary(string op, object? value) => op switch
    {
        "not" => !JinjaOperations.IsTrue(value),
        "-" => operations.Negate(value),
        _ => operations.Negate(operations.Negate(value)),
    };

    private object? Binary(BinaryNode node, JinjaScope scope)
    {
        var left = Evaluate(node.Left, scope);
        return node.Operator switch
        {
            "and" => JinjaOperations.IsTrue(left) ? Evaluate(node.Right, scope) : left,
            "or" => JinjaOperations.IsTrue(left) ? left : Evaluate(node.Right, scope),
            var op => operations.Binary(op, left, Evaluate(node.Right, scope)),
        };
    }

    private JinjaMap Dictionary(DictNode node, JinjaScope scope)
    {
        var map = new JinjaMap();
        foreach (var (key, value) in node.Items)
            map[Evaluate(key, scope)] = Evaluate(value, scope);
        return map;
    }
}
