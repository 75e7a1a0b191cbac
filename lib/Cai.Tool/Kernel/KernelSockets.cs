using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace Cai.Tool.Kernel;

/// <summary>The channels on which a kernel is asked.</summary>
internal enum Channel { Shell, Control, Stdin }

/// <summary>
/// The five sockets of a kernel. ZeroMQ sockets belong to one thread: a poller owns them, whatever is sent goes through
/// one queue, in order; whatever comes in is handed to <see cref="Received"/> on the poller's thread, which must not wait.
/// </summary>
internal sealed class KernelSockets : IDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly MessageCodec codec;
    private readonly RouterSocket shell = new(), control = new(), stdin = new(), heartbeat = new();
    private readonly PublisherSocket iopub = new();
    private readonly NetMQQueue<(NetMQSocket Socket, List<byte[]> Frames)> outgoing = new();
    private readonly NetMQPoller poller;

    /// <param name="connection">Where to listen.</param>
    public KernelSockets(ConnectionFile connection)
    {
        codec = new MessageCodec(connection.Key, Guid.NewGuid().ToString("N"));
        iopub.Options.SendHighWatermark = 0; // a cell that prints a lot loses nothing
        foreach (var (socket, port) in new (NetMQSocket, int)[] { (shell, connection.ShellPort), (control, connection.ControlPort),
            (stdin, connection.StdinPort), (heartbeat, connection.HbPort), (iopub, connection.IopubPort) })
        {
            socket.Options.Linger = Linger;
            try
            {
                socket.Bind(connection.Address(port));
            }
            catch (Exception e) when (e is NetMQException or ArgumentException or System.Net.Sockets.SocketException or FormatException)
            {
                throw new CaiException(
                    $"{connection.Address(port)} cannot be listened to ({e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
                    "Let Jupyter start the kernel: it chooses free ports.", inner: e);
            }
        }
        Listen(shell, Channel.Shell);
        Listen(control, Channel.Control);
        Listen(stdin, Channel.Stdin);
        heartbeat.ReceiveReady += (_, e) => Send(e.Socket, Frames(e.Socket));
        outgoing.ReceiveReady += (_, e) =>
        {
            while (e.Queue.TryDequeue(out var message, TimeSpan.Zero))
                Send(message.Socket, message.Frames);
        };
        poller = [shell, control, stdin, heartbeat, iopub, outgoing];
    }

    /// <summary>Raised on the poller's thread for every message that is rightly signed.</summary>
    public event Action<Channel, JupyterMessage>? Received;

    /// <summary>Begins to listen.</summary>
    public void Start() => poller.RunAsync("jupyter");

    /// <summary>Answers a request to whom it came from.</summary>
    public void Reply(Channel channel, JupyterMessage request, string type, JsonObject content) =>
        outgoing.Enqueue((channel switch { Channel.Shell => shell, Channel.Control => control, _ => stdin },
            codec.Encode(request.Identities, type, request, content)));

    /// <summary>Tells every client something that a request led to.</summary>
    public void Publish(JupyterMessage parent, string type, JsonObject content) =>
        outgoing.Enqueue((iopub, codec.Encode([Encoding.UTF8.GetBytes(type)], type, parent, content)));

    /// <summary>Waits until everything that was sent so far has been handed to ZeroMQ.</summary>
    public void Flush()
    {
        for (var i = 0; i < 100 && !outgoing.IsEmpty; i++)
            Thread.Sleep(10);
    }

    public void Dispose()
    {
        poller.Stop();
        poller.Dispose();
        foreach (var socket in new NetMQSocket[] { shell, control, stdin, heartbeat, iopub })
            socket.Dispose();
        outgoing.Dispose();
    }

    private void Listen(RouterSocket socket, Channel channel) => socket.ReceiveReady += (_, e) =>
    {
        if (codec.Decode(Frames(e.Socket)) is not { } message)
            return;
        try
        {
            Received?.Invoke(channel, message);
        }
        catch (Exception bad)
        {
            // On this thread an exception of any kind would end the kernel, and with it all variables.
            Console.Error.WriteLine($"cai kernel: {bad.Message}");
        }
    };

    private static List<byte[]> Frames(NetMQSocket socket) => socket.ReceiveMultipartBytes();

    private static void Send(NetMQSocket socket, List<byte[]> frames) => socket.SendMultipartBytes(frames);
}
