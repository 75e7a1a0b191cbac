using System.Text.Json.Nodes;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>
/// The settings that the stage commands record. Beside each product lies a record with the expected settings and no inputs: a command that has the same
/// settings stops at the first input, before it computes anything.
/// </summary>
public sealed class RecipeCommandTests : IDisposable
{
    private readonly Workspace work = new();
    private readonly string model;

    public RecipeCommandTests()
    {
        TorchSharp.torch.set_num_threads(1);
        model = TinyFolder.Make(work.Path("tiny"));
        var prompts = Enumerable.Range(0, 2).Select(i => new Prompt($"p{i}", Dialogue.Ask($"Question {i}?"))).ToList();
        Jsonl.Write(work.Path("p.jsonl"), prompts);
        Jsonl.Write(work.Path("r.jsonl"), prompts.Select(p => new Revision($"{p.Id}/1", p.Id, p.Dialogue, 1, "harm", "bad", "why", $"good {p.Id}")));
        Jsonl.Write(work.Path("c.jsonl"), prompts.Select(p => new Comparison($"{p.Id}/0", p.Id, p.Dialogue, "good", "bad", "harmless", LabelKind.Soft, 0.9)));
        Jsonl.Write(work.Path("s.jsonl"),
            prompts.SelectMany(p => new[] { "yes", "no" }.Select((text, i) => new Sample($"{p.Id}/{i}", p.Id, p.Dialogue, text, "m", i, true))));
    }

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task WithoutFlagsThePolicyHasItsRecipe()
    {
        await HasSettings("ppo", folder: true, Recipes.Ppo(Scale.Quick, 1), Ppo);
        await HasSettings("ppo", folder: true, Recipes.Ppo(Scale.Quick, 4) with { KlCoefficient = 0.5, Tuning = new() { GradientCheckpointing = true } },
            [.. Ppo, "--seed", "4", "--kl", "0.5", "--gradient-checkpointing"]);
    }

    [Fact]
    public async Task OnlyBf16LoosensTheSamplersTolerance()
    {
        await HasSettings("ppo", folder: true, Recipes.Ppo(Scale.Quick, 1) with { SamplerTolerance = 1 }, [.. Ppo, "--dtype", "bf16"]);
        await HasSettings("ppo", folder: true, Recipes.Ppo(Scale.Quick, 1) with { SamplerTolerance = 0.5 },
            [.. Ppo, "--dtype", "bf16", "--sampler-tolerance", "0.5"]);
    }

    [Fact]
    public async Task WithoutFlagsThePreferenceModelHasItsRecipe()
    {
        await HasSettings("train-pm", folder: true, Recipes.Preference(1), TrainPm);
        await HasSettings("train-pm", folder: true, Recipes.Preference(3) with { Tuning = new() { Lora = new() { Rank = 2, Seed = 3 } } },
            [.. TrainPm, "--seed", "3", "--lora-rank", "2"]);
    }

    [Fact]
    public async Task WithoutFlagsSlCaiHasItsRecipe()
    {
        await HasSettings("finetune", folder: true, new { Scale.Quick.Rounds, Training = Recipes.Supervised(1) }, Finetune);
        await HasSettings("finetune", folder: true,
            new { Rounds = 1, Training = Recipes.Supervised(2) with { Packing = true, Tuning = new() { GradientCheckpointing = true } } },
            [.. Finetune, "--rounds", "1", "--seed", "2", "--packing", "--gradient-checkpointing"]);
    }

    [Fact]
    public async Task WithoutFlagsLabelsHaveTheirRecipe()
    {
        await HasSettings("label", folder: false, Recipes.Labels(LabelKind.Soft, 1), Label);
        await HasSettings("label", folder: false, Recipes.Labels(LabelKind.ChainOfThought, 2), [.. Label, "--kind", "cot", "--seed", "2"]);
    }

    [Fact]
    public async Task WithoutFlagsCritiquesHaveTheirRecipe()
    {
        await HasSettings("critique", folder: false, Recipes.Critique(Scale.Quick, 1), Critique);
        var principle = Constitutions.Constitution.Shipped("miniature").Critique[0].Id;
        await HasSettings("critique", folder: false,
            Recipes.Critique(Scale.Quick, 1) with { Principle = Constitutions.PrincipleSelector.Fixed(principle), ExamplesOfPrinciple = true, FewShot = 2 },
            [.. Critique, "--principles", $"fixed:{principle}", "--examples-of-principle", "--few-shot", "2"]);
        var (code, _, error) = await Workspace.Cai([.. Critique, "--principles", "average:2", "--out", work.Path("out")]);
        Assert.Equal(2, code);
        Assert.Contains("Use drawn or fixed:ID", error);
    }

    [Fact]
    public async Task AnotherHeadIsAnotherModel()
    {
        string[] quick = [.. TrainPm, "--batch-tokens", "80"];
        foreach (var (name, flags) in new[] { ("a", Array.Empty<string>()), ("b", ["--head", Recipes.PreferenceHead]), ("c", ["--head", "pm-hh"]) })
            Assert.Equal(0, (await Workspace.Cai([.. quick, .. flags, "--out", work.Path(name)])).Code);
        byte[] Weights(string name) => File.ReadAllBytes(work.Path($"{name}/model.safetensors"));
        Assert.Equal(Weights("a"), Weights("b"));
        Assert.NotEqual(Weights("a"), Weights("c"));
        var (code, _, error) = await Workspace.Cai([.. quick, "--head", "pm-hh", "--out", work.Path("a")]);
        Assert.Equal(2, code);
        Assert.Contains("inputs.head was not set and is now \"pm-hh\"", error);
    }

    private string[] Ppo => ["ppo", "--model", model, "--pm", Judge(), "--prompts", work.Path("p.jsonl")];

    private string[] TrainPm => ["train-pm", "--model", model, "--comparisons", work.Path("c.jsonl")];

    private string[] Finetune => ["finetune", "--model", model, "--revisions", work.Path("r.jsonl")];

    private string[] Label => ["label", "--model", model, "--samples", work.Path("s.jsonl")];

    private string[] Critique => ["critique", "--model", model, "--prompts", work.Path("p.jsonl")];

    private string Judge()
    {
        var folder = work.Path("judge");
        if (Directory.Exists(folder))
            return folder;
        using var start = Models.HuggingFaceFolder.Load(model);
        using var scalar = Models.ScalarModel.FromLanguageModel(start.Decoder, seed: 1);
        Models.TrainedFolder.Save(folder, scalar, start);
        return folder;
    }

    private async Task HasSettings(string command, bool folder, object settings, string[] args)
    {
        var product = work.Path("product");
        Directory.CreateDirectory(product);
        var record = JsonNode.Parse(CaiJson.Write(new { command, settings, inputs = new { } }))!.AsObject();
        File.WriteAllText(folder ? Path.Combine(product, "run.json") : product + ".run.json", record.ToJsonString());
        var (code, _, error) = await Workspace.Cai([.. args, "--out", product]);
        Assert.Equal(2, code);
        Assert.Contains("It was made in another way: inputs.model was not set", error);
    }
}
