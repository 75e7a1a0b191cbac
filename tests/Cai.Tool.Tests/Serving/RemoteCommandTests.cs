using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Serving;

/// <summary>The stage commands against a server: the products must be those of the folder behind it.</summary>
public sealed class RemoteCommandTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private static async Task<string> Done(params string[] args)
    {
        var (code, output, error) = await Workspace.Cai(args);
        Assert.True(code == 0, error);
        return output;
    }

    [Fact]
    public async Task SampleCritiqueAndLabelGiveTheSameOverHttp()
    {
        await using var served = Served.Start();
        await Done("prompts", "--kind", "harmful", "--count", "3", "--out", work.Path("red.jsonl"));
        string[] folder = ["--model", Served.Folder], server = ["--server", served.Address, "--remote-model", "helpful"];

        string[] sample = ["sample", "--prompts", work.Path("red.jsonl"), "--max-tokens", "24"];
        await Done([.. sample, .. folder, "--out", work.Path("local.jsonl")]);
        var said = await Done([.. sample, .. server, "--prices", "1,2", "--out", work.Path("remote.jsonl")]);
        Assert.Contains("server: 6 answers (0 more from the cache, 0 retries)", said);
        Assert.Contains(", about 0.000", said);
        Assert.Equal(Jsonl.Read<Sample>(work.Path("local.jsonl")).Select(s => (s.Id, s.Response, s.Finished)),
            Jsonl.Read<Sample>(work.Path("remote.jsonl")).Select(s => (s.Id, s.Response, s.Finished)));

        // The miniature's template spells the paper's layout: in turns the answers are the same, from the folder and over the chat endpoint.
        await Done([.. sample, .. folder, "--chat", "--out", work.Path("local-chat.jsonl")]);
        await Done([.. sample, .. server, "--chat", "--out", work.Path("remote-chat.jsonl")]);
        foreach (var file in new[] { "local-chat.jsonl", "remote-chat.jsonl" })
            Assert.Equal(Jsonl.Read<Sample>(work.Path("local.jsonl")).Select(s => (s.Id, s.Response, s.Finished)),
                Jsonl.Read<Sample>(work.Path(file)).Select(s => (s.Id, s.Response, s.Finished)));

        string[] critique = ["critique", "--prompts", work.Path("red.jsonl"), "--rounds", "1", "--few-shot", "1", "--max-tokens", "24"];
        await Done([.. critique, .. folder, "--out", work.Path("rl.jsonl")]);
        await Done([.. critique, .. server, "--out", work.Path("rr.jsonl")]);
        Assert.Equal(Jsonl.Read<Revision>(work.Path("rl.jsonl")), Jsonl.Read<Revision>(work.Path("rr.jsonl")));

        string[] label = ["label", "--samples", work.Path("local.jsonl"), "--few-shot", "1"];
        await Done([.. label, .. folder, "--out", work.Path("ll.jsonl")]);
        await Done([.. label, .. server, "--out", work.Path("lr.jsonl")]);
        foreach (var (local, remote) in Jsonl.Read<Comparison>(work.Path("ll.jsonl")).Zip(Jsonl.Read<Comparison>(work.Path("lr.jsonl"))))
            Assert.Equal(local.ProbabilityA!.Value, remote.ProbabilityA!.Value, 1e-4);

        // Of a product that was lost, every answer is still in the cache beside it.
        File.Delete(work.Path("remote.jsonl"));
        File.Delete(work.Path("remote.jsonl.run.json"));
        Assert.Contains("server: 0 answers (6 more from the cache", await Done([.. sample, .. server, "--out", work.Path("remote.jsonl")]));
    }

    [Fact]
    public async Task AnAnswerThatBreaksOffIsAskedForAgain()
    {
        await using var served = Served.Start();
        await using var relay = await FaultyRelay.StartAsync(served.Address, n => n == 3 ? Fault.Malformed : Fault.None);
        await Done("prompts", "--kind", "harmful", "--count", "3", "--out", work.Path("red.jsonl"));
        string[] sample = ["sample", "--prompts", work.Path("red.jsonl"), "--max-tokens", "24"];
        await Done([.. sample, "--model", Served.Folder, "--out", work.Path("local.jsonl")]);

        string[] remote = [.. sample, "--server", relay.Address, "--remote-model", "helpful", "--out", work.Path("remote.jsonl")];
        await Done(remote);
        Assert.Equal(Jsonl.Read<Sample>(work.Path("local.jsonl")).Select(s => (s.Id, s.Response, s.Finished)),
            Jsonl.Read<Sample>(work.Path("remote.jsonl")).Select(s => (s.Id, s.Response, s.Finished)));
    }

    [Theory]
    [InlineData("Give --model DIR")]
    [InlineData("--model and --server", "--model", "m", "--server", "http://localhost:1", "--remote-model", "m")]
    [InlineData("--remote-model", "--server", "http://localhost:1")]
    [InlineData("not an http", "--server", "localhost", "--remote-model", "m")]
    [InlineData("--prices", "--server", "http://localhost:1", "--remote-model", "m", "--prices", "a")]
    [InlineData("Nothing answers", "--server", "http://127.0.0.1:1", "--remote-model", "m")]
    public async Task BadInputIsOneLine(string says, params string[] args)
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var (code, _, error) = await Workspace.Cai(["sample", "--prompts", work.Path("p.jsonl"), "--out", work.Path("o.jsonl"), .. args]);
        Assert.Equal(2, code);
        Assert.StartsWith("cai: ", error);
        Assert.Contains(says, error);
        Assert.DoesNotContain("   at ", error);
    }
}
