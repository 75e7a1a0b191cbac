using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Models;
using Cai.Tool.Serving;

namespace Cai.Tool.Tests.Serving;

/// <summary>The miniature of size S behind a server on a free port, and beside it as a local model.</summary>
internal sealed class Served : IAsyncDisposable
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful");

    private readonly PretrainedModel loaded;
    private readonly ModelThread thread = new();
    private readonly ModelServer server;
    private bool stopped;

    private Served(PretrainedModel loaded, Func<ModelThread, Task<ModelServer>> start)
    {
        this.loaded = loaded;
        server = start(thread).GetAwaiter().GetResult();
    }

    public static Served Start(ServerOptions? options = null, bool chatTemplate = false)
    {
        TorchSharp.torch.set_num_threads(1);
        var loaded = HuggingFaceFolder.Load(Folder, new LoadOptions { ChatTemplate = chatTemplate });
        return new Served(loaded,
            thread => ModelServer.StartAsync([new ServedModel(loaded, "helpful", DateTimeOffset.UnixEpoch, thread)], options ?? new ServerOptions()));
    }

    public string Address => server.Address;

    public HttpClient Http { get; } = new();

    /// <summary>The same model without a server, computing in batches of its own.</summary>
    public LocalModel Local => new(loaded, new LocalModelOptions { BatchSize = 5 }, "helpful");

    public RemoteModel Remote(Func<RemoteOptions, RemoteOptions>? with = null)
    {
        var options = new RemoteOptions { Server = Address, Model = "helpful", Retries = 0 };
        return new RemoteModel(with?.Invoke(options) ?? options);
    }

    /// <summary>Keeps the model's thread from all other work until the result is disposed.</summary>
    public IDisposable Busy()
    {
        var held = new HeldThread();
        thread.Add(held);
        return held;
    }

    /// <summary>Posts JSON.</summary>
    public async Task<(int Status, JsonObject Body)> Post(string path, string json)
    {
        using var response = await Http.PostAsync(Address + path, new StringContent(json, Encoding.UTF8, "application/json"));
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    /// <summary>Posts JSON and gives the events of a stream, the end mark included as null.</summary>
    public async Task<List<JsonObject?>> Stream(string path, string json)
    {
        using var response = await Http.PostAsync(Address + path, new StringContent(json, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(e => e == "data: [DONE]" ? null : JsonNode.Parse(e["data: ".Length..])!.AsObject())];
    }

    public async ValueTask DisposeAsync()
    {
        if (stopped)
            return;
        stopped = true;
        Http.Dispose();
        await server.DisposeAsync();
        thread.Dispose();
        loaded.Dispose();
    }

    private sealed class HeldThread : ModelWork, IDisposable
    {
        private readonly ManualResetEventSlim released = new();

        public override bool IsAbandoned => false;

        public override bool Joins(ModelWork other) => false;

        public override void Run(IReadOnlyList<ModelWork> batch, CancellationToken stopping) => released.Wait(stopping);

        public override void Fail(Exception error) { }

        public void Dispose() => released.Set();
    }
}
