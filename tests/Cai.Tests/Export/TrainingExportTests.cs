using System.Diagnostics;
using System.Text.Json.Nodes;
using Cai.Export;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Export;

public sealed class TrainingExportTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Model(string name, string? chatTemplate = null)
    {
        var tokenizer = BpeTrainer.Train(["a b"], new()).Save(folder.Path("tokenizer"));
        using var decoder = Tiny.Model(config: Tiny.Config with { VocabularySize = tokenizer.VocabularySize });
        HuggingFaceFolder.Save(folder.Path(name), decoder, tokenizer, folder.Path("tokenizer"));
        if (chatTemplate is not null)
            folder.File(name + "/chat_template.jinja", chatTemplate);
        folder.File(name + "/run.json", "{}");
        folder.File(name + "/training.checkpoint", "x");
        return folder.Path(name);
    }

    private static Comparison Pair(int i, double? label) =>
        new($"c{i}", $"p{i}", Dialogue.Ask($"Question {i}?"), $"first {i}", $"second {i}", "harmless", LabelKind.Soft, label);

    private ExportInput Input() => new(
        Model("policy"), [new Prompt("p0", Dialogue.Ask("One?")), new Prompt("p1", Dialogue.Ask("Two, longer?"))],
        [Pair(0, 0.9), Pair(1, 0.2), Pair(2, null), Pair(3, 0.5)])
    {
        HeldOut = [Pair(4, 1)],
    };

    private JsonObject[] Rows(params string[] path) => [.. File.ReadAllLines(folder.Path(["out", .. path])).Select(line => JsonNode.Parse(line)!.AsObject())];

    private string[] Names(params string[] path) =>
        [.. Directory.GetFiles(folder.Path(["out", .. path])).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData(ExportTarget.Trl)]
    [InlineData(ExportTarget.OpenRlhf)]
    public void EveryFileHasItsRows(ExportTarget target)
    {
        var summary = TrainingExport.Write(folder.Path("out"), Input(), new() { Target = target });
        // "\n\nHuman: Two, longer?\n\nAssistant:" is 33 bytes; the tokenizer knows no pair of them.
        Assert.Equal(new ExportSummary(2, 1, 1, 1, 2, summary.PairsPerStep, 33, 0), summary);
        Assert.Equal(["c0", "c1"], Rows("data", "preferences", "train.jsonl").Select(r => (string?)r["id"]));
        Assert.Equal(["c4"], Rows("data", "preferences", "test.jsonl").Select(r => (string?)r["id"]));
        Assert.Equal(["p0", "p1"], Rows("data", "prompts", "train.jsonl").Select(r => (string?)r["id"]));
        Assert.All(Rows("data", "preferences", "train.jsonl"), r => Assert.Equal(["id", "prompt", "chosen", "rejected"], r.Select(p => p.Key)));
        Assert.All(Rows("data", "prompts", "train.jsonl"), r => Assert.Equal(["id", "prompt"], r.Select(p => p.Key)));
        Assert.Equal(target == ExportTarget.Trl ? ["README.md", "ppo.py", "rloo.sh", "run.sh"] : ["README.md", "run.sh"], Names());
        Assert.All(new[] { "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json" },
            name => Assert.Contains(name, Names("models", "policy")));
        Assert.DoesNotContain("run.json", Names("models", "policy"));
        Assert.DoesNotContain("training.checkpoint", Names("models", "policy"));
        using var back = HuggingFaceFolder.Load(folder.Path("out", "models", "policy"));
    }

    [Fact]
    public void ARowGivesTheTokensThatAreTrainedOnHere()
    {
        var input = Input();
        TrainingExport.Write(folder.Path("out"), input, new() { Target = ExportTarget.OpenRlhf });
        var tokenizer = TokenizerJson.Load(input.Policy);
        var row = Rows("data", "preferences", "train.jsonl")[1];
        // As OpenRLHF's RewardDataset reads it: one text, no tokens added, control tokens parsed.
        var ids = tokenizer.Encode((string)row["prompt"]! + (string)row["chosen"]!, parseSpecial: true);
        Assert.Equal(TokenPair.Ids(tokenizer, HhFormat.Instance, Dialogue.Ask("Question 1?"), "second 1"), ids);
    }

    [Fact]
    public void AStepHasThePairsThatMakeUpOurTokens()
    {
        // Bytes are tokens. Prompt 32, answers " first i" 8 and " second i" 9, end tokens: 41 and 42, 83 a pair.
        var summary = TrainingExport.Write(folder.Path("out"), Input(), new() { Preference = new() { TokensPerBatch = 830 } });
        Assert.Equal(10, summary.PairsPerStep);
        Assert.Contains("(10 + GPUS * PER_DEVICE - 1)", File.ReadAllText(folder.Path("out", "run.sh")));
    }

    [Theory]
    [InlineData(ExportTarget.Trl, "--kl_coef 0.07", "--learning_rate 2E-06", "--total_episodes 600", "--response_length 99", "--num_ppo_epochs 3",
        "--warmup_steps 7", "--lam 0.9", "--cliprange 0.3", "--max_length 333", "--adam_beta2 0.98", "--seed 11")]
    [InlineData(ExportTarget.OpenRlhf, "--algo.kl.init_coef 0.07 --algo.kl.target 5 --algo.kl.horizon 10000", "--actor.adam.lr 2E-06",
        "--train.num_episodes 300", "--rollout.max_new_tokens 99", "--train.max_epochs 3", "--data.max_len 132", "--algo.advantage.lambd 0.9",
        "--actor.eps_clip 0.3", "--data.max_len 333", " --adam.betas 0.9 0.98", "--train.seed 11")]
    public void TheScriptPassesOurSettingsOn(ExportTarget target, params string[] flags)
    {
        TrainingExport.Write(folder.Path("out"), Input(), new()
        {
            Target = target,
            Preference = new() { WarmupSteps = 7, MaxLength = 333, AdamW = new() { Beta2 = 0.98 }, Seed = 11 },
            Ppo = new()
            {
                Iterations = 10, RolloutsPerIteration = 60, MaxNewTokens = 99, Epochs = 3, KlCoefficient = 0.07, AdaptiveKl = true, KlTarget = 5,
                LearningRate = 2e-6, Lambda = 0.9, ClipRange = 0.3,
            },
        });
        var script = File.ReadAllText(folder.Path("out", "run.sh"));
        Assert.All(flags, flag => Assert.Contains(flag, script));
        Assert.Contains("models/policy", script);
        Assert.Contains("data/preferences", script);
    }

    [Theory]
    [InlineData(ExportTarget.Trl, false)]
    [InlineData(ExportTarget.Trl, true)]
    [InlineData(ExportTarget.OpenRlhf, false)]
    [InlineData(ExportTarget.OpenRlhf, true)]
    public void TheScriptIsOneThatAShellReads(ExportTarget target, bool trained)
    {
        var input = Input();
        var whole = trained ? input with { PreferenceModel = Model("pm") } : input with { PreferenceStart = Model("start") };
        TrainingExport.Write(folder.Path("out"), whole, new() { Target = target });
        Assert.Equal(target == ExportTarget.Trl, File.Exists(folder.Path("out", "rloo.sh")));
        foreach (var file in Names().Where(name => name.EndsWith(".sh", StringComparison.Ordinal)))
        {
            var script = File.ReadAllText(folder.Path("out", file));
            Assert.DoesNotContain("\r", script);
            Assert.DoesNotContain("{", script.Replace("${GPUS:-8}", "").Replace("${PER_DEVICE:-1}", ""));
            Assert.Equal(!trained, script.Contains("models/reward-start"));
            if (!OperatingSystem.IsWindows())
                Assert.True(File.GetUnixFileMode(folder.Path("out", file)).HasFlag(UnixFileMode.UserExecute));
        }
        Assert.Equal(trained, File.Exists(folder.Path("out", "models", "reward", "config.json")));
        Assert.SkipUnless(File.Exists("/bin/bash"), "There is no bash.");
        foreach (var file in Names().Where(name => name.EndsWith(".sh", StringComparison.Ordinal)))
        {
            using var bash = Process.Start("/bin/bash", ["-n", folder.Path("out", file)]);
            bash.WaitForExit();
            Assert.Equal(0, bash.ExitCode);
        }
    }

    [Fact]
    public void MessagesKeepToTheModelsTemplate()
    {
        var input = Input() with { Policy = Model("chat", "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}") };
        var summary = TrainingExport.Write(folder.Path("out"), input, new() { Target = ExportTarget.OpenRlhf, ChatTemplate = true });
        Assert.Null(summary.Retokenised);
        Assert.Equal("user", (string?)Rows("data", "prompts", "train.jsonl")[0]["prompt"]![0]!["role"]);
        Assert.Contains("--data.apply_chat_template", File.ReadAllText(folder.Path("out", "run.sh")));
        Assert.Contains("chat_template.jinja", Names("models", "policy"));
    }

    [Fact]
    public void TheReadmeSaysWhatTheOtherSideDoes()
    {
        TrainingExport.Write(folder.Path("out"), Input(), new() { LabelCopies = 10, Ppo = new() { AdaptiveKl = true, KlTarget = 5 } });
        var text = File.ReadAllText(folder.Path("out", "README.md"));
        Assert.Contains("| `data/preferences/train.jsonl` | 30 rows", text);
        Assert.Contains("Soft labels are kept to 1/10", text);
        Assert.Contains("1 comparisons without a label were left out", text);
        Assert.Contains("| KL weight | steered to 5 nats, from 0.05 | 0.05, fixed |", text);
        Assert.Contains("give the tokens of this kit in every row", text);
    }

    [Theory]
    [InlineData(ExportTarget.Trl, false, "`trl.scripts.reward` trains the preference model on `data/preferences`, from `models/policy` into `models/reward`",
        "`ppo.py` runs PPO")]
    [InlineData(ExportTarget.OpenRlhf, false, "`openrlhf.cli.train_rm` trains the preference model", "`openrlhf.cli.train_ppo_ray` runs PPO")]
    [InlineData(ExportTarget.OpenRlhf, true, "made the policy, the prompts and the preference model", "The policy goes to `models/rl-cai`")]
    public void TheReadmeSaysWhoDoesWhat(ExportTarget target, bool trained, params string[] says)
    {
        var input = Input();
        TrainingExport.Write(folder.Path("out"), trained ? input with { PreferenceModel = Model("pm") } : input, new() { Target = target });
        var text = File.ReadAllText(folder.Path("out", "README.md"));
        Assert.All(says, sentence => Assert.Contains(sentence, text));
        Assert.Equal(!trained, text.Contains("train_rm") || text.Contains("trl.scripts.reward"));
    }

    [Fact]
    public void TheReadmeSaysWhoseSettingsTheScriptHas()
    {
        TrainingExport.Write(folder.Path("out"), Input(), new() { PpoFrom = "those of a run" });
        var text = File.ReadAllText(folder.Path("out", "README.md"));
        Assert.Contains("- Preference model: those that were given to the export.", text);
        Assert.Contains("- PPO: those of a run.", text);
    }

    [Theory]
    [InlineData(ExportTarget.Trl)]
    [InlineData(ExportTarget.OpenRlhf)]
    public void TheReadmeSaysWhichSettingsTheOtherSideLacks(ExportTarget target)
    {
        string Text(PpoOptions ppo)
        {
            TrainingExport.Write(folder.Path("out"), Input(), new() { Target = target, Ppo = ppo });
            return File.ReadAllText(folder.Path("out", "README.md"));
        }
        string[] says = ["in the first iteration, so the KL weight is", "| end of an answer |", "| what is trained | an adapter of rank 4 | all weights"];
        Assert.All(says, sentence => Assert.DoesNotContain(sentence, Text(new())));
        var all = Text(new() { ScaleScores = true, Stops = ["\n"], Tuning = new() { Lora = new() { Rank = 4 } } });
        Assert.All(says, sentence => Assert.Contains(sentence, all));
    }

    [Fact]
    public void WhatIsMissingIsNamed()
    {
        var input = Input();
        Assert.Contains("no prompt", Assert.Throws<CaiException>(() => TrainingExport.Write(folder.Path("out"), input with { Prompts = [] }, new())).Problem);
        Assert.Contains("no labelled comparison",
            Assert.Throws<CaiException>(() => TrainingExport.Write(folder.Path("out"), input with { Comparisons = [Pair(0, null)] }, new())).Problem);
        Assert.Equal(folder.Path("nowhere"),
            Assert.Throws<CaiException>(() => TrainingExport.Write(folder.Path("out"), input with { PreferenceModel = folder.Path("nowhere") }, new())).Where);
        File.Delete(folder.Path("policy", "model.safetensors"));
        Assert.Equal(input.Policy, Assert.Throws<CaiException>(() => TrainingExport.Write(folder.Path("out"), input, new())).Where);
    }
}
