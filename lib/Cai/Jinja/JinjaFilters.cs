using System.Globalization;

namespace Cai.Jinja;

/// <summary>What may stand behind `|`.</summary>
internal sealed class JinjaFilters(TemplateBudget budget, JinjaPrinter printer, JinjaOperations operations, JinjaTests tests)
{
    public object? Apply(string name, object? value, JinjaArguments arguments)
    {
        budget.Read(value as string ?? "");
        switch (name)
        {
            case "default" or "d":
                var otherwise = arguments.Bind("default_value?", "boolean?");
                return value is Undefined || JinjaOperations.IsTrue(otherwise.Or(1, false)) && !JinjaOperations.IsTrue(value) ? otherwise.Or(0, "") : value;
            case "tojson":
                var json = arguments.Bind("ensure_ascii?", "indent?", "separators?", "sort_keys?");
                var separators = json.Or(2, null) as JinjaList;
                if (separators is not null && separators.Items is not [string, string])
                    throw JinjaError.Value("The separators of 'tojson' are two texts.");
                var indent = json.Or(1, null) is null ? (int?)null : (int)Math.Clamp(json.Whole(1), 0, 1000);
                return printer.Json(value, indent, separators?.Items[0] as string, separators?.Items.ElementAtOrDefault(1) as string,
                    JinjaOperations.IsTrue(json.Or(3, false)), JinjaOperations.IsTrue(json.Or(0, false)));
            case "trim":
                return budget.Made(JinjaMethods.Strip(printer.Text(value), arguments.Bind("chars?").Or(0, null) as string, start: true, end: true));
            case "replace":
                var replace = arguments.Bind("old", "new", "count?");
                return JinjaMethods.Replace(budget, printer.Text(value), replace.Text(0), replace.Text(1), replace.Or(2, null) is null ? -1 : replace.Whole(2));
            case "join":
                return Join(value, arguments.Bind("d?", "attribute?"));
            case "indent":
                return Indent(printer.Text(value), arguments.Bind("width?", "first?", "blank?"));
            case "int":
                var whole = arguments.Bind("default?", "base?");
                return ToWhole(value) ?? whole.Or(0, 0L);
            case "float":
                return ToReal(value) ?? arguments.Bind("default?").Or(0, 0.0);
            case "round":
                return Round(value, arguments.Bind("precision?", "method?"));
            case "dictsort":
                return SortedPairs(value, arguments.Bind("case_sensitive?", "by?", "reverse?"));
            case "sort":
                var sort = arguments.Bind("reverse?", "case_sensitive?", "attribute?");
                return Sort(operations.Items(value), JinjaOperations.IsTrue(sort.Or(1, false)), item => Path(item, sort.Or(2, null)),
                    JinjaOperations.IsTrue(sort.Or(0, false)));
            case "unique":
                var unique = arguments.Bind("case_sensitive?", "attribute?");
                return Unique(operations.Items(value), JinjaOperations.IsTrue(unique.Or(0, false)), unique.Or(1, null));
            case "min" or "max":
                var extreme = arguments.Bind("case_sensitive?", "attribute?");
                var ordered = Sort(operations.Items(value), JinjaOperations.IsTrue(extreme.Or(0, false)), item => Path(item, extreme.Or(1, null)),
                    reverse: name == "max");
                return ordered.Items.Count > 0 ? ordered.Items[0] : new Undefined($"the {name} of nothing");
            case "sum":
                var sum = arguments.Bind("attribute?", "start?");
                return operations.Items(value).Aggregate(sum.Or(1, 0L), (total, item) => operations.Binary("+", total, Path(item, sum.Or(0, null))));
            // These four give nothing for whatever is false or none, as Jinja's do.
            case "map" or "select" or "reject" or "selectattr" or "rejectattr" when !JinjaOperations.IsTrue(value):
                return new JinjaList([]);
            case "map":
                return Map(operations.Items(value), arguments);
            case "select" or "reject" or "selectattr" or "rejectattr":
                return Select(operations.Items(value), arguments, byAttribute: name.EndsWith("attr", StringComparison.Ordinal),
                    keep: name.StartsWith("select", StringComparison.Ordinal));
        }
        var result = name switch
        {
            "length" or "count" => operations.Length(value),
            "upper" => budget.Made(JinjaString.Upper(printer.Text(value))),
            "lower" => budget.Made(printer.Text(value).ToLowerInvariant()),
            "capitalize" => budget.Made(JinjaString.Capitalize(printer.Text(value))),
            "title" => budget.Made(TitleFilter(printer.Text(value))),
            "string" or "safe" => printer.Text(value),
            "escape" or "e" =>
                budget.Made(printer.Text(value).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("'", "&#39;").Replace("\"", "&#34;")),
            "first" => operations.Items(value) is [var first, ..] ? first : new Undefined("the first of nothing"),
            "last" => operations.Items(value) is [.., var last] ? last : new Undefined("the last of nothing"),
            "list" => new JinjaList(operations.Items(value)),
            "items" => value is Undefined ? new JinjaList([]) : value is JinjaMap map ? Pairs(map) : throw JinjaError.Value("'items' needs a dictionary."),
            "reverse" => value is string text ? operations.Slice(text, null, null, -1L) : new JinjaList([.. operations.Items(value).Reverse()]),
            "abs" => operations.Order(value, 0L) < 0 ? operations.Negate(value) : value is bool flag ? flag ? 1L : 0L : value,
            _ => throw JinjaError.Unsupported($"the filter '{name}'"),
        };
        arguments.Bind(); // these take none; a filter that is not known is said to be so first
        return result;
    }

    private JinjaList Pairs(JinjaMap map)
    {
        budget.Step(map.Count);
        return new([.. map.Items.Select(item => new JinjaList([item.Key, item.Value], isTuple: true))]);
    }

    private string Join(object? value, JinjaArguments.Bound bound)
    {
        var separator = printer.Text(bound.Or(0, ""));
        var texts = operations.Items(value).Select(item => printer.Text(Path(item, bound.Or(1, null)))).ToList();
        budget.Reserve(texts.Sum(text => (long)text.Length) + (long)separator.Length * texts.Count);
        return string.Join(separator, texts);
    }

    private string Indent(string text, JinjaArguments.Bound bound)
    {
        var width = bound.Or(0, 4L) switch
        {
            string own => own,
            long blanks and >= 0 and <= 10_000 => new string(' ', (int)blanks),
            _ => throw JinjaError.Value("The width of 'indent' is no text and no number from 0 to 10000."),
        };
        var (first, blank) = (JinjaOperations.IsTrue(bound.Or(1, false)), JinjaOperations.IsTrue(bound.Or(2, false)));
        var lines = JinjaString.Lines(text + "\n", keepEnds: false); // Jinja's own quirk: the last line break counts
        budget.Reserve(text.Length + (long)width.Length * lines.Count);
        // Jinja's own: without `first` the first line stays, without `blank` empty lines do.
        return string.Join('\n', lines.Select((line, i) => i == 0 ? first ? width + line : line : blank || line.Length > 0 ? width + line : line));
    }

    private static object? ToWhole(object? value) => value switch
    {
        long or bool => value is bool flag ? flag ? 1L : 0L : value,
        double real when real is > -9.2e18 and < 9.2e18 => (long)real,
        string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var whole) => whole,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && real is > -9.2e18 and < 9.2e18 => (long)real,
        _ => null,
    };

    private static object? ToReal(object? value) => value switch
    {
        string text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : null,
        _ => JinjaNumber.TryRead(value, out var number) ? number.AsDouble : null,
    };

    private static object Round(object? value, JinjaArguments.Bound bound)
    {
        if (!JinjaNumber.TryRead(value, out var number))
            throw JinjaError.Value("'round' needs a number.");
        var scale = Math.Pow(10, Math.Clamp(bound.Whole(0, 0), -300, 300));
        var scaled = number.AsDouble * scale;
        return bound.Text(1, "common") switch
        {
            // Python leaves whole numbers whole.
            "common" when number.IsWhole => (object)(bound.Whole(0, 0) >= 0 ? number.Whole : (long)(Math.Round(scaled, MidpointRounding.ToEven) / scale)),
            // Python's round goes to the even neighbour.
            "common" => Math.Round(scaled, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(scaled) / scale,
            "floor" => Math.Floor(scaled) / scale,
            var method => throw JinjaError.Value($"'round' knows no method '{method}'."),
        };
    }

    private JinjaList SortedPairs(object? value, JinjaArguments.Bound bound)
    {
        if (value is not JinjaMap map)
            throw JinjaError.Value("'dictsort' needs a dictionary.");
        var by = bound.Text(1, "key") switch
        {
            "key" => 0,
            "value" => 1,
            var other => throw JinjaError.Value($"'dictsort' sorts by key or value, not by '{other}'."),
        };
        return Sort(Pairs(map).Items, JinjaOperations.IsTrue(bound.Or(0, false)), pair => ((JinjaList)pair!).Items[by],
            JinjaOperations.IsTrue(bound.Or(2, false)));
    }

    /// <summary>Stable, as Python's.</summary>
    private JinjaList Sort(IReadOnlyList<object?> items, bool caseSensitive, Func<object?, object?> key, bool reverse)
    {
        object? Key(object? item) => key(item) is string text && !caseSensitive ? budget.Made(text.ToLowerInvariant()) : key(item);
        var comparer = Comparer<object?>.Create(operations.Order);
        try
        {
            return new([.. reverse ? items.OrderByDescending(Key, comparer) : items.OrderBy(Key, comparer)]);
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaError inner)
        {
            throw inner;
        }
    }

    private JinjaList Unique(IReadOnlyList<object?> items, bool caseSensitive, object? attribute)
    {
        var (kept, keys) = (new List<object?>(), new List<object?>());
        foreach (var item in items)
        {
            var key = Path(item, attribute) is string text && !caseSensitive ? budget.Made(text.ToLowerInvariant()) : Path(item, attribute);
            if (keys.Any(known => operations.Equal(known, key)))
                continue;
            keys.Add(key);
            kept.Add(item);
        }
        return new(kept);
    }

    private JinjaList Map(IReadOnlyList<object?> items, JinjaArguments arguments)
    {
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind("attribute?", "default?");
            if (!bound.Has(0))
                throw JinjaError.Value("'map' needs a filter or an attribute.");
            return new([.. items.Select(item => Path(item, bound[0]) is var found and not Undefined || !bound.Has(1) ? Path(item, bound[0]) : bound[1])]);
        }
        var filter = arguments.Positional[0] as string ?? throw JinjaError.Value("'map' needs the name of a filter.");
        var rest = new JinjaArguments($"the filter '{filter}'", [.. arguments.Positional.Skip(1)], arguments.Named);
        return new([.. items.Select(item => Apply(filter, item, rest))]);
    }

    private JinjaList Select(IReadOnlyList<object?> items, JinjaArguments arguments, bool byAttribute, bool keep)
    {
        var own = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < own)
            throw JinjaError.Value($"{arguments.Callee} needs an attribute.");
        var test = arguments.Positional.Count > own
            ? arguments.Positional[own] as string ?? throw JinjaError.Value($"{arguments.Callee} needs the name of a test.")
            : null;
        var rest = new JinjaArguments($"the test '{test}'", [.. arguments.Positional.Skip(own + 1)], arguments.Named);
        return new([.. items.Where(item =>
        {
            var seen = byAttribute ? Path(item, arguments.Positional[0]) : item;
            return (test is null ? JinjaOperations.IsTrue(seen) : tests.Apply(test, seen, rest)) == keep;
        })]);
    }

    /// <summary>`item.a.b` for "a.b", an element for a number, the item itself for null.</summary>
    private object? Path(object? item, object? path)
    {
        if (path is null)
            return item;
        if (path is not string names)
            return operations.Item(item, path);
        foreach (var name in names.Split('.'))
            item = item is Undefined missing ? throw missing.Error()
                : item is JinjaNamespace space ? space.Values.TryGetValue(name, out var value) ? value : new Undefined(name)
                : operations.Item(item, long.TryParse(name, CultureInfo.InvariantCulture, out var index) ? index : name);
        return item;
    }

    /// <summary>Jinja's `title`: a capital after blank space and after opening punctuation, the rest of the word small.</summary>
    private static string TitleFilter(string text)
    {
        var start = true;
        return string.Concat(text.Select(c =>
        {
            var shown = start ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c);
            start = JinjaString.IsSpace(c) || "-({[<".Contains(c);
            return shown;
        }));
    }
}
