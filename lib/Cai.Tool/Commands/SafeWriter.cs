using System.Text;
using Cai.Figures;

namespace Cai.Tool.Commands;

/// <summary>
/// Standard output and error as the commands write to them: whatever they quote of files, models and servers, no control character of it reaches the
/// terminal. Consoles with colours of their own write to <see cref="RawOut"/>
/// and <see cref="RawError"/> and make safe what they quote.
/// </summary>
internal sealed class SafeWriter(TextWriter inner) : TextWriter
{
    private static (TextWriter Out, TextWriter Error)? raw;

    /// <summary>Standard output for a console that writes control sequences itself.</summary>
    public static TextWriter RawOut => raw?.Out ?? Console.Out;

    /// <summary>Standard error for such a console.</summary>
    public static TextWriter RawError => raw?.Error ?? Console.Error;

    /// <summary>Makes both streams of this process safe while <paramref name="run"/> runs.</summary>
    public static async Task<int> DuringAsync(Func<Task<int>> run)
    {
        var (output, error, before) = (Console.Out, Console.Error, raw);
        raw = (output, error);
        Console.SetOut(new SafeWriter(output));
        Console.SetError(new SafeWriter(error));
        try
        {
            return await run();
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
            raw = before;
        }
    }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value)
    {
        // An end of line that comes alone is WriteLine's own.
        if (value is not null)
            inner.Write(value == inner.NewLine ? value : SafeText.Plain(value));
    }

    public override void WriteLine(string? value) => inner.WriteLine(SafeText.Plain(value ?? ""));

    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override void Flush() => inner.Flush();
}
