using System.Text;

namespace Cai.Tool.Notebooks;

/// <summary>Sends the console's text to a cell's output until disposed. The console belongs to the process: one session runs at a time.</summary>
internal sealed class ConsoleCapture : IDisposable
{
    private readonly TextWriter standardOut = Console.Out;
    private readonly TextWriter standardError = Console.Error;
    private readonly TextReader standardIn = Console.In;

    /// <param name="sink">Gets the text.</param>
    /// <param name="ask">Answers `Console.ReadLine`; null leaves standard input as it is.</param>
    public ConsoleCapture(Action<CellOutput> sink, Func<CellQuestion, Task<string>>? ask)
    {
        Console.SetOut(TextWriter.Synchronized(new Writer("stdout", sink)));
        Console.SetError(TextWriter.Synchronized(new Writer("stderr", sink)));
        if (ask is not null)
            Console.SetIn(new Reader(ask));
    }

    public void Dispose()
    {
        Console.SetOut(standardOut);
        Console.SetError(standardError);
        Console.SetIn(standardIn);
    }

    private sealed class Reader(Func<CellQuestion, Task<string>> ask) : TextReader
    {
        public override string ReadLine() => ask(new CellQuestion("", false)).GetAwaiter().GetResult();
    }

    private sealed class Writer : TextWriter
    {
        private readonly string name;
        private readonly Action<CellOutput> sink;

        public Writer(string name, Action<CellOutput> sink)
        {
            this.name = name;
            this.sink = sink;
            CoreNewLine = ['\n']; // the same notebook on every system
        }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => sink(new StreamText(name, value.ToString()));

        public override void Write(string? value)
        {
            if (!string.IsNullOrEmpty(value))
                sink(new StreamText(name, value));
        }

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

        public override void WriteLine(string? value) => Write(value + "\n");
    }
}
