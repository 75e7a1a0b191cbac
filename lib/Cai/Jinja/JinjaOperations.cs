namespace Cai.Jinja;

/// <summary>Python's operators on a template's values, within a budget.</summary>
internal sealed class JinjaOperations(TemplateBudget budget, JinjaPrinter printer)
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long whole => whole != 0,
        double real => real != 0,
        string text => text.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaMap map => map.Count > 0,
        _ => true,
    };

    public bool Equal(object? a, object? b)
    {
        budget.Read(a as string ?? "");
        budget.Enter();
        var equal = (a, b) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (string x, string y) => x == y,
            (JinjaList x, JinjaList y) =>
                x.IsTuple == y.IsTuple && x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(pair => Equal(pair.First, pair.Second)),
            (JinjaMap x, JinjaMap y) => x.Count == y.Count && x.Items.All(item => y.TryGet(item.Key, out var other) && Equal(item.Value, other)),
            _ => JinjaNumber.TryRead(a, out var left) && JinjaNumber.TryRead(b, out var right)
                ? left.IsWhole && right.IsWhole ? left.Whole == right.Whole : left.AsDouble == right.AsDouble
                : ReferenceEquals(a, b),
        };
        budget.Leave();
        return equal;
    }

    /// <summary>Less than 0, 0, or more than 0.</summary>
    /// <exception cref="JinjaError">The values have no order.</exception>
    public int Order(object? a, object? b)
    {
        budget.Read(a as string ?? "");
        if (JinjaNumber.TryRead(a, out var left) && JinjaNumber.TryRead(b, out var right))
            return left.IsWhole && right.IsWhole ? left.Whole.CompareTo(right.Whole) : left.AsDouble.CompareTo(right.AsDouble);
        switch (a, b)
        {
            case (string x, string y):
                return JinjaString.Order(x, y);
            case (JinjaList x, JinjaList y):
                budget.Enter();
                var different = Enumerable.Range(0, Math.Min(x.Items.Count, y.Items.Count)).FirstOrDefault(i => !Equal(x.Items[i], y.Items[i]), -1);
                var order = different < 0 ? x.Items.Count.CompareTo(y.Items.Count) : Order(x.Items[different], y.Items[different]);
                budget.Leave();
                return order;
            default:
                throw (a as Undefined ?? b as Undefined)?.Error()
                    ?? JinjaError.Value($"{JinjaPrinter.TypeName(a)} and {JinjaPrinter.TypeName(b)} have no order.");
        }
    }

    public bool Compare(string op, object? a, object? b) => op switch
    {
        "==" => Equal(a, b),
        "!=" => !Equal(a, b),
        "in" => Contains(b, a),
        "not in" => !Contains(b, a),
        "<" => Order(a, b) < 0,
        "<=" => Order(a, b) <= 0,
        ">" => Order(a, b) > 0,
        _ => Order(a, b) >= 0,
    };

    public bool Contains(object? whole, object? part)
    {
        switch (whole)
        {
            case string text:
                budget.Read(text);
                return part is string piece
                    ? text.Contains(piece, StringComparison.Ordinal)
                    : throw JinjaError.Value($"'in' looks for {JinjaPrinter.TypeName(part)} in a text.");
            case JinjaMap map:
                budget.Read(part as string ?? "");
                return map.Has(part);
            default:
                return Items(whole).Any(item => Equal(item, part));
        }
    }

    /// <summary>What a loop over the value visits.</summary>
    /// <exception cref="JinjaError">It cannot be looped over.</exception>
    public IReadOnlyList<object?> Items(object? value)
    {
        IReadOnlyList<object?> items = value switch
        {
            JinjaList list => list.Items,
            JinjaMap map => [.. map.Keys],
            string text => Characters(text),
            Undefined => [],
            _ => throw JinjaError.Value($"{JinjaPrinter.TypeName(value)} cannot be looped over."),
        };
        budget.Step(items.Count);
        return items;
    }

    private List<string> Characters(string text)
    {
        budget.Step(text.Length);
        return [.. JinjaString.Characters(text)];
    }

    public object? Binary(string op, object? a, object? b)
    {
        if (op == "~")
            return Join(printer.Text(a), printer.Text(b));
        if (JinjaNumber.TryRead(a, out var left) && JinjaNumber.TryRead(b, out var right))
            return JinjaNumber.Apply(op, left, right);
        switch (op, a, b)
        {
            case ("+", string x, string y):
                return Join(x, y);
            case ("+", JinjaList x, JinjaList y) when x.IsTuple == y.IsTuple:
                budget.Step(x.Items.Count + y.Items.Count);
                return new JinjaList([.. x.Items, .. y.Items], x.IsTuple);
            case ("*", string or JinjaList, long or bool):
                return Repeat(a, b is long n ? n : (bool)b ? 1 : 0);
            case ("*", long or bool, string or JinjaList):
                return Repeat(b, a is long m ? m : (bool)a ? 1 : 0);
            case ("%", string, _):
                throw JinjaError.Unsupported("formatting a text by '%'");
            default:
                throw (a as Undefined ?? b as Undefined)?.Error()
                    ?? JinjaError.Value($"'{op}' does not work on {JinjaPrinter.TypeName(a)} and {JinjaPrinter.TypeName(b)}.");
        }
    }

    public object Negate(object? value) => JinjaNumber.TryRead(value, out var number)
        ? JinjaNumber.Apply("-", new(true, 0, 0), number)
        : throw (value as Undefined)?.Error() ?? JinjaError.Value($"'-' does not work on {JinjaPrinter.TypeName(value)}.");

    public long Length(object? value) => value switch
    {
        string text => JinjaString.Length(text),
        JinjaList list => list.Items.Count,
        JinjaMap map => map.Count,
        Undefined => 0,
        _ => throw JinjaError.Value($"{JinjaPrinter.TypeName(value)} has no length."),
    };

    /// <summary>`value[index]`; undefined when there is nothing.</summary>
    public object? Item(object? value, object? index)
    {
        budget.Read(index as string ?? "");
        switch (value)
        {
            case JinjaMap map:
                return map.TryGet(index, out var found) ? found : new Undefined(printer.Text(index));
            case JinjaList list when index is long or bool:
                var at = index is long n ? n : (bool)index ? 1 : 0;
                at = at < 0 ? at + list.Items.Count : at;
                return at >= 0 && at < list.Items.Count ? list.Items[(int)at] : new Undefined($"element {index}");
            case string text when index is long or bool:
                budget.Read(text);
                return JinjaString.At(text, index is long k ? k : (bool)index ? 1 : 0) ?? (object)new Undefined($"element {index}");
            default:
                return new Undefined(printer.Text(index));
        }
    }

    public object? Slice(object? value, object? start, object? stop, object? step)
    {
        var by = Whole(step) ?? 1;
        if (by == 0)
            throw JinjaError.Value("The step of a slice is 0.");
        switch (value)
        {
            case string text:
                budget.Reserve(text.Length);
                if (by != 1)
                    budget.Step(text.Length);
                return JinjaString.Slice(text, Whole(start), Whole(stop), by);
            case JinjaList list:
                budget.Step(list.Items.Count);
                return new JinjaList([.. JinjaString.Indices(list.Items.Count, Whole(start), Whole(stop), by).Select(i => list.Items[i])], list.IsTuple);
            default:
                // Jinja's subscript of what has none is undefined, a slice as an index.
                return value is Undefined missing ? throw missing.Error() : new Undefined($"a slice of {JinjaPrinter.TypeName(value)}");
        }

        static long? Whole(object? bound) => bound switch
        {
            null => null,
            long n => n,
            bool flag => flag ? 1 : 0,
            _ => throw JinjaError.Value($"The bound of a slice is {JinjaPrinter.TypeName(bound)}."),
        };
    }

    private string Join(string a, string b)
    {
        budget.Reserve((long)a.Length + b.Length);
        return a + b;
    }

    private object Repeat(object value, long times)
    {
        times = Math.Max(times, 0);
        // Nothing, however often, is nothing at once.
        if (times == 0 || value is "" or JinjaList { Items.Count: 0 })
            return value is string ? "" : new JinjaList([], ((JinjaList)value).IsTuple);
        if (times > int.MaxValue)
            budget.Reserve(long.MaxValue);
        if (value is string text)
        {
            budget.Reserve(text.Length * times);
            return string.Concat(Enumerable.Repeat(text, (int)times));
        }
        var list = (JinjaList)value;
        budget.Step(list.Items.Count * times);
        return new JinjaList([.. Enumerable.Repeat(list.Items, (int)times).SelectMany(items => items)], list.IsTuple);
    }
}
