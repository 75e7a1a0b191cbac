using System.Globalization;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ExportCommandTests : IDisposable
{
    private static readonly string Size = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S");
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Theory]
    [InlineData("trl", "--kl_coef 0.03")]
    [InlineData("openrlhf", "--algo.kl.init_coef 0.03")]
    public async Task TheShippedModelIsExportedWithTheSettingsGiven(string to, string flag)
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        Jsonl.Write(work.Path("c.jsonl"), [new Comparison("c", "p", Dialogue.Ask("Hello."), "Hi.", "Go away.", "harmless", LabelKind.Soft, 0.9)]);
        var (code, output, _) = await Workspace.Cai(
            "export", "--to", to, "--model", Path.Combine(Size, "helpful"), "--pm-start", Path.Combine(Size, "pretrained"),
            "--comparisons", work.Path("c.jsonl"), "--prompts", work.Path("p.jsonl"), "--kl", "0.03", "--label-copies", "10", "--out", work.Path("x"));
        Assert.Equal(0, code);
        Assert.Contains("10 preference rows (0 without label, 0 of equal answers and 0 ties left out), 0 held out, 1 prompts", output);
        Assert.Contains(flag, File.ReadAllText(Path.Combine(work.Path("x"), "run.sh")));
        Assert.Equal(10, File.ReadAllLines(Path.Combine(work.Path("x"), "data", "preferences", "train.jsonl")).Length);
        Assert.True(File.Exists(Path.Combine(work.Path("x"), "models", "reward-start", "model.safetensors")));
    }

    [Fact]
    public async Task WithoutFlagsTheSettingsAreThoseOfTheStageCommands()
    {
        var (script, readme) = await Export("--model", Path.Combine(Size, "helpful"));
        var (pm, ppo) = (Recipes.Preference(1), Recipes.Ppo(Scale.Quick, 1));
        Assert.Contains($"--learning_rate {N(pm.LearningRate)} --lr_scheduler_type linear --warmup_steps {pm.WarmupSteps}", script);
        Assert.Contains($"--total_episodes {ppo.Iterations * ppo.RolloutsPerIteration} --num_ppo_epochs {ppo.Epochs}", script);
        Assert.Contains($"--kl_coef {N(ppo.KlCoefficient)}", script);
        Assert.Contains("- Preference model: those of `cai train-pm` without flags.", readme);
        Assert.Contains("- PPO: those of `cai ppo` without flags.", readme);
    }

    [Fact]
    public async Task EachSettingHasTheFlagOfItsStageCommand()
    {
        var (script, readme) = await Export(
            "--model", Path.Combine(Size, "helpful"), "--pm-beta2", "0.91", "--pm-schedule", "cosine", "--gamma", "0.97", "--seed", "8");
        Assert.Contains("--adam_beta2 0.91", script);
        Assert.Contains("--lr_scheduler_type cosine_with_min_lr", script);
        Assert.Contains("--gamma 0.97", script);
        Assert.Equal(3, script.Split("--seed 8").Length);
        Assert.Contains("- Preference model: those of `cai train-pm` without flags, except `--pm-schedule`, `--pm-beta2`, `--seed`.", readme);
        Assert.Contains("- PPO: those of `cai ppo` without flags, except `--gamma`, `--seed`.", readme);
    }

    [Fact]
    public async Task SettingsStartFromTheRunsThatMadeTheModels()
    {
        var policy = TinyFolder.Make(work.Path("policy"));
        var judge = TinyFolder.Make(work.Path("judge"));
        Record(policy, "ppo", Recipes.Ppo(Scale.Quick, 6) with { KlCoefficient = 0.33, Gamma = 0.95, LearningRate = 5e-5 });
        Record(judge, "train-pm", Recipes.Preference(6) with { LearningRate = 3e-5, Epochs = 2 });
        var (script, readme) = await Export("--model", policy, "--pm", judge, "--gamma", "0.9");
        Assert.Contains("--kl_coef 0.33", script);
        Assert.Contains("--gamma 0.9 ", script);
        Assert.Contains("--learning_rate 5E-05", script);
        Assert.Contains("--seed 6", script);
        Assert.Contains("- PPO: those of the run of `cai ppo` that made `models/policy`, except `--gamma`.", readme);
        Assert.Contains("`models/reward` is trained already, with those of the run of `cai train-pm` that made `models/reward`: learning rate 3E-05, ", readme);
        Assert.Contains("epochs: 2.", readme);

        // A model of another stage has no settings of PPO, and of a model without a record nothing is said.
        Record(policy, "finetune", new { Rounds = 4, Training = Recipes.Supervised(6) });
        File.Delete(Path.Combine(judge, "run.json"));
        (script, readme) = await Export("--model", policy, "--pm", judge);
        Assert.Contains($"--kl_coef {N(Recipes.Ppo(Scale.Quick, 1).KlCoefficient)}", script);
        Assert.Contains("- PPO: those of `cai ppo` without flags, since `models/policy` was made by `cai finetune`.", readme);
        Assert.Contains("`models/reward` is trained already.", readme);
    }

    [Fact]
    public async Task ABrokenRecordIsNamed()
    {
        var policy = TinyFolder.Make(work.Path("policy"));
        File.WriteAllText(Path.Combine(policy, "run.json"), "{\"command\": \"ppo\", \"settings\": {\"epochs\": \"many\"}}");
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var (code, _, error) = await Workspace.Cai(
            "export", "--to", "trl", "--model", policy, "--pm", policy, "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"));
        Assert.Equal(2, code);
        Assert.Contains("run.json", error);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task BadInputIsOneLine()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var (code, _, error) = await Workspace.Cai(
            "export", "--to", "trl", "--model", work.Path("none"), "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"));
        Assert.Equal(2, code);
        Assert.Single(error.Trim().Split('\n'));
        Assert.NotEqual(0, (await Workspace.Cai(
            "export", "--to", "verl", "--model", work.Path("none"), "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"))).Code);
    }

    private static string N(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static void Record(string folder, string command, object settings) =>
        File.WriteAllText(Path.Combine(folder, "run.json"), CaiJson.Write(new { command, settings, inputs = new { } }));

    /// <summary>Exports for TRL; gives run.sh and README.md.</summary>
    private async Task<(string Script, string Readme)> Export(params string[] args)
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        Jsonl.Write(work.Path("c.jsonl"), [new Comparison("c", "p", Dialogue.Ask("Hello."), "Hi.", "Go away.", "harmless", LabelKind.Soft, 0.9)]);
        var (code, _, error) = await Workspace.Cai(
            ["export", "--to", "trl", "--comparisons", work.Path("c.jsonl"), "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"), .. args]);
        Assert.True(code == 0, error);
        return (File.ReadAllText(work.Path("x/run.sh")), File.ReadAllText(work.Path("x/README.md")));
    }
}
