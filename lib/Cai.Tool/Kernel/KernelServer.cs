using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Kernel;

/// <summary>
/// A Jupyter kernel: shell requests one after the other, control requests (interrupt, shutdown) at once, between them the
/// same <see cref="ScriptSession"/> that runs notebooks without Jupyter.
/// </summary>
internal sealed class KernelServer : IDisposable
{
    private readonly KernelSockets sockets;
    private readonly ScriptSession session;
    private readonly CellAnalysis analysis;
    private readonly CellRequests cells;
    private readonly BlockingCollection<JupyterMessage> requests = [];
    private readonly CancellationTokenSource stopped = new();

    /// <param name="connection">Where to listen.</param>
    /// <param name="references">What cells compile against.</param>
    /// <param name="folder">The notebook's folder.</param>
    public KernelServer(ConnectionFile connection, HostReferences references, string folder)
    {
        sockets = new KernelSockets(connection);
        var questions = new InputRequests(sockets);
        session = new ScriptSession(references, folder, new CellProgress()) { Ask = questions.AskAsync };
        analysis = new CellAnalysis(session);
        cells = new CellRequests(session, sockets, questions);
        sockets.Received += (channel, message) =>
        {
            switch (channel)
            {
                case Channel.Shell:
                    requests.Add(message);
                    break;
                case Channel.Control:
                    _ = Task.Run(() => Answer(Channel.Control, message));
                    break;
                case Channel.Stdin when message.Type == "input_reply":
                    questions.Answered(message.Text("value") ?? "");
                    break;
            }
        };
    }

    /// <summary>Serves until a client asks for the end, or <paramref name="cancel"/> is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token, cancel);
        sockets.Start();
        sockets.Publish(JupyterMessage.Nobody, "status", new JsonObject { ["execution_state"] = "starting" });
        var serving = Task.Run(async () =>
        {
            foreach (var request in requests.GetConsumingEnumerable(end.Token))
                await Answer(Channel.Shell, request);
        }, CancellationToken.None);
        try
        {
            await serving.WaitAsync(end.Token); // also while a cell runs that will not end
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            sockets.Flush();
        }
    }

    public void Dispose()
    {
        session.Dispose();
        sockets.Dispose();
    }

    private async Task Answer(Channel channel, JupyterMessage request)
    {
        sockets.Publish(request, "status", new JsonObject { ["execution_state"] = "busy" });
        try
        {
            if (request.Type == "execute_request")
                await Execute(channel, request);
            else if (Content(request) is { } reply)
                sockets.Reply(channel, request, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), reply);
        }
        catch (Exception e) when (request.Type.EndsWith("_request", StringComparison.Ordinal))
        {
            // A question that cannot be answered must not end the kernel: the variables of an hour are in it.
            var failed = new JsonObject { ["status"] = "error", ["ename"] = e.GetType().Name, ["evalue"] = e.Message, ["traceback"] = new JsonArray() };
            if (request.Type == "execute_request")
                failed["execution_count"] = session.Number;
            sockets.Reply(channel, request, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), failed);
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"cai kernel: {e.Message}"); // the protocol has no reply to this
        }
        sockets.Publish(request, "status", new JsonObject { ["execution_state"] = "idle" });
        if (request.Type == "shutdown_request")
            await stopped.CancelAsync();
    }

    private async Task Execute(Channel channel, JupyterMessage request)
    {
        var stops = request.Flag("stop_on_error") ?? true;
        if (await cells.ExecuteAsync(channel, request) || !stops)
            return;
        // "Run all" has sent the cells behind this one already; they rely on it.
        while (requests.TryTake(out var next))
        {
            if (next.Type == "execute_request")
                cells.Abort(next);
            else
                await Answer(Channel.Shell, next);
        }
    }

    /// <summary>The reply's content; null where the protocol has no reply.</summary>
    private JsonObject? Content(JupyterMessage request)
    {
        switch (request.Type)
        {
            case "kernel_info_request":
                return KernelInfo.Reply();
            case "complete_request":
                return Complete(Code(), Position());
            case "inspect_request":
                var found = analysis.Inspect(Code(), Position());
                return new JsonObject
                {
                    ["status"] = "ok", ["found"] = found is not null, ["metadata"] = new JsonObject(),
                    ["data"] = found is null ? new JsonObject() : new JsonObject { ["text/plain"] = found },
                };
            case "is_complete_request":
                var (state, indent) = CellAnalysis.Completeness(Code());
                return state == CellCompleteness.Incomplete
                    ? new JsonObject { ["status"] = "incomplete", ["indent"] = indent }
                    : new JsonObject { ["status"] = state == CellCompleteness.Complete ? "complete" : "invalid" };
            case "history_request": // front ends keep their own
                return new JsonObject { ["status"] = "ok", ["history"] = new JsonArray() };
            case "comm_info_request":
                return new JsonObject { ["status"] = "ok", ["comms"] = new JsonObject() };
            case "comm_open": // there are no widgets here: say so, as the protocol asks for
                sockets.Publish(request, "comm_close", new JsonObject { ["comm_id"] = request.Text("comm_id") ?? "", ["data"] = new JsonObject() });
                return null;
            case "interrupt_request":
                cells.Interrupt();
                return new JsonObject { ["status"] = "ok" };
            case "shutdown_request":
                cells.Interrupt(insist: true);
                var goodbye = new JsonObject { ["status"] = "ok", ["restart"] = request.Flag("restart") ?? false };
                sockets.Publish(request, "shutdown_reply", (JsonObject)goodbye.DeepClone());
                return goodbye;
            default:
                return null;
        }

        string Code() => request.Text("code") ?? "";

        int Position() => CodePoints.ToIndex(Code(), request.Number("cursor_pos") ?? int.MaxValue);
    }

    private JsonObject Complete(string code, int position)
    {
        var found = analysis.Complete(code, position);
        var (start, end) = (CodePoints.Count(code, found.Start), CodePoints.Count(code, found.End));
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. found.Items.Select(i => (JsonNode)i.Text)]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                // JupyterLab's name for what gives its list icons.
                ["_jupyter_types_experimental"] = new JsonArray(
                    [.. found.Items.Select(i => (JsonNode)new JsonObject { ["text"] = i.Text, ["type"] = i.Kind, ["start"] = start, ["end"] = end })]),
            },
        };
    }
}
