using System.Text.Json.Nodes;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Kernel;

/// <summary>Questions of the running cell to the client that runs it.</summary>
internal sealed class InputRequests(KernelSockets sockets)
{
    private readonly Lock gate = new();
    private JupyterMessage? request;
    private Action? flush;
    private TaskCompletionSource<string>? pending;

    /// <summary>Questions go to whoever sent this request from now on.</summary>
    /// <param name="askable">Whether that client takes questions; nbconvert does not.</param>
    /// <param name="beforeAsking">Sends what the cell has printed.</param>
    public void Begin(JupyterMessage execute, bool askable, Action beforeAsking)
    {
        lock (gate)
            (request, flush) = (askable ? execute : null, beforeAsking);
    }

    /// <summary>No more questions; who waits for an answer is told that none comes.</summary>
    public void End()
    {
        lock (gate)
        {
            request = null;
            pending?.TrySetCanceled();
            pending = null;
        }
    }

    /// <exception cref="CaiException">The client takes no questions.</exception>
    public Task<string> AskAsync(CellQuestion question)
    {
        lock (gate)
        {
            if (request is null)
                throw new CaiException("The cell asks for input, and nobody is there to answer.",
                    "Run it in Jupyter's or VS Code's notebook, or give the value in the cell.");
            flush?.Invoke();
            pending = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            sockets.Reply(Channel.Stdin, request, "input_request", new JsonObject { ["prompt"] = question.Prompt, ["password"] = question.Password });
            return pending.Task;
        }
    }

    public void Answered(string value)
    {
        lock (gate)
        {
            pending?.TrySetResult(value);
            pending = null;
        }
    }
}
