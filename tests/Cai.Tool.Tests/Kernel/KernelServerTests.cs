using System.Text.Json.Nodes;
using Cai.Tool.Kernel;
using Cai.Tool.Tests.Notebooks;
using NetMQ;
using Xunit;

namespace Cai.Tool.Tests.Kernel;

public sealed class KernelServerTests : IClassFixture<SharedReferences>, IAsyncDisposable
{
    private readonly Workspace work = new();
    private readonly JupyterClient client = new();
    private readonly KernelServer server;
    private readonly CancellationTokenSource end = new();
    private readonly Task serving;

    public KernelServerTests(SharedReferences references)
    {
        server = new KernelServer(client.Connection, references.Value, work.Folder);
        serving = server.RunAsync(end.Token);
        client.Connect();
        // Subscribing takes a moment: ask until the answer is heard on iopub too.
        for (var heard = false; !heard;)
        {
            var request = client.Send(client.Shell, "kernel_info_request", []);
            Assert.Equal("5.3", (string?)client.Reply(client.Shell).Content["protocol_version"]);
            heard = client.Heard(request);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await serving;
        server.Dispose();
        client.Dispose();
        end.Dispose();
        work.Dispose();
    }

    [Fact]
    public void ACellGivesItsOutputsInOrderAndAReply()
    {
        var request = client.Execute("Console.Write(\"a\");\nvar d = display(1);\nd.Update(2);\n40 + 2");
        var reply = client.Reply(client.Shell);
        Assert.Equal(("execute_reply", "ok", 1), (reply.Type, (string?)reply.Content["status"], (int)reply.Content["execution_count"]!));
        var outputs = client.Outputs(request);
        Assert.Equal(["status", "execute_input", "stream", "display_data", "update_display_data", "execute_result", "status"], outputs.Select(o => o.Type));
        Assert.Equal("busy", (string?)outputs[0].Content["execution_state"]);
        Assert.Equal("42", (string?)outputs[5].Content["data"]!["text/plain"]);
        Assert.Equal((string?)outputs[3].Content["transient"]!["display_id"], (string?)outputs[4].Content["transient"]!["display_id"]);
    }

    [Fact]
    public void AnErrorNamesCellAndLineAndAbortsWhatWaits()
    {
        var request = client.Execute("await Task.Delay(200);\nthrow new Exception(\"no\");");
        client.Execute("1");
        Assert.Equal("cell[1]:line 2: no", (string?)client.Reply(client.Shell).Content["evalue"]);
        Assert.Equal("aborted", (string?)client.Reply(client.Shell).Content["status"]);
        Assert.Contains(client.Outputs(request), o => o.Type == "error" && (string?)o.Content["ename"] == "Exception");
    }

    [Fact]
    public void AnInterruptStopsTheCellAndKeepsTheVariables()
    {
        client.Execute("var kept = 7;");
        client.Reply(client.Shell);
        var request = client.Execute("display(0);\nwhile (true) kept.ToString();");
        client.Outputs(request, type => type == "display_data");
        client.Send(client.Control, "interrupt_request", []);
        Assert.Equal("interrupt_reply", client.Reply(client.Control).Type);
        Assert.Equal("Interrupted", (string?)client.Reply(client.Shell).Content["ename"]);
        request = client.Execute("kept");
        Assert.Equal("ok", (string?)client.Reply(client.Shell).Content["status"]);
        Assert.Contains(client.Outputs(request), o => (string?)o.Content["data"]?["text/plain"] == "7");
    }

    [Fact]
    public void TheHeartbeatEchoes()
    {
        client.Heartbeat.SendFrame("ping");
        Assert.Equal("ping", client.Heartbeat.ReceiveFrameString());
    }

    [Fact]
    public async Task ShutdownEndsTheServer()
    {
        client.Send(client.Control, "shutdown_request", new JsonObject { ["restart"] = true });
        var (type, content) = client.Reply(client.Control);
        Assert.Equal(("shutdown_reply", true), (type, (bool)content["restart"]!));
        await serving.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void FieldsOfAnotherKindAreAnsweredAndTheVariablesLiveOn()
    {
        client.Execute("var kept = 41;");
        Assert.Equal("ok", (string?)client.Reply(client.Shell).Content["status"]);
        foreach (var (type, content) in new (string, JsonObject)[]
        {
            ("execute_request", new() { ["code"] = 5 }), ("execute_request", new() { ["code"] = "1", ["silent"] = "no" }),
            ("execute_request", new() { ["code"] = "nope()", ["stop_on_error"] = 3 }), ("complete_request", new() { ["code"] = new JsonArray() }),
            ("inspect_request", new() { ["code"] = "a", ["cursor_pos"] = "x" }),
        })
        {
            client.Send(client.Shell, type, content);
            Assert.Equal("error", (string?)client.Reply(client.Shell).Content["status"]);
        }
        client.Execute("kept + 1");
        Assert.Equal("ok", (string?)client.Reply(client.Shell).Content["status"]);
    }
}
