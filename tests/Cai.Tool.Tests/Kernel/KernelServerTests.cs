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

    /// <summary>Every field of every message, in every kind that JSON has, on every channel: whatever comes back, the variables are there.</summary>
    [Fact]
    public void NoFieldOfAnyMessageEndsTheKernel()
    {
        client.Execute("var kept = 41;");
        Assert.Equal("ok", (string?)client.Reply(client.Shell).Content["status"]);
        string[] values = ["null", "5", "-1", "1e999", "18446744073709551616", "0.5", "true", "\"x\"", "[]", "[[1]]", "{}", "{\"a\":null}"];
        foreach (var (type, good) in new (string, string)[]
        {
            ("execute_request", """{"code":"","silent":false,"store_history":true,"user_expressions":{},"allow_stdin":false,"stop_on_error":true}"""),
            ("complete_request", """{"code":"kep","cursor_pos":3}"""), ("inspect_request", """{"code":"kept","cursor_pos":2,"detail_level":0}"""),
            ("is_complete_request", """{"code":"1"}"""), ("history_request", """{"output":false,"raw":true,"hist_access_type":"tail","n":1}"""),
            ("kernel_info_request", "{}"), ("comm_info_request", """{"target_name":"t"}"""), ("interrupt_request", "{}"),
            ("comm_open", """{"comm_id":"c","target_name":"t","data":{}}"""), ("comm_msg", """{"comm_id":"c","data":{}}"""),
            ("comm_close", """{"comm_id":"c","data":{}}"""), ("input_reply", """{"value":"v","status":"ok"}"""), ("debug_request", """{"seq":1}"""),
            ("no_such_thing", "{}"), ("", "{}"),
        })
        {
            foreach (var channel in new[] { client.Shell, client.Control, client.Stdin })
            {
                var fields = JsonNode.Parse(good)!.AsObject();
                foreach (var field in fields.Select(f => f.Key).ToList())
                {
                    foreach (var value in values)
                        client.Send(channel, type, With(fields, field, value));
                    var lacking = fields.DeepClone().AsObject();
                    lacking.Remove(field);
                    client.Send(channel, type, lacking);
                }
                client.Send(channel, type, With(fields, "more", "[1]"));
            }
        }
        // A cell that failed among them declines those that wait behind it; one that comes when it has, runs.
        List<(string Type, JsonNode Content)> outputs;
        do
            outputs = client.Outputs(client.Execute("kept + 1"));
        while (outputs.TrueForAll(o => o.Type == "status"));
        Assert.Contains(outputs, o => (string?)o.Content["data"]?["text/plain"] == "42");

        static JsonObject With(JsonObject fields, string name, string value)
        {
            var changed = fields.DeepClone().AsObject();
            changed[name] = JsonNode.Parse(value);
            return changed;
        }
    }
}
