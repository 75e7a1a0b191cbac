namespace Cai.Jinja;

// A template's values are: null, bool, long, double, string, and the types below. Nothing else ever enters, so there is
// nothing of the program that a template could reach.

/// <summary>A name or key that is not there. Prints as nothing, is false and empty; anything more is an error.</summary>
internal sealed record Undefined(string Name)
{
    public JinjaError Error() => JinjaError.Value($"'{Name}' is undefined.");
}

/// <summary>A list, or a tuple, which only prints differently. Never changed after it is made.</summary>
internal sealed class JinjaList(IReadOnlyList<object?> items, bool isTuple = false)
{
    public IReadOnlyList<object?> Items => items;

    public bool IsTuple => isTuple;
}

/// <summary>
/// A dictionary in the order of insertion. Keys are null, bool, numbers or strings, equal as in Python (1 = 1.0 = true). Never changed after it is made.
/// </summary>
internal sealed class JinjaMap
{
    private sealed class KeyEquality : IEqualityComparer<object>
    {
        // A dictionary takes no null key.
        public static readonly object NoneKey = new();

        public new bool Equals(object? a, object? b) => ReferenceEquals(a, b) || a is string x && b is string y && x == y
            || JinjaNumber.TryRead(a, out var left) && JinjaNumber.TryRead(b, out var right) && left.AsDouble == right.AsDouble;

        public int GetHashCode(object key) =>
            key is string text ? text.GetHashCode() : JinjaNumber.TryRead(key, out var number) ? number.AsDouble.GetHashCode() : 0;
    }

    private readonly OrderedDictionary<object, object?> items = new(new KeyEquality());

    public int Count => items.Count;

    public IEnumerable<object?> Keys => items.Keys.Select(Outside);

    public IEnumerable<object?> Values => items.Values;

    public IEnumerable<(object? Key, object? Value)> Items => items.Select(item => (Outside(item.Key), item.Value));

    /// <exception cref="JinjaError">The key is a list or another thing that cannot be a key.</exception>
    public object? this[object? key]
    {
        set => items[Inside(key)] = value;
    }

    public bool TryGet(object? key, out object? value) => items.TryGetValue(Inside(key), out value);

    public bool Has(object? key) => items.ContainsKey(Inside(key));

    private static object Inside(object? key) => key switch
    {
        null => KeyEquality.NoneKey,
        string or bool or long or double => key,
        _ => throw JinjaError.Value($"{JinjaPrinter.TypeName(key)} cannot be the key of a dictionary."),
    };

    private static object? Outside(object key) => ReferenceEquals(key, KeyEquality.NoneKey) ? null : key;
}

/// <summary>What `namespace(…)` makes: the one thing that a template can change.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>A macro, a method bound to its value, or a global function.</summary>
internal sealed record JinjaFunction(string Name, Func<JinjaArguments, object?> Call);

/// <summary>The `loop` variable.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> items)
{
    private object? watched;
    private bool isWatching;

    public int Index { get; set; }

    public object? Attribute(string name, Func<object?, object?, bool> equal) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => (long)items.Count - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        // Only recursive loops are deeper, and those are left out.
        "depth" => 1L,
        "depth0" => 0L,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("loop.previtem"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("loop.nextitem"),
        "cycle" => new JinjaFunction("loop.cycle", arguments => arguments.Positional.Count == 0
            ? throw JinjaError.Value("loop.cycle needs at least one argument.") : arguments.Positional[Index % arguments.Positional.Count]),
        "changed" => new JinjaFunction("loop.changed", arguments =>
        {
            var now = new JinjaList(arguments.Positional);
            var changed = !isWatching || !equal(watched, now);
            (watched, isWatching) = (now, true);
            return changed;
        }),
        _ => new Undefined($"loop.{name}"),
    };
}

/// <summary>Arguments of a call, filter or test, evaluated.</summary>
internal sealed record JinjaArguments(string Callee, IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    private static readonly object Absent = new();

    /// <summary>The arguments in the order of <paramref name="names"/>; a name that ends with "?" may be left out.</summary>
    /// <exception cref="JinjaError">One is missing, or there is one too many.</exception>
    public Bound Bind(params string[] names)
    {
        if (Positional.Count > names.Length)
            throw JinjaError.Value($"{Callee} takes at most {names.Length} arguments; {Positional.Count} were given.");
        var values = new object?[names.Length];
        Array.Fill(values, Absent);
        for (var i = 0; i < Positional.Count; i++)
            values[i] = Positional[i];
        foreach (var (name, value) in Named)
        {
            var i = Array.FindIndex(names, n => n.TrimEnd('?') == name);
            if (i < 0)
                throw JinjaError.Unsupported($"the argument '{name}' of {Callee}");
            values[i] = ReferenceEquals(values[i], Absent) ? value : throw JinjaError.Value($"{Callee} was given '{name}' twice.");
        }
        for (var i = 0; i < names.Length; i++)
            if (ReferenceEquals(values[i], Absent) && !names[i].EndsWith('?'))
                throw JinjaError.Value($"{Callee} needs the argument '{names[i]}'.");
        return new(Callee, names, values);
    }

    /// <summary>Arguments with names.</summary>
    internal sealed class Bound(string callee, string[] names, object?[] values)
    {
        public bool Has(int i) => !ReferenceEquals(values[i], Absent);

        public object? Or(int i, object? otherwise) => Has(i) ? values[i] : otherwise;

        public object? this[int i] => values[i];

        public string Text(int i, string? otherwise = null) => Or(i, otherwise) as string ?? throw Wrong(i, "a text");

        public long Whole(int i, long otherwise = 0) => Or(i, otherwise) switch
        {
            long value => value,
            bool value => value ? 1 : 0,
            _ => throw Wrong(i, "a whole number"),
        };

        private JinjaError Wrong(int i, string expected) =>
            JinjaError.Value($"The argument '{names[i].TrimEnd('?')}' of {callee} is {JinjaPrinter.TypeName(values[i])}; {expected} was expected.");
    }
}
