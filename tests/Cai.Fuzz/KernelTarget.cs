using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Cai.Tool.Kernel;
using Cai.Tool.Notebooks;
using NetMQ;
using NetMQ.Sockets;

namespace Cai.Fuzz;

/// <summary>A whole kernel over its sockets: rightly signed messages with damaged header or content; afterwards it must still answer.</summary>
internal static class KernelTarget
{
    private const int Patience = 5;

    public static Target Create()
    {
        var started = new Lazy<DealerSocket>(() =>
        {
            var ports = Enumerable.Range(0, 5).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
            ports.ForEach(port => port.Start());
            int[] free = [.. ports.Select(port => ((IPEndPoint)port.LocalEndpoint).Port)];
            ports.ForEach(port => port.Dispose());
            var connection = new ConnectionFile("tcp", "127.0.0.1", free[0], free[1], free[2], free[3], free[4], "key");
            var server = new KernelServer(connection, new HostReferences(), Path.GetTempPath());
            _ = server.RunAsync(CancellationToken.None);
            var shell = new DealerSocket();
            shell.Connect(connection.Address(connection.ShellPort));
            return shell;
        });
        return Target.Text("kernel", (input, _) =>
        {
            var split = Array.IndexOf(input, (byte)'\n');
            var (header, content) = split < 0 ? (input, "{}"u8.ToArray()) : (input[..split], input[(split + 1)..]);
            if (Encoding.UTF8.GetString(header).Contains("shutdown", StringComparison.Ordinal))
                return;
            Send(started.Value, header, content);
            var id = Guid.NewGuid().ToString("N");
            Send(started.Value, Encoding.UTF8.GetBytes($$"""{"msg_id":"{{id}}","msg_type":"is_complete_request"}"""), """{"code":"1"}"""u8.ToArray());
            List<byte[]>? frames = [];
            var refused = false;
            while (started.Value.TryReceiveMultipartBytes(TimeSpan.FromSeconds(Patience), ref frames!))
            {
                var text = Encoding.UTF8.GetString(frames[^1]);
                if (Encoding.UTF8.GetString(frames[^3]).Contains(id, StringComparison.Ordinal))
                {
                    if (!text.Contains("complete", StringComparison.Ordinal))
                        throw new InvalidOperationException($"the kernel answers {text}");
                    if (refused)
                        throw new CaiException("The message was refused.", "");
                    return;
                }
                refused |= text.Contains("\"status\":\"error\"", StringComparison.Ordinal);
            }
            throw new InvalidOperationException("the kernel does not answer any more");
        }, ["complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request", "kernel_info_request", "interrupt_request",
            "comm_open", "comm_msg", "input_reply", "execute_request", "code", "cursor_pos", "silent", "msg_type", "comm_id", "stop_on_error", "allow_stdin"],
            from message in new[]
            {
                ("complete_request", """{"code":"Conso","cursor_pos":5}"""), ("inspect_request", """{"code":"Console","cursor_pos":2,"detail_level":0}"""),
                ("execute_request", """{"code":"","silent":false,"store_history":true,"allow_stdin":true,"stop_on_error":true}"""),
                ("is_complete_request", """{"code":"if (x) {"}"""), ("comm_open", """{"comm_id":"a","target_name":"t","data":{}}"""),
                ("comm_info_request", """{"target_name":"t"}"""), ("history_request", """{"output":false,"raw":true,"n":3}"""),
            }
            select $$"""{"msg_id":"a","session":"s","username":"u","date":"d","msg_type":"{{message.Item1}}","version":"5.3"}""" + "\n" + message.Item2);
    }

    private static void Send(DealerSocket socket, params byte[][] ends)
    {
        byte[][] parts = [ends[0], "{}"u8.ToArray(), "{}"u8.ToArray(), ends[1]];
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, "key"u8.ToArray());
        foreach (var part in parts)
            mac.AppendData(part);
        socket.SendMultipartBytes(["<IDS|MSG>"u8.ToArray(), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(mac.GetHashAndReset())), .. parts]);
    }
}
