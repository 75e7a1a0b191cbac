using System.Text;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Kernel;

/// <summary>
/// Collects console text, so that a loop that prints sends a few messages instead of thousands. Text leaves after a moment,
/// and before anything else that the cell puts out, so that the order stays.
/// </summary>
internal sealed class StreamBuffer : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly Action<CellOutput> send;
    private readonly Timer timer;
    private string name = "stdout";
    private bool closed;

    /// <param name="send">Gets joined text and everything else, one call at a time.</param>
    public StreamBuffer(Action<CellOutput> send)
    {
        this.send = send;
        timer = new Timer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(CellOutput output)
    {
        lock (gate)
        {
            if (closed)
                return;
            if (output is not StreamText stream)
            {
                Send();
                send(output);
                return;
            }
            if (stream.Name != name)
                Send(all: true);
            name = stream.Name;
            if (text.Length == 0)
                timer.Change(Delay, Timeout.InfiniteTimeSpan);
            text.Append(stream.Text);
        }
    }

    /// <summary>Sends what is waiting.</summary>
    public void Flush()
    {
        lock (gate)
            Send();
    }

    /// <summary>Sends what is waiting; later output is dropped.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            Send(all: true);
            closed = true;
        }
        timer.Dispose();
    }

    /// <summary>Half of a surrogate pair at the end waits for the other half: alone it could not be written as UTF-8.</summary>
    private void Send(bool all = false)
    {
        var ready = text.Length > 0 && char.IsHighSurrogate(text[^1]) && !all ? text.Length - 1 : text.Length;
        if (ready == 0)
            return;
        send(new StreamText(name, text.ToString(0, ready)));
        text.Remove(0, ready);
        if (text.Length > 0)
            timer.Change(Delay, Timeout.InfiniteTimeSpan);
    }
}
