using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Models;
using TorchSharp;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>Models as they come from broken downloads, and a server that is none: each ends in one line that says what to mend.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private readonly Workspace work = new();
    private readonly string folder;

    public DamagedModelTests()
    {
        torch.set_num_threads(1);
        folder = TinyFolder.Make(work.Path("tiny"));
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
    }

    public void Dispose() => work.Dispose();

    [Fact]
    public Task ATruncatedFile() => Spoilt("model.safetensors", "truncated", bytes => bytes[..^100]);

    [Fact]
    public Task AHeaderLargerThanTheFile() => Spoilt("model.safetensors", "The header claims", bytes =>
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)bytes.Length * 2);
        return bytes;
    });

    [Fact]
    public Task OverlappingOffsets() => SpoiltHeader("overlaps", header =>
    {
        var second = header.Where(t => t.Key != "__metadata__").OrderBy(t => (long)t.Value!["data_offsets"]![0]!).ElementAt(1)
            .Value!["data_offsets"]!.AsArray();
        (second[0], second[1]) = ((long)second[0]! - 4, (long)second[1]! - 4);
    });

    [Fact]
    public async Task AMissingShard()
    {
        File.Delete(Path.Combine(folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"),
            """{"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}""");
        await Refused(folder, "The shard model-00001-of-00002.safetensors is missing");
    }

    [Fact]
    public async Task ATruncatedShard()
    {
        using (var model = HuggingFaceFolder.Load(folder))
            HuggingFaceFolder.Save(folder, model, shardBytes: 8000);
        var shards = Directory.GetFiles(folder, "model-*.safetensors").Order(StringComparer.Ordinal).Select(Path.GetFileName).ToList();
        Assert.True(shards.Count > 2);
        await Spoilt(shards[1]!, "truncated", bytes => bytes[..^100]);
    }

    [Fact]
    public async Task WeightsThatAreNotANumber()
    {
        using (var model = HuggingFaceFolder.Load(folder))
        {
            using (torch.no_grad())
                model.Decoder.Parameters["norm.weight"][3] = float.NaN;
            HuggingFaceFolder.Save(folder, model);
        }
        await Refused(folder, "'model.norm.weight' holds NaN");
    }

    [Theory]
    [InlineData("hidden_size", 32, "config.json (")]
    [InlineData("num_hidden_layers", 3, "weights that config.json asks for are missing: model.layers.2.")]
    [InlineData("num_hidden_layers", 2_000_000_000, "config.json asks for 2000000000 layers, but there are")]
    [InlineData("vocab_size", 100, "vocab_size")]
    public async Task AConfigThatContradictsTheShapes(string key, int value, string says)
    {
        TinyFolder.Edit(folder, "config.json", file => file[key] = value);
        await Refused(folder, says);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(int.MaxValue)]
    public async Task ATokenizerWithHoles(int id)
    {
        TinyFolder.Edit(folder, "tokenizer.json",
            file => file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = id, ["content"] = "<|far|>", ["special"] = true }));
        await Refused(folder, "ids must have no holes");
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    public async Task ATemplateWithoutEnd(string template)
    {
        TinyFolder.Edit(folder, "tokenizer_config.json", file => file["chat_template"] = template);
        await Refused(folder, "template line 1", "--chat");
    }

    [Fact]
    public async Task AServerThatAnswersHtml()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        const string page = "<!DOCTYPE html><html><body>Please log in</body></html>";
        var served = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[1 << 16]);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}"));
            }
        });
        await OneLine("answered HTML", "sample", "--server", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", "--remote-model", "m",
            "--prompts", work.Path("p.jsonl"), "--out", work.Path("o.jsonl"));
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => served);
    }

    private Task Spoilt(string name, string says, Func<byte[], byte[]> change)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
        return Refused(path, says);
    }

    private Task SpoiltHeader(string says, Action<JsonObject> change) => Spoilt("model.safetensors", says, bytes =>
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, length).ToArray())!.AsObject();
        change(header);
        return [.. bytes[..8], .. Encoding.UTF8.GetBytes(header.ToJsonString().PadRight(length)), .. bytes[(8 + length)..]];
    });

    /// <summary>The line names the place, and nothing has been written.</summary>
    private async Task Refused(string place, string says, params string[] more)
    {
        var line = await OneLine(says, ["sample", "--model", folder, "--prompts", work.Path("p.jsonl"), "--out", work.Path("o.jsonl"), .. more]);
        Assert.StartsWith($"cai: {place}", line);
        Assert.False(File.Exists(work.Path("o.jsonl")));
    }

    private static async Task<string> OneLine(string says, params string[] args)
    {
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        var line = Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(says, line);
        return line;
    }
}
