using System.Text.RegularExpressions;

namespace Cai.Tool.Notebooks;

/// <summary>A cell without its `#!` lines, which are not C#: each is replaced by an empty line so that line numbers stay.</summary>
/// <param name="Code">What the compiler sees.</param>
/// <param name="Imports">Scripts to run before the code, in order, as written.</param>
/// <param name="Timed">Whether `#!time` asked for the wall time.</param>
internal sealed partial record CellSource(string Code, IReadOnlyList<string> Imports, bool Timed)
{
    /// <exception cref="CaiException">An unknown `#!` line.</exception>
    public static CellSource Parse(string cell, string name)
    {
        var imports = new List<string>();
        var timed = false;
        var lines = cell.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (Directive().Match(lines[i]) is not { Success: true } match)
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
                    throw new CaiException($"\"{lines[i].Trim()}\" is not understood.", "Use C# with #r, #load, #!import FILE and #!time.",
                        $"{name}:line {i + 1}");
            }
            lines[i] = "";
        }
        return new CellSource(string.Join('\n', lines), imports, timed);
    }

    [GeneratedRegex(@"^\s*#!(?<name>\S+)(?<argument>.*)$")]
    private static partial Regex Directive();
}
