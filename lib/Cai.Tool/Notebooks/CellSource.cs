using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Cai.Tool.Notebooks;

/// <summary>
/// A cell without its `#!` lines, which are not C#: each is replaced by an empty line so that line numbers stay. What stands in a string or a
/// comment is text, whatever it looks like; nothing else of the cell changes, line ends included.
/// </summary>
/// <param name="Code">What the compiler sees.</param>
/// <param name="Imports">Scripts to run before the code, in order, as written.</param>
/// <param name="Timed">Whether `#!time` asked for the wall time.</param>
internal sealed partial record CellSource(string Code, IReadOnlyList<string> Imports, bool Timed)
{
    /// <summary>How cells are parsed.</summary>
    public static CSharpParseOptions Script { get; } = new(LanguageVersion.CSharp14, kind: SourceCodeKind.Script);

    /// <exception cref="CaiException">An unknown `#!` line.</exception>
    public static CellSource Parse(string cell, string name)
    {
        var imports = new List<string>();
        var timed = false;
        foreach (var (line, match, active) in Directives(cell))
        {
            if (!active)
                continue;
            var argument = match.Groups["argument"].Value.Trim().Trim('"');
            switch (match.Groups["name"].Value)
            {
                case "time":
                    timed = true;
                    break;
                case "import" when argument.Length > 0:
                    imports.Add(argument);
                    break;
                case "csharp" or "c#":
                    break;
                default:
                    throw new CaiException($"\"{line.ToString().Trim()}\" is not understood.", "Use C# with #r, #load, #!import FILE and #!time.",
                        $"{name}:line {line.LineNumber + 1}");
            }
        }
        return new CellSource(Without(cell, blank: false), imports, timed);
    }

    /// <summary>The cell with every `#!` line empty, or with blanks in its place, which keep every position.</summary>
    public static string Without(string cell, bool blank)
    {
        var text = new StringBuilder(cell);
        foreach (var (line, _, _) in Directives(cell).Reverse())
            text.Remove(line.Start, line.Span.Length).Insert(line.Start, blank ? new string(' ', line.Span.Length) : "");
        return text.ToString();
    }

    /// <summary>The lines that begin with `#!`, by the compiler's own reading of the cell; inactive ones stand between `#if false` and `#endif`.</summary>
    private static IReadOnlyList<(TextLine Line, Match Match, bool Active)> Directives(string cell)
    {
        if (!cell.Contains("#!", StringComparison.Ordinal))
            return [];
        var text = SourceText.From(cell);
        // Lexed and not parsed: thousands of open brackets take the parser minutes.
        var directives = SyntaxFactory.ParseTokens(cell, options: Script).SelectMany(token => token.LeadingTrivia).Where(trivia => trivia.IsDirective)
            .ToDictionary(trivia => trivia.SpanStart, trivia => (DirectiveTriviaSyntax)trivia.GetStructure()!);
        return
        [
            .. from line in text.Lines
               let match = Directive().Match(line.ToString())
               where match.Success
               let directive = directives.GetValueOrDefault(line.Start + match.Groups["hash"].Index)
               where directive is not null
               select (line, match, directive.IsActive),
        ];
    }

    [GeneratedRegex(@"^\s*(?<hash>#)!(?<name>\S*)(?<argument>.*)$", RegexOptions.Singleline)]
    private static partial Regex Directive();
}
