using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Cai.Tests.Generation.Remote;

/// <summary>What a stub does with a request.</summary>
/// <param name="Body">Sent with its length.</param>
/// <param name="Headers">Whole lines.</param>
/// <param name="Hold">Waits before answering, until the server ends.</param>
/// <param name="Cut">Sends only that many bytes of the body, then drops the connection; -1 drops it without a word.</param>
internal sealed record StubAnswer(int Status, string Body, string[]? Headers = null, bool Hold = false, int? Cut = null);

/// <summary>An HTTP server on a loopback port that answers as it is told, faults included.</summary>
internal sealed class StubServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Func<JsonObject, int, StubAnswer> answer;
    private int count;
    private int underWay;

    /// <param name="answer">Gets the request's body and its number from 0.</param>
    public StubServer(Func<JsonObject, int, StubAnswer> answer)
    {
        this.answer = answer;
        listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1";

    public ConcurrentQueue<(string Path, string Headers, JsonObject Body)> Requests { get; } = [];

    /// <summary>Most requests that were under way at a time.</summary>
    public int MostUnderWay { get; private set; }

    /// <summary>Time each request is kept before it is answered.</summary>
    public TimeSpan Slowness { get; init; }

    /// <summary>A completion as vLLM words it.</summary>
    public static StubAnswer Text(string text, string finish = "stop", int prompt = 3, int completion = 2) => new(200,
        new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = text, ["finish_reason"] = finish }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = completion },
        }.ToJsonString());

    public void Dispose()
    {
        ending.Cancel();
        listener.Stop();
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(ending.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var (head, body) = await ReadAsync(stream);
                lock (listener)
                    MostUnderWay = Math.Max(MostUnderWay, ++underWay);
                var json = JsonNode.Parse(body)!.AsObject();
                Requests.Enqueue((head.Split(' ')[1], head, json));
                var reply = answer(json, Interlocked.Increment(ref count) - 1);
                if (Slowness > TimeSpan.Zero)
                    await Task.Delay(Slowness, ending.Token);
                lock (listener)
                    underWay--;
                if (reply.Hold)
                    await Task.Delay(Timeout.Infinite, ending.Token);
                if (reply.Cut == -1)
                    return;
                var bytes = Encoding.UTF8.GetBytes(reply.Body);
                var headers = string.Concat((reply.Headers ?? []).Select(h => h + "\r\n"));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {reply.Status} Stub\r\nContent-Type: application/json\r\nContent-Length: "
                    + $"{bytes.Length}\r\nConnection: close\r\n{headers}\r\n"));
                await stream.WriteAsync(bytes.AsMemory(0, reply.Cut ?? bytes.Length));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The client hung up, or the test is over.
            }
        }
    }

    private static async Task<(string Head, string Body)> ReadAsync(NetworkStream stream)
    {
        const string Length = "content-length:";
        var bytes = new List<byte>();
        var buffer = new byte[4096];
        var end = -1;
        while ((end = Encoding.ASCII.GetString([.. bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            bytes.AddRange(buffer.AsSpan(0, await stream.ReadAsync(buffer) is var n and > 0 ? n : throw new IOException("no request")));
        var head = Encoding.ASCII.GetString([.. bytes.Take(end)]);
        var length = int.Parse(head.Split("\r\n").First(l => l.StartsWith(Length, StringComparison.OrdinalIgnoreCase))[Length.Length..]);
        while (bytes.Count < end + 4 + length)
            bytes.AddRange(buffer.AsSpan(0, await stream.ReadAsync(buffer) is var n and > 0 ? n : throw new IOException("half a request")));
        return (head, Encoding.UTF8.GetString([.. bytes.Skip(end + 4)]));
    }
}
