using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Tool.Kernel;
using NetMQ;
using NetMQ.Sockets;

namespace Cai.Tool.Tests.Kernel;

/// <summary>A client of the protocol, written from its description and not from the kernel's code.</summary>
internal sealed class JupyterClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly byte[] key = "test-key"u8.ToArray();
    private readonly SubscriberSocket iopub = new();

    public JupyterClient()
    {
        var ports = FreePorts(5);
        Connection = new ConnectionFile("tcp", "127.0.0.1", ports[0], ports[1], ports[2], ports[3], ports[4], "test-key");
        iopub.SubscribeToAnyTopic();
    }

    public ConnectionFile Connection { get; }

    public DealerSocket Shell { get; } = new();

    public DealerSocket Control { get; } = new();

    public DealerSocket Stdin { get; } = new();

    public DealerSocket Heartbeat { get; } = new();

    public void Connect()
    {
        Shell.Connect(Connection.Address(Connection.ShellPort));
        Control.Connect(Connection.Address(Connection.ControlPort));
        Stdin.Connect(Connection.Address(Connection.StdinPort));
        Heartbeat.Connect(Connection.Address(Connection.HbPort));
        iopub.Connect(Connection.Address(Connection.IopubPort));
    }

    public string Send(DealerSocket socket, string type, JsonObject content)
    {
        var id = Guid.NewGuid().ToString();
        var parts = new[] { new JsonObject { ["msg_id"] = id, ["msg_type"] = type, ["version"] = "5.3" }, [], [],
            content }.Select(p => Encoding.UTF8.GetBytes(p.ToJsonString())).ToList();
        var signature = Convert.ToHexString(HMACSHA256.HashData(key, parts.SelectMany(p => p).ToArray())).ToLowerInvariant();
        socket.SendMultipartBytes([.. new[] { "<IDS|MSG>", signature }.Select(Encoding.ASCII.GetBytes), .. parts]);
        return id;
    }

    public string Execute(string code) => Send(Shell, "execute_request", new JsonObject { ["code"] = code });

    public (string Type, JsonNode Content) Reply(DealerSocket socket)
    {
        var (type, _, content) = Receive(socket);
        return (type, content);
    }

    /// <summary>Everything published for a request from now to its idle.</summary>
    public List<(string Type, JsonNode Content)> Outputs(string request, Func<string, bool>? until = null)
    {
        var found = new List<(string, JsonNode)>();
        while (true)
        {
            var (type, parent, content) = Receive(iopub);
            if (parent != request)
                continue;
            found.Add((type, content));
            if (until?.Invoke(type) ?? (type == "status" && (string?)content["execution_state"] == "idle"))
                return found;
        }
    }

    /// <summary>Whether anything is published for a request within a moment.</summary>
    public bool Heard(string request)
    {
        List<byte[]> frames = [];
        while (iopub.TryReceiveMultipartBytes(TimeSpan.FromMilliseconds(200), ref frames!))
            if (Read(frames) is { Type: "status" } message && message.Parent == request && (string?)message.Content["execution_state"] == "idle")
                return true;
        return false;
    }

    public void Dispose()
    {
        foreach (var socket in new NetMQSocket[] { Shell, Control, Stdin, Heartbeat, iopub })
        {
            socket.Options.Linger = TimeSpan.Zero;
            socket.Dispose();
        }
    }

    private static (string Type, string? Parent, JsonNode Content) Receive(NetMQSocket socket)
    {
        List<byte[]> frames = [];
        if (!socket.TryReceiveMultipartBytes(Patience, ref frames!))
            throw new TimeoutException("No message came.");
        return Read(frames);
    }

    private static (string Type, string? Parent, JsonNode Content) Read(List<byte[]> frames)
    {
        var at = frames.FindIndex(f => f.AsSpan().SequenceEqual("<IDS|MSG>"u8)) + 2;
        return ((string)JsonNode.Parse(frames[at])!["msg_type"]!, (string?)JsonNode.Parse(frames[at + 1])!["msg_id"], JsonNode.Parse(frames[at + 3])!);
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(l => l.Start());
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        listeners.ForEach(l => l.Dispose());
        return ports;
    }
}
