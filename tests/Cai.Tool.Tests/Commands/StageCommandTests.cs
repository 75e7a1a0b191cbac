using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class StageCommandTests : IDisposable
{
    private static readonly string Size = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S");
    private static readonly string Helpful = Path.Combine(Size, "helpful");
    private readonly Workspace work = new();

    public StageCommandTests() => TorchSharp.torch.set_num_threads(1);

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task PlainPromptsGetIdsFromTheirLinesAndBadOnesAreNamedOrSkipped()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n\n{\"text\": 1}\n{\"prompt\": \"Hello again.\", \"id\": \"mine\"}\n");
        string[] args = ["sample", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--per-prompt", "1", "--max-tokens", "4",
            "--out", work.Path("s.jsonl")];
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.Contains("p.jsonl:3: ", error);
        Assert.False(File.Exists(work.Path("s.jsonl")));

        (code, var output, error) = await Workspace.Cai([.. args, "--skip-bad"]);
        Assert.Equal(0, code);
        Assert.Contains("p.jsonl: 1 broken lines left out", error);
        Assert.Contains("2 answers of helpful to 2 prompts", output);
        Assert.Equal(["p-1/helpful/0", "mine/helpful/0"], Jsonl.Read<Sample>(work.Path("s.jsonl")).Select(s => s.Id));
    }

    [Fact]
    public async Task AProductIsContinuedOnlyByTheSameSettings()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        string[] args = ["sample", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--per-prompt", "1", "--max-tokens", "4",
            "--out", work.Path("s.jsonl")];
        Assert.Equal(0, (await Workspace.Cai(args)).Code);
        var bytes = File.ReadAllBytes(work.Path("s.jsonl"));
        var (code, _, error) = await Workspace.Cai([.. args, "--seed", "9"]);
        Assert.Equal(2, code);
        Assert.Contains("settings.sampling.seed was 1 and is now 9", error);
        Assert.Equal(0, (await Workspace.Cai(args)).Code);
        Assert.Equal(bytes, File.ReadAllBytes(work.Path("s.jsonl")));

        File.Delete(work.Path("s.jsonl.run.json"));
        Assert.Equal(2, (await Workspace.Cai(args)).Code);
        Assert.Equal(bytes, File.ReadAllBytes(work.Path("s.jsonl")));
    }

    /// <summary>Two samples of one id are no crash, and equal ones are one.</summary>
    [Fact]
    public async Task ALineTwiceIsOneAndTwoDifferentOnesAreRefused()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        string[] args = ["sample", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--per-prompt", "2", "--max-tokens", "4",
            "--out", work.Path("s.jsonl")];
        Assert.Equal(0, (await Workspace.Cai(args)).Code);
        var lines = File.ReadAllLines(work.Path("s.jsonl"));
        File.WriteAllLines(work.Path("s.jsonl"), [.. lines, lines[0]]);
        Assert.Equal(0, (await Workspace.Cai(args)).Code);
        File.WriteAllLines(work.Path("s.jsonl"), [.. lines, lines[0].Replace("\"response\":\"", "\"response\":\"x", StringComparison.Ordinal)]);
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.Contains("Two different samples", error);
    }

    /// <summary>Answers that another run left beside a file that was removed are not taken for this one's.</summary>
    [Fact]
    public async Task InitialAnswersOfAnotherRunAreNotTakenUp()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        string[] args = ["critique", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--rounds", "1", "--few-shot", "0", "--max-tokens", "4",
            "--out", work.Path("r.jsonl")];
        Assert.Equal(0, (await Workspace.Cai(args)).Code);
        foreach (var file in Directory.GetFiles(work.Folder, "r.jsonl*"))
            File.Delete(file);
        var (code, _, error) = await Workspace.Cai([.. args, "--seed", "9"]);
        Assert.Equal(2, code);
        Assert.Contains("r.initial.jsonl", error);
    }

    [Fact]
    public async Task OptionsOutOfRangeNameTheFlag()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        string[] ppo = ["ppo", "--model", Helpful, "--pm", Helpful, "--prompts", work.Path("p.jsonl"), "--out", work.Path("rl")];
        foreach (var (flag, value) in new[] { ("--kl-target", "0"), ("--kl-horizon", "0"), ("--kl", "-1"), ("--clip", "-0.2"), ("--temperature", "1e-40"),
            ("--lr", "NaN"), ("--gamma", "2") })
        {
            var (code, _, error) = await Workspace.Cai([.. ppo, flag, value]);
            Assert.Equal(2, code);
            Assert.Contains(flag + ": ", error);
        }
        Assert.Contains("Rank is 1000000000", (await Workspace.Cai([.. ppo, "--lora-rank", "1000000000"])).Error);
        Assert.False(Directory.Exists(work.Path("rl")));
    }

    /// <summary>Rounded weights give other log-probabilities than exact ones, near them, and are part of how a product was made.</summary>
    [Fact]
    public async Task AModelCanBeRunInHalfTheMemoryAndTheProductSaysSo()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        string[] args = ["sample", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--per-prompt", "2", "--max-tokens", "12",
            "--out", work.Path("s.jsonl")];
        Assert.Equal(0, (await Workspace.Cai([.. args, "--dtype", "bf16"])).Code);
        Assert.Equal(2, Jsonl.Read<Sample>(work.Path("s.jsonl")).Count);
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.Contains("weights", error);
        (code, _, error) = await Workspace.Cai("sample", "--server", "http://127.0.0.1:9/v1", "--remote-model", "m", "--dtype", "bf16",
            "--prompts", work.Path("p.jsonl"), "--out", work.Path("r.jsonl"));
        Assert.Equal(2, code);
        Assert.Contains("--dtype is for a model folder", error);
    }

    [Fact]
    public async Task EvaluateJudgesTheWorldsPromptsAndRatesModels()
    {
        Assert.Equal(0, (await Workspace.Cai("prompts", "--kind", "harmful", "--split", "eval", "--count", "4", "--out", work.Path("p.jsonl"))).Code);
        var prompts = Jsonl.Read<Prompt>(work.Path("p.jsonl"));
        Assert.Equal(4, prompts.Count);
        // One text that the oracle understands, a blunt refusal, and one that it does not: the workers must prefer the first.
        Sample Of(Prompt p, string model, string text) => new($"{p.Id}/{model}/0", p.Id, p.Dialogue, text, model, 0, true);
        Jsonl.Write(work.Path("a.jsonl"), prompts.Select(p => Of(p, "refuses", "I can not help with that.")));
        Jsonl.Write(work.Path("b.jsonl"),
            prompts.Select(p => Of(p, "babbles", "Zug zug blorp.")).Append(Of(new Prompt("x", Dialogue.Ask("Not of this world")), "babbles", "Hm.")));
        var (code, output, error) = await Workspace.Cai(
            "evaluate", "--samples", work.Path("a.jsonl"), work.Path("b.jsonl"), "--anchor", "babbles", "--out", work.Path("e.json"));
        Assert.Equal(0, code);
        Assert.Contains("1 answers are to prompts that are not of the miniature world", error);
        Assert.Contains("Elo, harmless (babbles is 0)", output);
        var rows = JsonNode.Parse(File.ReadAllText(work.Path("e.json")))!.AsArray();
        double Value(string model, string measure) =>
            rows.Single(r => (string?)r!["model"] == model && (string?)r["measure"] == measure)!["value"]!.GetValue<double>();
        Assert.Equal(1, Value("babbles", "incoherent"));
        Assert.Equal(1, Value("refuses", "evasive"));
        Assert.Equal(0, Value("babbles", "elo"));
        Assert.True(Value("refuses", "elo") > 0);
        Assert.Equal(2, (await Workspace.Cai("evaluate", "--samples", work.Path("a.jsonl"), work.Path("a.jsonl"))).Code);
    }

    [Fact]
    public async Task TheMiniaturesReadmeHoldsTheWorldAndTheMeasuredAbilities()
    {
        var folder = work.Path("miniature");
        CopyFolder(Size, Path.Combine(folder, "S"));
        File.Copy(Path.Combine(Size, "..", "world.yaml"), Path.Combine(folder, "world.yaml"));
        var (code, _, error) = await Workspace.Cai("miniature", "report", "--prompts", "8", "--out", folder);
        Assert.True(code == 0, error);
        var readme = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.Contains("| harmful | ", readme);
        Assert.Contains("### Size S", readme);
        Assert.Contains("share of harmfulness that one revision removes", readme);

        // What was measured is not measured again.
        var (again, output, _) = await Workspace.Cai("miniature", "report", "--prompts", "8", "--out", folder);
        Assert.Equal(0, again);
        Assert.DoesNotContain("S: ", output);
        Assert.Equal(readme, File.ReadAllText(Path.Combine(folder, "README.md")));
        Assert.Equal(2, (await Workspace.Cai("miniature", "report", "--sizes", "XL", "--out", folder)).Code);
    }

    [Theory]
    [InlineData("label", "--principles", "average:many")]
    [InlineData("label", "--clamp", "0.4")]
    [InlineData("label", "--constitution", "nowhere")]
    [InlineData("label")]
    [InlineData("ppo", "--model", "m", "--pm", "p", "--prompts", "none.jsonl", "--out", "o")]
    [InlineData("finetune", "--model", "m", "--revisions", "none.jsonl", "--out", "o")]
    [InlineData("finetune", "--model", "m", "--revisions", "none.jsonl", "--out", "m")]
    [InlineData("prompts", "--kind", "harmful", "--count", "100000", "--out", "o")]
    public async Task BadInputReturnsTwoAndLeavesNothing(params string[] args)
    {
        string[] whole = args is ["label", ..] and not ["label"] ? [.. args, "--model", Helpful, "--samples", work.Path("none.jsonl"), "--out", work.Path("o")]
            : args;
        var here = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = work.Folder;
            var (code, _, error) = await Workspace.Cai(whole);
            Assert.Equal(2, code);
            Assert.StartsWith("cai: ", error);
            Assert.Empty(Directory.GetFileSystemEntries(work.Folder));
        }
        finally
        {
            Environment.CurrentDirectory = here;
        }
    }

    [Theory]
    [InlineData("prompts")]
    [InlineData("sample")]
    [InlineData("critique")]
    [InlineData("finetune")]
    [InlineData("label")]
    [InlineData("train-pm")]
    [InlineData("ppo")]
    [InlineData("evaluate")]
    [InlineData("serve")]
    [InlineData("chat")]
    [InlineData("convert")]
    [InlineData("export")]
    [InlineData("claim")]
    [InlineData("miniature train")]
    [InlineData("miniature report")]
    public async Task HelpShowsAnExample(string command)
    {
        var (code, output, _) = await Workspace.Cai([.. command.Split(' '), "--help"]);
        Assert.Equal(0, code);
        Assert.Contains("Example:  cai ", output);
        Assert.Contains($"cai {command}", output);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
