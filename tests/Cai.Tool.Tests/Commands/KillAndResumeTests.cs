using System.Text.Json.Nodes;
using Cai.Finetuning;
using Cai.Storage;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>A stage that was killed and started again must end as if nothing had happened: the same bytes, on one thread.</summary>
public sealed class KillAndResumeTests : IDisposable
{
    private static readonly string Size = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S");
    private static readonly string Pretrained = Path.Combine(Size, "pretrained");
    private static readonly string Helpful = Path.Combine(Size, "helpful");
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task EveryStageEndsInTheSameBytesHoweverOftenItIsKilled()
    {
        await Prepare();

        Prove("revisions.jsonl", [("revisions.initial.jsonl", 1), ("revisions.jsonl", 1)],
            "critique", "--model", Helpful, "--prompts", work.Path("red.jsonl"), "--rounds", "2", "--few-shot", "1", "--max-tokens", "32");
        Prove("sl-cai", [("sl-cai/metrics.jsonl", 1), ("sl-cai/metrics.jsonl", 4)],
            "finetune", "--model", Pretrained, "--revisions", work.Path("whole/revisions.jsonl"), "--helpful", work.Path("pairs.jsonl"), "--rounds", "2",
            "--epochs", "2", "--batch-tokens", "100", "--checkpoint-every", "3");
        Prove("comparisons.jsonl", [("comparisons.jsonl", 1), ("comparisons.jsonl", 3)],
            "label", "--model", Pretrained, "--samples", work.Path("pairs.jsonl"), "--chunk", "1", "--few-shot", "1");
        Prove("pm", [("pm/metrics.jsonl", 1), ("pm/metrics.jsonl", 4)],
            "train-pm", "--model", Pretrained, "--comparisons", work.Path("whole/comparisons.jsonl"), "--epochs", "4", "--batch-tokens", "120",
            "--checkpoint-every", "3");
        Prove("rl-cai", [("rl-cai/metrics.jsonl", 1), ("rl-cai/metrics.jsonl", 3)],
            "ppo", "--model", work.Path("whole/sl-cai"), "--pm", work.Path("whole/pm"), "--prompts", work.Path("red.jsonl"), "--iterations", "4",
                "--batch", "3", "--epochs", "2", "--max-tokens", "16", "--checkpoint-every", "2", "--snapshot-every", "3");
        Assert.Equal(["0003", "0004"], Directory.GetDirectories(work.Path("whole/rl-cai/snapshots")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task CtrlCKeepsEveryStepAndTheSameCommandGoesOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that one process can send another here.");
        Assert.SkipWhen(ToolProcess.InterruptsAreIgnored(), "This shell lets its children ignore Ctrl-C.");
        await Prepare();
        var target = work.Path("long");
        string[] args = ["finetune", "--model", Pretrained, "--revisions", work.Path("revisions.jsonl"), "--epochs", "2000", "--batch-tokens", "60",
            "--checkpoint-every", "100000", "--out", target];
        Jsonl.Write(work.Path("revisions.jsonl"), Jsonl.Read<Text.Sample>(work.Path("pairs.jsonl"))
            .Select(s => new Text.Revision(s.Id, s.PromptId, s.Prompt, 1, "p", s.Response, null, s.Response)));

        var first = Stop(args, target, lines: 3);
        var second = Stop(args, target, lines: first.Split('\n').Length + 3);
        Assert.StartsWith(first, second);
    }

    /// <summary>Interrupts the command once its metrics have that many lines; gives the metrics.</summary>
    private static string Stop(string[] args, string target, int lines)
    {
        var metrics = Path.Combine(target, "metrics.jsonl");
        using var process = new ToolProcess(args);
        process.UntilLines(metrics, lines);
        process.Interrupt();
        var (code, error) = process.End();
        Assert.Equal(130, code);
        Assert.Contains($"stopped; what was done is kept in {target}", error);
        var rows = Metrics.Read(metrics);
        Assert.Equal(rows.Count, SupervisedTrainer.CheckpointStep(Path.Combine(target, "training.checkpoint")));
        return File.ReadAllText(metrics);
    }

    private async Task Prepare()
    {
        Assert.Equal(0, (await Workspace.Cai("prompts", "--kind", "harmful", "--count", "6", "--out", work.Path("red.jsonl"))).Code);
        using var sample = new ToolProcess(
            "sample", "--model", Helpful, "--prompts", work.Path("red.jsonl"), "--max-tokens", "24", "--out", work.Path("pairs.jsonl"));
        var (code, error) = sample.End();
        Assert.True(code == 0, error);
    }

    /// <summary>Runs a command unbroken into `whole/`, and into `killed/` with a kill at each point; compares everything.</summary>
    private void Prove(string product, (string File, int Lines)[] kills, params string[] args)
    {
        using (var unbroken = new ToolProcess([.. args, "--out", work.Path("whole/" + product)]))
        {
            var (code, error) = unbroken.End();
            Assert.True(code == 0, $"{args[0]}: {error}");
        }
        string[] broken = [.. args, "--out", work.Path("killed/" + product)];
        foreach (var (file, lines) in kills)
        {
            using var process = new ToolProcess(broken);
            process.UntilLines(work.Path("killed/" + file), lines);
            process.Kill();
            Assert.NotEqual(0, process.End().Code);
        }
        using (var last = new ToolProcess(broken))
        {
            var (code, error) = last.End();
            Assert.True(code == 0, $"{args[0]} after kills: {error}");
        }
        var products = Directory.GetFiles(work.Path("whole"), "*", SearchOption.AllDirectories)
            .Where(p => Path.GetRelativePath(work.Path("whole"), p).StartsWith(product.Split('.')[0], StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(products);
        foreach (var path in products)
        {
            var name = Path.GetRelativePath(work.Path("whole"), path);
            var (expected, found) = (Comparable(path), Comparable(Path.Combine(work.Path("killed"), name)));
            Assert.True(expected.AsSpan().SequenceEqual(found), $"{args[0]}: {name} is not what it is without kills");
        }
    }

    /// <summary>The bytes of a file; of metrics, without the times and speeds, which no two runs share.</summary>
    private static byte[] Comparable(string path)
    {
        if (Path.GetFileName(path) != "metrics.jsonl")
            return File.ReadAllBytes(path);
        var rows = Jsonl.Read<JsonObject>(path);
        foreach (var row in rows)
            foreach (var key in row.Select(pair => pair.Key)
                .Where(k => k.StartsWith("time/", StringComparison.Ordinal) || k is "tokens_per_second" or "eps").ToList())
                row.Remove(key);
        return System.Text.Encoding.UTF8.GetBytes(string.Join('\n', rows.Select(r => r.ToJsonString())));
    }
}
