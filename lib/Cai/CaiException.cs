namespace Cai;

/// <summary>
/// Bad input that the user can mend. The message is one line: what is wrong and where (file, line or key), what was
/// expected, and what to do. Tools print it alone and exit with code 2. What it quotes of a file can neither break the line nor speak to a terminal.
/// </summary>
public class CaiException : Exception
{
    public CaiException(string problem, string remedy, string? where = null, Exception? inner = null)
        : base(PlainText.Line($"{(where is null ? "" : where + ": ")}{problem} {remedy}"), inner)
    {
        Problem = problem;
        Remedy = remedy;
        Where = where;
    }

    /// <summary>What is wrong and what was expected: one sentence.</summary>
    public string Problem { get; }

    /// <summary>What to do about it: one sentence.</summary>
    public string Remedy { get; }

    /// <summary>File, file:line, or file: key.</summary>
    public string? Where { get; }
}
