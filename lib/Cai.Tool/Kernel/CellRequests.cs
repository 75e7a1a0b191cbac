using System.Text.Json.Nodes;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Kernel;

/// <summary>Execute requests: runs the cell, sends what it puts out, replies.</summary>
internal sealed class CellRequests(ScriptSession session, KernelSockets sockets, InputRequests questions)
{
    private const string Interrupted = "Interrupted";

    private readonly Lock gate = new();
    private CancellationTokenSource? cancel, insist;

    /// <summary>Runs one cell; whether it ran to its end.</summary>
    public async Task<bool> ExecuteAsync(Channel channel, JupyterMessage request)
    {
        var code = request.Text("code") ?? "";
        var silent = request.Flag("silent") ?? false;
        var askable = request.Flag("allow_stdin") ?? true;
        if (string.IsNullOrWhiteSpace(code))
        {
            sockets.Reply(channel, request, "execute_reply", Succeeded(session.Number));
            return true;
        }
        if (!silent)
            sockets.Publish(request, "execute_input", new JsonObject { ["code"] = code, ["execution_count"] = session.Number + 1 });
        using var buffer = new StreamBuffer(output => Send(request, output, silent));
        using var running = new CancellationTokenSource();
        using var insisted = new CancellationTokenSource();
        lock (gate)
            (cancel, insist) = (running, insisted);
        questions.Begin(request, askable, buffer.Flush);
        session.Output += buffer.Add;
        JsonObject reply;
        try
        {
            var outcome = await session.ExecuteAsync(code, running.Token, insisted.Token);
            reply = outcome.Error is { } error ? Failed(error) : Succeeded(outcome.Number);
        }
        catch (OperationCanceledException)
        {
            const string kept = "stopped by the user; the variables of earlier cells and what was written to files are kept";
            var cell = $"cell[{session.Number}]";
            var stopped = new CellError(Interrupted, kept, cell, [$"{cell}: {Interrupted}: {kept}"]);
            buffer.Add(stopped);
            reply = Failed(stopped);
        }
        finally
        {
            session.Output -= buffer.Add;
            questions.End();
            lock (gate)
                (cancel, insist) = (null, null);
        }
        buffer.Flush();
        sockets.Reply(channel, request, "execute_reply", reply);
        return (string?)reply["status"] == "ok";
    }

    /// <summary>Declines a cell because one before it failed.</summary>
    public void Abort(JupyterMessage request)
    {
        sockets.Publish(request, "status", new JsonObject { ["execution_state"] = "busy" });
        sockets.Reply(Channel.Shell, request, "execute_reply", new JsonObject { ["status"] = "aborted", ["execution_count"] = session.Number });
        sockets.Publish(request, "status", new JsonObject { ["execution_state"] = "idle" });
    }

    /// <summary>Interrupts the running cell, if any. The second time, or when insisted, also one that wants to end at its next step.</summary>
    public void Interrupt(bool insist = false)
    {
        questions.End();
        lock (gate)
        {
            if (insist || cancel is { IsCancellationRequested: true })
                this.insist?.Cancel();
            cancel?.Cancel();
        }
    }

    private void Send(JupyterMessage request, CellOutput output, bool silent)
    {
        switch (output)
        {
            case StreamText stream:
                sockets.Publish(request, "stream", new JsonObject { ["name"] = stream.Name, ["text"] = stream.Text });
                break;
            case DisplayData shown:
                sockets.Publish(request, "display_data", Display(shown.Bundle, shown.Id));
                break;
            case DisplayUpdate update:
                sockets.Publish(request, "update_display_data", Display(update.Bundle, update.Id));
                break;
            case CellValue value when !silent:
                sockets.Publish(request, "execute_result",
                    new JsonObject { ["execution_count"] = value.Number, ["data"] = Data(value.Bundle), ["metadata"] = new JsonObject() });
                break;
            case CellError error:
                var content = Failed(error);
                content.Remove("status");
                content.Remove("execution_count");
                sockets.Publish(request, "error", content);
                break;
        }
    }

    private static JsonObject Display(IReadOnlyDictionary<string, JsonNode> bundle, string id) =>
        new() { ["data"] = Data(bundle), ["metadata"] = new JsonObject(), ["transient"] = new JsonObject { ["display_id"] = id } };

    private static JsonObject Data(IReadOnlyDictionary<string, JsonNode> bundle)
    {
        var data = new JsonObject();
        foreach (var (mime, content) in bundle)
            data[mime] = content.DeepClone();
        return data;
    }

    private static JsonObject Succeeded(int number) =>
        new() { ["status"] = "ok", ["execution_count"] = number, ["user_expressions"] = new JsonObject(), ["payload"] = new JsonArray() };

    private JsonObject Failed(CellError error) => new()
    {
        ["status"] = "error", ["execution_count"] = session.Number,
        ["ename"] = error.Name, ["evalue"] = $"{error.Location}: {error.Message}",
        ["traceback"] = new JsonArray([.. error.Trace.Select(line => (JsonNode)line)]),
    };
}
