using System.Globalization;
using System.Text.RegularExpressions;
using Cai.Figures;
using Microsoft.CodeAnalysis;

namespace Cai.Tool.Notebooks;

/// <summary>
/// Errors as the author of a cell should read them: which cell, which line, what; nothing of the scripting engine, no folders of this machine.
/// </summary>
internal static partial class CellErrors
{
    /// <summary>Ends the file names under which cells are compiled.</summary>
    public const string Extension = ".csx";

    /// <summary>An exception that a cell threw.</summary>
    public static CellError Of(Exception thrown, string cell)
    {
        if (thrown is AggregateException { InnerExceptions: [var only] })
            thrown = only;
        var frames = Frames(thrown);
        var line = frames.Select(frame => InCell().Match(frame)).FirstOrDefault(match => match.Success && match.Groups["cell"].Value == cell);
        var location = line is null ? cell : $"{cell}:line {line.Groups["line"].Value}";
        var message = thrown.InnerException is { } inner && thrown is System.Reflection.TargetInvocationException or TypeInitializationException
            ? $"{thrown.Message} {inner.Message}"
            : thrown.Message;
        message = SafeText.Plain(message); // it may quote a file
        return new CellError(thrown.GetType().Name, message, location, [$"{location}: {thrown.GetType().Name}: {message}", .. frames]);
    }

    /// <summary>Errors of the compiler.</summary>
    public static CellError Of(IReadOnlyList<Diagnostic> problems, IReadOnlyList<string> refusals, string cell)
    {
        // A refused #r comes with a reason that says more than the compiler's "metadata file not found".
        var references = new Queue<string>(refusals);
        var lines = problems.Select(problem =>
        {
            var text = problem.Id == "CS0006" && references.TryDequeue(out var refusal)
                ? refusal
                : $"{problem.Id}: {problem.GetMessage(CultureInfo.InvariantCulture)}";
            return $"{Location(problem.Location, cell)}: {text}";
        }).ToList();
        var location = Location(problems[0].Location, cell);
        return new CellError("CompilationError", lines[0][(location.Length + 2)..], location, lines);
    }

    private static string Location(Microsoft.CodeAnalysis.Location location, string cell)
    {
        if (!location.IsInSource)
            return cell;
        var span = location.GetLineSpan();
        var file = span.Path == cell + Extension ? cell : Path.GetFileName(span.Path);
        return $"{file}:line {span.StartLinePosition.Line + 1}";
    }

    private static List<string> Frames(Exception thrown)
    {
        var frames = new List<string>();
        foreach (var frame in (thrown.StackTrace ?? "").ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (frame.Contains("Microsoft.CodeAnalysis.Scripting", StringComparison.Ordinal))
                break;
            if (frame.Contains("--- End of stack trace", StringComparison.Ordinal))
                continue;
            frames.Add(Folder().Replace(Cell(frame.TrimEnd()), " in "));
        }
        return frames;
    }

    [GeneratedRegex(@" in (?<cell>.+)\.csx:line (?<line>\d+)")]
    private static partial Regex InCell();

    [GeneratedRegex(@" in (?:[A-Za-z]:)?[^:]*[\\/]")]
    private static partial Regex Folder();

    // Submission#3.<<Initialize>>d__0.MoveNext() is the cell itself, Submission#3.F() a method that a cell declared.
    [GeneratedRegex(@"Submission#\d+\.(?:<<Initialize>>d__\d+\.MoveNext\(\) in (?<cell>.*)|<Initialize>\(\) in (?<cell>.*)|(?<method>.*))$")]
    private static partial Regex Submission();

    private static string Cell(string frame) =>
        Submission().Replace(frame, match => match.Groups["cell"].Success ? $"in {match.Groups["cell"].Value}" : match.Groups["method"].Value)
        .Replace("at in ", "in ", StringComparison.Ordinal);
}
