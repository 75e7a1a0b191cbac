using System.Text;

namespace Cai.Jinja;

/// <summary>
/// Cuts a template into tokens as Jinja 2 does with the settings of transformers' chat templates: `trim_blocks` (a line
/// break right after a block or comment goes) and `lstrip_blocks` (blanks before a block or comment that begins its line go),
/// each undone by `+`; `-` takes all blank space on its side; the last line break of the template goes.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"];

    private readonly string source;
    private readonly List<JinjaToken> tokens = [];
    private int at;
    private int line = 1;
    private bool atLineStart = true;

    private JinjaLexer(string source) => this.source = source;

    /// <exception cref="JinjaError">A tag, string or comment has no end, or a character means nothing.</exception>
    public static List<JinjaToken> Tokens(string template)
    {
        // Jinja knows these three line ends; U+2028 and its kind are text.
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new JinjaLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Run();
        return lexer.tokens;
    }

    private void Run()
    {
        while (at < source.Length)
        {
            var open = NextTag(at);
            if (open < 0)
            {
                AddText(source[at..]);
                at = source.Length;
                break;
            }
            var kind = source[open + 1];
            var sign = open + 2 < source.Length && source[open + 2] is '-' or '+' ? source[open + 2] : ' ';
            AddText(Before(source[at..open], kind, sign));
            MoveTo(open + (sign == ' ' ? 2 : 3));
            if (kind == '#')
                SkipComment();
            else if (kind == '%' && IsRaw(out var bodyStart))
                ReadRaw(bodyStart);
            else
                ReadTag(kind == '%');
        }
        tokens.Add(new(JinjaTokenKind.End, "", line));
    }

    private int NextTag(int from)
    {
        for (var i = source.IndexOf('{', from); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
            if (source[i + 1] is '{' or '%' or '#')
                return i;
        return -1;
    }

    /// <summary>The text before a tag, without the blank space that the tag takes.</summary>
    private string Before(string text, char kind, char sign)
    {
        if (sign == '-')
            return JinjaString.Strip(text, start: false, end: true);
        if (sign == '+' || kind == '{')
            return text;
        var start = text.LastIndexOf('\n') + 1;
        return (start > 0 || atLineStart) && text.AsSpan(start).IndexOfAnyExcept(JinjaString.Space) < 0 ? text[..start] : text;
    }

    /// <summary>Moves past the end of a tag and the blank space that it takes.</summary>
    private void Close(int end, int length, bool trimsBlocks)
    {
        var stop = end + length;
        if (source[end] == '-')
            while (stop < source.Length && JinjaString.IsSpace(source[stop]))
                stop++;
        else if (trimsBlocks && source[end] != '+' && stop < source.Length && source[stop] == '\n')
            stop++;
        MoveTo(stop);
        atLineStart = source[stop - 1] == '\n';
    }

    private void SkipComment()
    {
        var end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0)
            throw JinjaError.Syntax("A comment has no end '#}'.", line);
        var signed = end > at && source[end - 1] is '-' or '+';
        Close(signed ? end - 1 : end, signed ? 3 : 2, trimsBlocks: true);
    }

    private bool IsRaw(out int bodyStart)
    {
        bodyStart = 0;
        var i = SkipBlank(at);
        if (!source.AsSpan(i).StartsWith("raw"))
            return false;
        i = SkipBlank(i + 3);
        var strip = i < source.Length && source[i] == '-';
        if (!source.AsSpan(strip ? i + 1 : i).StartsWith("%}"))
            return false;
        bodyStart = strip ? SkipBlank(i + 3) : i + 2;
        return true;
    }

    private void ReadRaw(int bodyStart)
    {
        MoveTo(bodyStart);
        for (var open = source.IndexOf("{%", at, StringComparison.Ordinal); open >= 0; open = source.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var signed = open + 2 < source.Length && source[open + 2] is '-' or '+';
            var name = SkipBlank(open + (signed ? 3 : 2));
            if (!source.AsSpan(name).StartsWith("endraw"))
                continue;
            var end = SkipBlank(name + "endraw".Length);
            var closeSigned = end < source.Length && source[end] is '-' or '+';
            if (!source.AsSpan(closeSigned ? end + 1 : end).StartsWith("%}"))
                continue;
            atLineStart = source[bodyStart - 1] == '\n';
            AddText(Before(source[at..open], '%', signed ? source[open + 2] : ' '));
            Close(end, closeSigned ? 3 : 2, trimsBlocks: true);
            return;
        }
        throw JinjaError.Syntax("A raw block has no end '{% endraw %}'.", line);
    }

    private void ReadTag(bool block)
    {
        var opened = line;
        tokens.Add(new(block ? JinjaTokenKind.BlockBegin : JinjaTokenKind.VariableBegin, "", line));
        var close = block ? "%}" : "}}";
        var brackets = new Stack<char>();
        while (true)
        {
            MoveTo(SkipBlank(at));
            if (at >= source.Length)
                throw JinjaError.Syntax($"A tag has no end '{close}'.", opened);
            var signed = source[at] == '-' || block && source[at] == '+';
            if (brackets.Count == 0 && source.AsSpan(signed ? at + 1 : at).StartsWith(close))
            {
                tokens.Add(new(block ? JinjaTokenKind.BlockEnd : JinjaTokenKind.VariableEnd, "", line));
                Close(at, signed ? 3 : 2, trimsBlocks: block);
                return;
            }
            ReadToken(brackets);
        }
    }

    private void ReadToken(Stack<char> brackets)
    {
        var c = source[at];
        var start = at;
        if (c is '\'' or '"')
            ReadString(c);
        else if (char.IsAsciiDigit(c))
            ReadNumber();
        else if (c == '_' || char.IsLetter(c))
        {
            var end = at;
            while (end < source.Length && (source[end] == '_' || char.IsLetterOrDigit(source[end])))
                end++;
            Add(JinjaTokenKind.Name, source[start..end], end);
        }
        else if (Operators.FirstOrDefault(o => source.AsSpan(at).StartsWith(o)) is { } op)
        {
            if (op is "(" or "[" or "{")
                brackets.Push(op[0] switch { '(' => ')', '[' => ']', _ => '}' });
            else if (op is ")" or "]" or "}" && (!brackets.TryPop(out var expected) || expected != op[0]))
                throw JinjaError.Syntax($"Unexpected '{op}'.", line);
            Add(JinjaTokenKind.Operator, op, at + op.Length);
        }
        else
            throw JinjaError.Syntax($"Unexpected character '{c}'.", line);
    }

    private void ReadNumber()
    {
        var end = at;
        Digits();
        var real = false;
        if (end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
        {
            real = true;
            end++;
            Digits();
        }
        if (end < source.Length && source[end] is 'e' or 'E')
        {
            var exponent = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                (real, end) = (true, exponent);
                Digits();
            }
        }
        Add(real ? JinjaTokenKind.Float : JinjaTokenKind.Integer, source[at..end].Replace("_", ""), end);

        void Digits()
        {
            while (end < source.Length && (char.IsAsciiDigit(source[end]) || source[end] == '_'))
                end++;
        }
    }

    private void ReadString(char quote)
    {
        var value = new StringBuilder();
        var i = at + 1;
        while (true)
        {
            if (i >= source.Length)
                throw JinjaError.Syntax("A string has no end.", line);
            if (source[i] == quote)
                break;
            if (source[i] == '\\' && i + 1 < source.Length)
                i = Unescape(i + 1, value);
            else
                value.Append(source[i++]);
        }
        Add(JinjaTokenKind.String, value.ToString(), i + 1);
    }

    /// <summary>Appends what Python's escape at <paramref name="i"/> (behind the backslash) stands for; an unknown one stays as it is.</summary>
    private int Unescape(int i, StringBuilder value)
    {
        var simple = "\\'\"abfnrtv\n".IndexOf(source[i]);
        if (simple >= 0)
        {
            value.Append(new[] { "\\", "'", "\"", "\a", "\b", "\f", "\n", "\r", "\t", "\v", "" }[simple]);
            return i + 1;
        }
        var digits = source[i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && i + digits < source.Length
            && int.TryParse(source.AsSpan(i + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var scalar)
                && scalar is >= 0 and <= 0x10FFFF)
        {
            // Two escaped halves of a pair may follow one another, so a half is kept.
            value.Append(scalar > 0xFFFF ? char.ConvertFromUtf32(scalar) : ((char)scalar).ToString());
            return i + 1 + digits;
        }
        value.Append('\\').Append(source[i]);
        return i + 1;
    }

    private int SkipBlank(int from)
    {
        while (from < source.Length && JinjaString.IsSpace(source[from]))
            from++;
        return from;
    }

    private void Add(JinjaTokenKind kind, string text, int end)
    {
        tokens.Add(new(kind, text, line));
        MoveTo(end);
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
            tokens.Add(new(JinjaTokenKind.Text, text, line));
    }

    private void MoveTo(int position)
    {
        line += source.AsSpan(at..position).Count('\n');
        at = position;
    }
}
