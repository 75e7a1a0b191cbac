using System.Text;

namespace Cai.Tool.Notebooks;

/// <summary>Sends the console's text to a cell's output until disposed. The console belongs to the process: one session runs at a time.</summary>
internal sealed class ConsoleCapture : IDisposable
{
    private readonly TextWriter standardOut = Console.Out;
    private readonly TextWriter standardError = Console.Error;

    public ConsoleCapture(Action<CellOutput> sink)
    {
        Console.SetOut(TextWriter.Synchronized(new Writer("stdout", sink)));
        Console.SetError(TextWriter.Synchronized(new Writer("stderr", sink)));
    }

    public void Dispose()
    {
        Console.SetOut(standardOut);
        Console.SetError(standardError);
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
