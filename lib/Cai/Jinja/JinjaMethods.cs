namespace Cai.Jinja;

/// <summary>Methods of texts, lists and dictionaries. Those that would change their object are left out, as in Jinja's immutable sandbox.</summary>
internal sealed class JinjaMethods(TemplateBudget budget, JinjaPrinter printer, JinjaOperations operations)
{
    /// <summary>The method bound to its value, or null when there is none of that name.</summary>
    public JinjaFunction? Find(object? target, string name)
    {
        if (target is string read)
            budget.Read(read);
        Func<JinjaArguments, object?>? call = target switch
        {
            string text => OfText(text, name),
            JinjaMap map => OfMap(map, name),
            JinjaList list => OfList(list, name),
            _ => null,
        };
        return call is null ? null : new JinjaFunction($"'{name}'", call);
    }

    private Func<JinjaArguments, object?>? OfText(string text, string name) => name switch
    {
        "strip" => a => Strip(text, a, start: true, end: true),
        "lstrip" => a => Strip(text, a, start: true, end: false),
        "rstrip" => a => Strip(text, a, start: false, end: true),
        "upper" => a => None(a, JinjaString.Upper(text)),
        "lower" => a => None(a, text.ToLowerInvariant()),
        "title" => a => None(a, JinjaString.Title(text)),
        "capitalize" => a => None(a, JinjaString.Capitalize(text)),
        "swapcase" => a => None(a, string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)))),
        "isdigit" or "isnumeric" or "isdecimal" => a => None(a, text.Length > 0 && text.All(char.IsDigit)),
        "isalpha" => a => None(a, text.Length > 0 && text.All(char.IsLetter)),
        "isalnum" => a => None(a, text.Length > 0 && text.All(char.IsLetterOrDigit)),
        "isspace" => a => None(a, text.Length > 0 && text.All(JinjaString.IsSpace)),
        "isupper" => a => None(a, text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        "islower" => a => None(a, text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        "startswith" => a => Ends(a, affix => text.StartsWith(affix, StringComparison.Ordinal)),
        "endswith" => a => Ends(a, affix => text.EndsWith(affix, StringComparison.Ordinal)),
        "removeprefix" => a =>
            a.Bind("prefix").Text(0) is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? budget.Made(text[prefix.Length..]) : text,
        "removesuffix" => a =>
            a.Bind("suffix").Text(0) is { Length: > 0 } suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? budget.Made(text[..^suffix.Length]) : text,
        "split" => a => Split(text, a, fromEnd: false),
        "rsplit" => a => Split(text, a, fromEnd: true),
        "partition" => a => Partition(text, a.Bind("sep").Text(0), last: false),
        "rpartition" => a => Partition(text, a.Bind("sep").Text(0), last: true),
        "splitlines" => a => Lines(text, JinjaOperations.IsTrue(a.Bind("keepends?").Or(0, false))),
        "replace" => a => a.Bind("old", "new", "count?") is var b ? Replace(budget, text, b.Text(0), b.Text(1), b.Whole(2, -1)) : null,
        "join" => a => Join(text, a.Bind("iterable")[0]),
        "find" => a => Find(text, a.Bind("sub").Text(0), last: false),
        "rfind" => a => Find(text, a.Bind("sub").Text(0), last: true),
        "count" => a => (long)JinjaString.Count(text, a.Bind("sub").Text(0)),
        "zfill" => a => ZeroFill(text, a.Bind("width").Whole(0)),
        _ => null,
    };

    private Func<JinjaArguments, object?>? OfMap(JinjaMap map, string name) => name switch
    {
        "items" => a => None(a, Pairs(map)),
        "keys" => a => None(a, Listed(map.Keys, map.Count)),
        "values" => a => None(a, Listed(map.Values, map.Count)),
        "get" => a => a.Bind("key", "default?") is var b && map.TryGet(b[0], out var value) ? value : b.Or(1, null),
        "copy" => a => None(a, map),
        _ => null,
    };

    private Func<JinjaArguments, object?>? OfList(JinjaList list, string name) => name switch
    {
        "count" => a => (long)operations.Items(list).Count(item => operations.Equal(item, a.Bind("value")[0])),
        "index" => a => operations.Items(list).Select((item, i) => (item, i))
            .FirstOrDefault(entry => operations.Equal(entry.item, a.Bind("value")[0]), (null, -1)) is var (_, i) && i >= 0
            ? (long)i : throw JinjaError.Value("The value is not in the list."),
        "copy" => a => None(a, list),
        _ => null,
    };

    /// <summary>Pairs of keys and values, as tuples.</summary>
    public JinjaList Pairs(JinjaMap map) => Listed(map.Items.Select(item => (object?)new JinjaList([item.Key, item.Value], isTuple: true)), map.Count);

    /// <summary>Python's `str.replace`; an empty <paramref name="old"/> stands before and after every character.</summary>
    /// <param name="count">Most replacements, from the left; negative for all.</param>
    public static string Replace(TemplateBudget budget, string text, string old, string fresh, long count)
    {
        budget.Read(text);
        var found = JinjaString.Count(text, old);
        var times = count < 0 ? found : (int)Math.Min(count, found);
        budget.Reserve(text.Length + times * (long)fresh.Length);
        if (old.Length > 0 && times == found)
            return text.Replace(old, fresh, StringComparison.Ordinal);
        if (old.Length > 0)
            return string.Join(fresh, JinjaString.Split(text, old, times));
        budget.Step(text.Length);
        var characters = JinjaString.Characters(text).Select((character, i) => i < times ? fresh + character : character);
        return string.Concat(characters) + (times > JinjaString.Length(text) ? fresh : "");
    }

    private static object? None(JinjaArguments arguments, object? value)
    {
        arguments.Bind();
        return value;
    }

    private JinjaList Listed(IEnumerable<object?> items, int count)
    {
        budget.Step(count);
        return new JinjaList([.. items]);
    }

    private string Strip(string text, JinjaArguments arguments, bool start, bool end) =>
        budget.Made(Strip(text, arguments.Bind("chars?").Or(0, null) switch
        {
            null => null,
            string characters => characters,
            _ => throw JinjaError.Value($"The argument of {arguments.Callee} is no text."),
        }, start, end));

    /// <summary>Python's `strip`: blank space, or any of the characters given.</summary>
    public static string Strip(string text, string? characters, bool start, bool end)
    {
        var set = characters?.ToCharArray();
        // An empty set strips nothing in Python; .NET would read it as blank space.
        if (set is [])
            return text;
        if (set is null)
            return JinjaString.Strip(text, start, end);
        text = start ? text.TrimStart(set) : text;
        return end ? text.TrimEnd(set) : text;
    }

    private object Ends(JinjaArguments arguments, Func<string, bool> matches) => arguments.Bind("affix")[0] switch
    {
        string affix => matches(affix),
        JinjaList { IsTuple: true } affixes => affixes.Items.Any(affix => affix is string piece && matches(piece)),
        _ => throw JinjaError.Value($"The argument of {arguments.Callee} is no text."),
    };

    private JinjaList Split(string text, JinjaArguments arguments, bool fromEnd)
    {
        var bound = arguments.Bind("sep?", "maxsplit?");
        var separator = bound.Or(0, null) is null ? null : bound.Text(0);
        if (separator is "")
            throw JinjaError.Value("The separator of 'split' is empty.");
        var most = bound.Whole(1, -1);
        budget.Reserve(text.Length);
        if (fromEnd && separator is null && most >= 0)
            throw JinjaError.Unsupported("'rsplit' at blank space with a bound");
        var pieces = fromEnd && separator is not null ? JinjaString.SplitFromEnd(text, separator, most) : JinjaString.Split(text, separator, most);
        return Listed(pieces, pieces.Count);
    }

    private JinjaList Partition(string text, string separator, bool last)
    {
        budget.Reserve(text.Length);
        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return new JinjaList(at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : last ? ["", "", text] : [text, "", ""], isTuple: true);
    }

    private JinjaList Lines(string text, bool keepEnds)
    {
        budget.Reserve(text.Length);
        var lines = JinjaString.Lines(text, keepEnds);
        return Listed(lines, lines.Count);
    }

    private string Join(string separator, object? values)
    {
        var items = operations.Items(values).Select(item => item as string
            ?? throw JinjaError.Value($"'join' met {JinjaPrinter.TypeName(item)} where a text was expected; it was {printer.Text(item)}.")).ToList();
        budget.Reserve(items.Sum(item => (long)item.Length) + (long)separator.Length * items.Count);
        return string.Join(separator, items);
    }

    private object Find(string text, string part, bool last)
    {
        var at = last ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1L : (long)JinjaString.Length(text[..at]);
    }

    private string ZeroFill(string text, long width)
    {
        budget.Reserve(Math.Max(width, text.Length));
        var sign = text is ['+' or '-', ..] ? text[..1] : "";
        return sign + text[sign.Length..].PadLeft((int)Math.Max(width - sign.Length, 0), '0');
    }
}
