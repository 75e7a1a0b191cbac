using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using TorchSharp;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>Device, type and LoRA of the commands that train.</summary>
public sealed class TuningCommandTests : IDisposable
{
    private readonly Workspace work = new();
    private readonly string start;

    public TuningCommandTests()
    {
        torch.set_num_threads(1);
        start = TinyFolder.Make(work.Path("tiny"));
        var prompts = Enumerable.Range(0, 4).Select(i => new Prompt($"p{i}", Dialogue.Ask($"Question {i}?"))).ToList();
        Jsonl.Write(work.Path("p.jsonl"), prompts);
        Jsonl.Write(work.Path("r.jsonl"), prompts.Select(p => new Revision($"{p.Id}/1", p.Id, p.Dialogue, 1, "harm", "bad", "why", $"good {p.Id}")));
        Jsonl.Write(work.Path("c.jsonl"),
            prompts.Select(p => new Comparison($"{p.Id}/0", p.Id, p.Dialogue, "good answer", "bad", "harmless", LabelKind.Soft, 0.9)));
    }

    public void Dispose() => work.Dispose();

    private string[] Finetune => ["finetune", "--model", start, "--revisions", work.Path("r.jsonl"), "--batch-tokens", "40", "--lr", "0.05"];

    private string[] TrainPm => ["train-pm", "--model", start, "--comparisons", work.Path("c.jsonl"), "--batch-tokens", "80", "--lr", "0.05"];

    private string[] Ppo =>
    [
        "ppo", "--model", start, "--pm", work.Path("pm"), "--prompts", work.Path("p.jsonl"), "--iterations", "2", "--batch", "4", "--epochs", "2",
        "--max-tokens", "6", "--lr", "0.05",
    ];

    [Fact]
    public async Task LoraLeavesTheWeightsAndSavesAdapterAndMergedModel()
    {
        string[] lora = ["--lora-rank", "2", "--lora-alpha", "6", "--lora-targets", "q_proj", "down_proj"];
        await Done([.. Finetune, .. lora, "--out", work.Path("sl")]);
        var config = JsonNode.Parse(File.ReadAllText(work.Path("sl/adapter/adapter_config.json")))!;
        Assert.Equal(("LORA", "CAUSAL_LM", 2), ((string)config["peft_type"]!, (string)config["task_type"]!, (int)config["r"]!));
        Assert.Equal((6.0, start), ((double)config["lora_alpha"]!, (string)config["base_model_name_or_path"]!));
        Assert.Equal(["down_proj", "q_proj"], config["target_modules"]!.AsArray().Select(n => (string)n!).Order());
        AssertMerged(work.Path("sl"));
        using (var file = Safetensors.Open(work.Path("sl/model.safetensors")))
        using (var before = Safetensors.Open(Path.Combine(start, "model.safetensors")))
            foreach (var entry in file.Entries)
                Assert.Equal(!(entry.Name.Contains("q_proj") || entry.Name.Contains("down_proj")), file.SameData(entry.Name, before, entry.Name));

        // The same command again changes nothing; other settings are another model.
        var adapter = File.ReadAllBytes(work.Path("sl/adapter/adapter_model.safetensors"));
        await Done([.. Finetune, .. lora, "--out", work.Path("sl")]);
        Assert.Equal(adapter, File.ReadAllBytes(work.Path("sl/adapter/adapter_model.safetensors")));
        await Refused("settings.training.tuning.lora.rank was 2 and is now 3",
            [.. Finetune, "--lora-rank", "3", "--lora-alpha", "6", "--lora-targets", "q_proj", "down_proj", "--out", work.Path("sl")]);

        await Done([.. TrainPm, "--lora-rank", "4", "--gradient-checkpointing", "--out", work.Path("pm")]);
        config = JsonNode.Parse(File.ReadAllText(work.Path("pm/adapter/adapter_config.json")))!;
        Assert.Equal(("SEQ_CLS", 8.0), ((string)config["task_type"]!, (double)config["lora_alpha"]!));
        Assert.Equal(7, config["target_modules"]!.AsArray().Count);
        using (var merged = HuggingFaceFolder.LoadScalarModel(work.Path("pm")))
        using (var language = HuggingFaceFolder.LoadDecoder(start))
        using (var scalar = ScalarModel.FromLanguageModel(language, seed: 99))
        {
            PeftFolder.Load(work.Path("pm/adapter"), scalar);
            scalar.Merge();
            AssertClose(scalar.Parameters.Flat, merged.Parameters.Flat);
        }

        await Done([.. Ppo, "--lora-rank", "2", "--out", work.Path("rl")]);
        AssertMerged(work.Path("rl"));
        // The reference shares the policy's weights below the adapter, so KL begins at 0 and does not stay there.
        var kl = Metrics.Read(work.Path("rl/metrics.jsonl")).Select(row => row.Values["objective/kl"]).ToList();
        Assert.Equal(0, kl[0], 1e-4);
        Assert.True(Math.Abs(kl[1]) > 1e-4);
    }

    [Fact]
    public async Task Bf16WeightsAreTrainedAndSavedAsSuch()
    {
        await Done([.. Finetune, "--dtype", "bf16", "--out", work.Path("sl")]);
        await Done([.. TrainPm, "--dtype", "bf16", "--out", work.Path("pm")]);
        await Done([.. Ppo, "--dtype", "bf16", "--out", work.Path("rl")]);
        foreach (var product in new[] { "sl", "pm", "rl" })
        {
            Assert.Equal("bfloat16", (string)JsonNode.Parse(File.ReadAllText(work.Path($"{product}/config.json")))!["torch_dtype"]!);
            using var file = Safetensors.Open(work.Path($"{product}/model.safetensors"));
            Assert.All(file.Entries, e => Assert.Equal(torch.ScalarType.BFloat16, e.DType));
        }
        using var before = HuggingFaceFolder.LoadDecoder(start, new LoadOptions { DType = torch.ScalarType.BFloat16 });
        foreach (var product in new[] { "sl", "rl" })
        {
            using var after = HuggingFaceFolder.LoadDecoder(work.Path(product), new LoadOptions { DType = torch.ScalarType.BFloat16 });
            Assert.False(after.Parameters.Flat.eq(before.Parameters.Flat).all().ToBoolean());
        }
        Assert.All(Metrics.Read(work.Path("rl/metrics.jsonl")), row => Assert.True(double.IsFinite(row.Values["objective/kl"] + row.Values["loss/policy"])));
        await Refused("inputs.weights was \"BFloat16\" and is now not set", [.. Finetune, "--out", work.Path("sl")]);
    }

    [Theory]
    [InlineData("'tpu' is no device", "--device", "tpu")]
    [InlineData("--lora-alpha needs --lora-rank", "--lora-alpha", "8")]
    [InlineData("--lora-targets needs --lora-rank", "--lora-targets", "q_proj")]
    [InlineData("Rank is 0", "--lora-rank", "0")]
    [InlineData("'qkv' is no module of family 'llama'. Known: q_proj", "--lora-rank", "2", "--lora-targets", "qkv")]
    [InlineData("f64", "--dtype", "f64")]
    public async Task WhatCannotBeIsOneLineAndLeavesNothing(string says, params string[] flags)
    {
        foreach (var command in new[] { Finetune, TrainPm })
        {
            await Refused(says, [.. command, .. flags, "--out", work.Path("o")]);
            Assert.False(Path.Exists(work.Path("o")));
        }
    }

    [Fact]
    public async Task CudaWithoutCudaSaysWhatToDo()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "There is a GPU.");
        await Done([.. TrainPm, "--out", work.Path("pm")]);
        foreach (var command in new[] { Finetune, TrainPm, Ppo })
            foreach (var name in new[] { "cuda", "cuda:1" })
                await Refused("There is no CUDA device, or this build has no CUDA. Take cpu, or build with -p:Device=cuda",
                    [.. command, "--device", name, "--out", work.Path("o")]);
        Assert.False(Path.Exists(work.Path("o")));
    }

    private static async Task Done(params string[] args)
    {
        var (code, _, error) = await Workspace.Cai(args);
        Assert.True(code == 0, $"{args[0]}: {error}");
    }

    private static async Task Refused(string says, params string[] args)
    {
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.StartsWith("cai: ", error);
        Assert.Contains(says, error);
        Assert.DoesNotContain("   at ", error);
    }

    /// <summary>The model in a folder is the start with the adapter in the folder merged into it, and differs from the start.</summary>
    private void AssertMerged(string folder)
    {
        using var merged = HuggingFaceFolder.LoadDecoder(folder);
        using var adapted = HuggingFaceFolder.LoadDecoder(start);
        Assert.False(merged.Parameters.Flat.eq(adapted.Parameters.Flat).all().ToBoolean());
        PeftFolder.Load(Path.Combine(folder, "adapter"), adapted);
        adapted.Merge();
        AssertClose(adapted.Parameters.Flat, merged.Parameters.Flat);
    }

    private static void AssertClose(torch.Tensor expected, torch.Tensor found) => Assert.True((expected - found).abs().max().ToDouble() < 1e-5);
}
