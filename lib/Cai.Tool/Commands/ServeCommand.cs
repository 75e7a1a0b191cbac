using System.CommandLine;
using System.Net;
using Cai.Models;
using Cai.Tool.Serving;

namespace Cai.Tool.Commands;

/// <summary>`cai serve`: a local model behind OpenAI's interface.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var (model, template, seed) = (StageOptions.Model(), StageOptions.Chat(), CommonOptions.Seed());
        var port = StageOptions.Number("--port", 8000, "Port to listen on; 0 takes a free one.");
        var host = new Option<string>("--host")
        {
            Description = "Address to listen on. Anything but loopback opens the model to everyone who can reach this machine: there is no authentication.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var name = new Option<string?>("--name") { Description = "What requests call the model. Default: the folder's name.", HelpName = "NAME" };
        var load = new LoadFlags();
        var command = new Command("serve", """
            Puts a model folder behind the interface that OpenAI-compatible clients speak: /v1/models, /v1/completions (echo,
            logprobs, n, seed, stop, stream) and /v1/chat/completions. Ends with Ctrl-C.

            Example:  cai serve --model data/miniature/L/helpful
                      curl http://127.0.0.1:8000/v1/chat/completions -H "Content-Type: application/json" \
                        -d "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello.\"}]}"
            """) { model, template, port, host, name, seed };
        load.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = parsed.GetRequiredValue(model);
            var options = new ServerOptions { Host = ParseHost(parsed.GetValue(host)!), Port = ParsePort(parsed.GetValue(port)), Seed = parsed.GetValue(seed) };
            using var loaded = HuggingFaceFolder.Load(folder, load.Read(parsed, parsed.GetValue(template)));
            using var thread = new ModelThread();
            var served = new ServedModel(
                loaded, parsed.GetValue(name) ?? FolderName(folder), File.GetLastWriteTimeUtc(Path.Combine(folder, "config.json")), thread);
            await using var server = await ModelServer.StartAsync([served], options, cancel: cancel);
            await SayAsync(server, served.Name, options);
            await UntilCancelled(cancel);
            return 0;
        });
        return command;
    }

    /// <summary>The folder's name as models are called by.</summary>
    public static string FolderName(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <exception cref="CaiException">Not an address.</exception>
    public static IPAddress ParseHost(string text) => text == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(text, out var address) ? address
        : throw new CaiException($"--host is '{text}', which is no IP address.", "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its networks.");

    public static int ParsePort(int port) => port is >= 0 and <= IPEndPoint.MaxPort ? port
        : throw new CaiException($"--port is {port}; 0 to {IPEndPoint.MaxPort} was expected.", "Give another one.");

    /// <summary>Warns on standard error when others can reach the server.</summary>
    public static async Task WarnAsync(ServerOptions options)
    {
        if (!IPAddress.IsLoopback(options.Host))
            await Console.Error.WriteLineAsync(
                $"cai: warning: listening on {options.Host}: everyone who can reach this machine can use the model; there is no authentication");
    }

    /// <summary>Waits for Ctrl-C, which is how a server ends well.</summary>
    public static async Task UntilCancelled(CancellationToken cancel)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancel.Register(ended.SetResult);
        await ended.Task;
    }

    private static async Task SayAsync(ModelServer server, string name, ServerOptions options)
    {
        await WarnAsync(options);
        Console.WriteLine($"{name} at {server.Address}/v1, until Ctrl-C");
    }
}
