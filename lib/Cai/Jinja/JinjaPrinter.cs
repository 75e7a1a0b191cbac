using System.Globalization;
using System.Text;

namespace Cai.Jinja;

/// <summary>Values as text: Python's `str` and `repr`, and `json.dumps` as transformers calls it (not ASCII only, keys in their order).</summary>
internal sealed class JinjaPrinter(TemplateBudget budget)
{
    /// <summary>How the value is shown in the output.</summary>
    public string Text(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        bool or long or double or null => Scalar(value),
        _ => Built(builder => Represent(value, builder)),
    };

    /// <summary>The value as JSON.</summary>
    /// <param name="indent">Blanks a level, each element on its own line; null for one line.</param>
    public string Json(object? value, int? indent, string? itemSeparator, string? keySeparator, bool sortKeys, bool asciiOnly) =>
        Built(builder => WriteJson(value, builder, new(indent, itemSeparator ?? (indent is null ? ", " : ","), keySeparator ?? ": ", sortKeys, asciiOnly), 0));

    /// <summary>What Python calls the type, for messages.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "none",
        bool => "a truth value",
        long => "a whole number",
        double => "a number",
        string => "a text",
        JinjaList list => list.IsTuple ? "a tuple" : "a list",
        JinjaMap => "a dictionary",
        Undefined => "undefined",
        JinjaNamespace => "a namespace",
        JinjaLoop => "a loop",
        _ => "a function",
    };

    private string Built(Action<StringBuilder> write)
    {
        var builder = new StringBuilder();
        write(builder);
        return builder.ToString();
    }

    private void Add(StringBuilder builder, string text)
    {
        budget.Reserve(text.Length);
        builder.Append(text);
    }

    private void Represent(object? value, StringBuilder builder)
    {
        budget.Enter();
        switch (value)
        {
            case string text:
                Add(builder, Quoted(text));
                break;
            case Undefined:
                Add(builder, "Undefined");
                break;
            case JinjaList list:
                Add(builder, list.IsTuple ? "(" : "[");
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Add(builder, i > 0 ? ", " : "");
                    Represent(list.Items[i], builder);
                }
                Add(builder, list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case JinjaMap map:
                Add(builder, "{");
                var first = true;
                foreach (var (key, item) in map.Items)
                {
                    Add(builder, first ? "" : ", ");
                    first = false;
                    Represent(key, builder);
                    Add(builder, ": ");
                    Represent(item, builder);
                }
                Add(builder, "}");
                break;
            case bool or long or double or null:
                Add(builder, Scalar(value));
                break;
            default:
                throw JinjaError.Unsupported($"printing {TypeName(value)}");
        }
        budget.Leave();
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        _ => Real((double)value),
    };

    /// <summary>Python's shortest form: 1.0, 0.1, 1e+16, 1e-05, inf.</summary>
    private static string Real(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        var size = Math.Abs(value);
        var scientific = size != 0 && size is < 1e-4 or >= 1e16;
        if (!scientific)
        {
            var exact = value.ToString("R", CultureInfo.InvariantCulture);
            // From 1e15 on .NET would write an exponent, where Python begins at 1e16.
            for (var places = 1; exact.Contains('E') && places <= 3; places++)
                if (value.ToString("F" + places, CultureInfo.InvariantCulture) is var plain && double.Parse(plain, CultureInfo.InvariantCulture) == value)
                    exact = plain;
            return exact.Contains('.') ? exact : exact + ".0";
        }
        var digits = value.ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision < 17; precision++)
            if (double.Parse(digits = value.ToString("E" + precision, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) == value)
                break;
        var (mantissa, exponent) = (digits[..digits.IndexOf('E')], int.Parse(digits[(digits.IndexOf('E') + 1)..], CultureInfo.InvariantCulture));
        return $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
    }

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var builder = new StringBuilder(text.Length + 2).Append(quote);
        foreach (var (c, next) in text.EnumerateRunes().Select(rune => (rune.IsBmp ? (char)rune.Value : '\uFFFF', rune)))
            _ = c switch
            {
                '\\' => builder.Append("\\\\"),
                '\n' => builder.Append("\\n"),
                '\r' => builder.Append("\\r"),
                '\t' => builder.Append("\\t"),
                _ when c == quote => builder.Append('\\').Append(c),
                _ when IsPrintable(next) => builder.Append(next),
                <= '\xFF' => builder.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => builder.Append(next.IsBmp ? "\\u" : "\\U").Append(next.Value.ToString(next.IsBmp ? "x4" : "x8", CultureInfo.InvariantCulture)),
            };
        return builder.Append(quote).ToString();
    }

    /// <summary>Python's `isprintable`: no control, format, private, unassigned or separating character but the blank.</summary>
    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private sealed record JsonStyle(int? Indent, string ItemSeparator, string KeySeparator, bool SortKeys, bool AsciiOnly);

    private void WriteJson(object? value, StringBuilder builder, JsonStyle style, int level)
    {
        budget.Enter();
        switch (value)
        {
            case null:
                Add(builder, "null");
                break;
            case bool flag:
                Add(builder, flag ? "true" : "false");
                break;
            case long:
                Add(builder, Scalar(value));
                break;
            case double real:
                Add(builder, double.IsFinite(real) ? Real(real) : double.IsNaN(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
                break;
            case string text:
                Add(builder, JsonText(text, style.AsciiOnly));
                break;
            case JinjaList list:
                WriteItems('[', ']', list.Items, item => WriteJson(item, builder, style, level + 1), builder, style, level);
                break;
            case JinjaMap map:
                var items = map.Items.Select(item => (Key: item.Key as string ?? JsonKey(item.Key), item.Value)).ToList();
                if (style.SortKeys)
                    items.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
                WriteItems('{', '}', items, item =>
                {
                    Add(builder, JsonText(item.Key, style.AsciiOnly) + style.KeySeparator);
                    WriteJson(item.Value, builder, style, level + 1);
                }, builder, style, level);
                break;
            default:
                throw JinjaError.Value($"{TypeName(value)} cannot be written as JSON.");
        }
        budget.Leave();
    }

    private void WriteItems<T>(char open, char close, IReadOnlyCollection<T> items, Action<T> write, StringBuilder builder, JsonStyle style, int level)
    {
        Add(builder, open.ToString());
        var first = true;
        foreach (var item in items)
        {
            Add(builder, first ? "" : style.ItemSeparator);
            first = false;
            NewLine(level + 1);
            write(item);
        }
        if (items.Count > 0)
            NewLine(level);
        Add(builder, close.ToString());

        void NewLine(int depth)
        {
            if (style.Indent is not { } indent)
                return;
            var blanks = (long)depth * indent;
            budget.Reserve(blanks + 1);
            builder.Append('\n').Append(' ', (int)blanks);
        }
    }

    private static string JsonKey(object? key) => key switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        _ => Scalar(key),
    };

    private static string JsonText(string text, bool asciiOnly)
    {
        var builder = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => builder.Append("\\\""),
                '\\' => builder.Append("\\\\"),
                '\n' => builder.Append("\\n"),
                '\r' => builder.Append("\\r"),
                '\t' => builder.Append("\\t"),
                '\b' => builder.Append("\\b"),
                '\f' => builder.Append("\\f"),
                _ when c < ' ' || asciiOnly && c > '~' => builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => builder.Append(c),
            };
        return builder.Append('"').ToString();
    }
}
