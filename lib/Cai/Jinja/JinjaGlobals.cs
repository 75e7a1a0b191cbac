using System.Globalization;
using System.Text;

namespace Cai.Jinja;

/// <summary>Functions that every template finds: Jinja's `range`, `namespace`, `dict`, and transformers' `raise_exception` and `strftime_now`.</summary>
internal static class JinjaGlobals
{
    private const int LongestRange = 100_000; // as in Jinja's sandbox

    public static JinjaScope Scope(TemplateBudget budget, JinjaPrinter printer, DateTimeOffset? now)
    {
        var scope = new JinjaScope(null)
        {
            ["range"] = new JinjaFunction("'range'", a => Range(budget, a)),
            ["namespace"] = new JinjaFunction("'namespace'", Namespace),
            ["dict"] = new JinjaFunction("'dict'", Dictionary),
            ["raise_exception"] = new JinjaFunction("'raise_exception'", a =>
                throw new JinjaError($"The template refuses this conversation: {printer.Text(a.Bind("message")[0]).ReplaceLineEndings(" ")}.",
                    "Give the turns and roles that the model was trained on.")),
        };
        if (now is { } time)
            scope["strftime_now"] = new JinjaFunction("'strftime_now'", a => budget.Made(Format(time, a.Bind("format").Text(0))));
        return scope;
    }

    private static JinjaList Range(TemplateBudget budget, JinjaArguments arguments)
    {
        var bound = arguments.Bind("start", "stop?", "step?");
        var (start, stop) = bound.Has(1) ? (bound.Whole(0), bound.Whole(1)) : (0, bound.Whole(0));
        var step = bound.Whole(2, 1);
        if (step == 0)
            throw JinjaError.Value("The step of 'range' is 0.");
        var count = Int128.Max(0, ((Int128)stop - start + step - Math.Sign(step)) / step);
        if (count > LongestRange)
            throw JinjaError.Value($"A range of more than {LongestRange} numbers is refused.");
        budget.Step((long)count);
        return new JinjaList([.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + i * step))]);
    }

    private static JinjaNamespace Namespace(JinjaArguments arguments)
    {
        var space = new JinjaNamespace();
        foreach (var (key, value) in Dictionary(arguments).Items)
            space.Values[key as string ?? throw JinjaError.Value("A namespace has names, not numbers.")] = value;
        return space;
    }

    private static JinjaMap Dictionary(JinjaArguments arguments)
    {
        var map = new JinjaMap();
        foreach (var argument in arguments.Positional)
            foreach (var (key, value) in argument is JinjaMap given && arguments.Positional.Count == 1
                ? given.Items
                : throw JinjaError.Unsupported($"{arguments.Callee} of anything but a dictionary and names"))
                map[key] = value;
        foreach (var (name, value) in arguments.Named)
            map[name] = value;
        return map;
    }

    /// <summary>C's `strftime` in its own locale.</summary>
    private static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            var unpadded = format[++i] == '-' && i + 1 < format.Length;
            var part = Part(time, format[unpadded ? ++i : i]);
            text.Append(unpadded && part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : part);
        }
        return text.ToString();
    }

    private static string Part(DateTimeOffset time, char code)
    {
        var net = code switch
        {
            'Y' => "yyyy", 'y' => "yy", 'm' => "MM", 'd' => "dd", 'H' => "HH", 'I' => "hh", 'M' => "mm", 'S' => "ss",
            'f' => "ffffff", 'b' or 'h' => "MMM", 'B' => "MMMM", 'a' => "ddd", 'A' => "dddd", 'p' => "tt",
            'F' => "yyyy-MM-dd", 'T' => "HH:mm:ss", 'D' => "MM/dd/yy",
            _ => null,
        };
        return net is not null ? time.ToString(net, CultureInfo.InvariantCulture) : code switch
        {
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            '%' => "%",
            _ => throw JinjaError.Unsupported($"the date format '%{code}'"),
        };
    }
}
