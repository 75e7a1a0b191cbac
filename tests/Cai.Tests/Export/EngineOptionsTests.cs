using System.Diagnostics;
using System.Globalization;
using Cai.Export;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Text.Tokenizers;
using Cai.Torch;
using Xunit;

namespace Cai.Tests.Export;

/// <summary>
/// The scripts against the options that the engines' named versions declare (the lists in `options`), as a shell passes them: programs of
/// the engines' names write their arguments down.
/// </summary>
public sealed class EngineOptionsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Each option of every setting; no value is its default.</summary>
    private static readonly PpoOptions Ppo = new()
    {
        Iterations = 10, RolloutsPerIteration = 60, MaxNewTokens = 99, Temperature = 0.7, Gamma = 0.99, Lambda = 0.9, ClipRange = 0.3, ValueClipRange = 0.4,
        ValueCoefficient = 0.2, EntropyBonus = 0.01, KlCoefficient = 0.07, AdaptiveKl = true, KlTarget = 5, KlHorizon = 2e16, Epochs = 3, Minibatches = 2,
        LearningRate = 2e-6, CriticLearningRate = 3e-6, Schedule = Schedule.Cosine, MissingEosValue = -1e-5, Seed = -1,
        AdamW = new() { Beta1 = 0.8, Beta2 = 0.97, Epsilon = 1e-6, WeightDecay = 0.01, ClipNorm = 0.5 },
    };

    private static readonly PreferenceOptions Preference = new()
    {
        Epochs = 2, LearningRate = 4e-5, Schedule = Schedule.Constant, WarmupSteps = 7, MaxLength = 333, TokensPerBatch = 830, Seed = 11,
        AdamW = new() { Beta1 = 0.7, Beta2 = 0.96, Epsilon = 1e-7, WeightDecay = 0.02, ClipNorm = 0.4 },
    };

    [Fact]
    public void OpenRlhfHasEveryOptionAndTheRunsValues()
    {
        var commands = Run("run.sh", new() { Target = ExportTarget.OpenRlhf, Preference = Preference, Ppo = Ppo });
        var pm = Options(commands, "openrlhf.cli.train_rm", "openrlhf-0.11-train_rm.txt");
        Equal(pm, ("--train.max_epochs", "2"), ("--adam.lr", "4E-05"), ("--adam.betas", "0.7 0.96"), ("--adam.eps", "1E-07"), ("--adam.weight_decay", "0.02"),
            ("--max_norm", "0.4"), ("--lr_scheduler", "constant_with_warmup"), ("--data.max_len", "333"), ("--train.seed", "11"), ("--train.batch_size", "16"),
            ("--model.model_name_or_path", "models/policy"), ("--ckpt.output_dir", "models/reward"), ("--lr_warmup_ratio", "1"),
            ("--eval.dataset", "data/preferences/test.jsonl"));
        var ppo = Options(commands, "openrlhf.cli.train_ppo_ray", "openrlhf-0.11-train_ppo_ray.txt");
        Equal(ppo, ("--actor.adam.lr", "2E-06"), ("--critic.adam.lr", "3E-06"), ("--actor.adam.betas", "0.8 0.97"), ("--critic.adam.eps", "1E-06"),
            ("--critic.max_norm", "0.5"), ("--actor.lr_scheduler", "cosine_with_min_lr"), ("--actor.min_lr_ratio", "0.1"), ("--actor.entropy_coef", "0.01"),
            ("--actor.eps_clip", "0.3"), ("--critic.value_clip", "0.4"), ("--algo.advantage.gamma", "0.99"), ("--algo.advantage.lambd", "0.9"),
            ("--algo.kl.init_coef", "0.07"), ("--algo.kl.target", "5"), ("--algo.kl.horizon", "20000000000000000"), ("--algo.kl.estimator", "k1"),
            ("--rollout.temperature", "0.7"), ("--rollout.max_new_tokens", "99"), ("--rollout.batch_size", "64"), ("--train.batch_size", "32"),
            ("--train.max_epochs", "3"), ("--train.seed", "4294967295"), ("--reward.stop_properly_penalty_coef", "-0.00001"),
            ("--reward.clip_range", "-1000000 1000000"), ("--train.num_episodes", "600"));
    }

    [Fact]
    public void TrlsPpoHasEveryOptionAndTheRunsValues()
    {
        var commands = Run("run.sh", new() { Preference = Preference, Ppo = Ppo });
        var pm = Options(commands, "trl.scripts.reward", "trl-1.10-reward.txt");
        Equal(pm, ("--num_train_epochs", "2"), ("--learning_rate", "4E-05"), ("--adam_beta1", "0.7"), ("--adam_beta2", "0.96"), ("--adam_epsilon", "1E-07"),
            ("--weight_decay", "0.02"), ("--max_grad_norm", "0.4"), ("--lr_scheduler_type", "constant_with_warmup"), ("--warmup_steps", "7"),
            ("--max_length", "333"), ("--seed", "11"), ("--gradient_accumulation_steps", "2"), ("--eval_strategy", "epoch"));
        var ppo = Options(commands, "ppo.py", "trl-1.10-ppo.txt");
        Equal(ppo, ("--learning_rate", "2E-06"), ("--total_episodes", "600"), ("--num_ppo_epochs", "3"), ("--num_mini_batches", "2"), ("--kl_coef", "0.07"),
            ("--kl_estimator", "k1"), ("--gamma", "0.99"), ("--lam", "0.9"), ("--cliprange", "0.3"), ("--cliprange_value", "0.4"), ("--vf_coef", "0.2"),
            ("--response_length", "99"), ("--temperature", "0.7"), ("--missing_eos_penalty", "1E-05"), ("--seed", "4294967295"),
            ("--lr_scheduler_kwargs", """{"min_lr_rate": 0.1}"""), ("--adam_epsilon", "1E-06"), ("--gradient_accumulation_steps", "8"));
    }

    [Fact]
    public void TrlsRlooHasEveryOptionAndTheRunsValues()
    {
        var commands = Run("rloo.sh", new() { Preference = Preference, Ppo = Ppo });
        Options(commands, "trl.scripts.reward", "trl-1.10-reward.txt");
        // 60 answers in two minibatches on eight devices: four a device and minibatch, 64 in all. Ten iterations of 3 x 2 updates.
        Equal(Options(commands, "trl.scripts.rloo", "trl-1.10-rloo.txt"), ("--max_steps", "60"), ("--num_iterations", "3"), ("--steps_per_generation", "8"),
            ("--gradient_accumulation_steps", "4"), ("--num_generations", "2"), ("--beta", "0.07"), ("--epsilon", "0.3"), ("--temperature", "0.7"),
            ("--max_completion_length", "99"), ("--normalize_advantages", "true"), ("--learning_rate", "2E-06"), ("--weight_decay", "0.01"),
            ("--reward_model_name_or_path", "models/reward"), ("--seed", "4294967295"));
    }

    [Theory]
    [InlineData(MissingEos.Replace, -1, "-1", "1")]
    [InlineData(MissingEos.Replace, 0, "0", null)]
    [InlineData(MissingEos.Replace, 2, null, "2")]
    [InlineData(MissingEos.Subtract, 1, null, "1")]
    [InlineData(MissingEos.None, -1, null, null)]
    public void TheRuleForCutAnswersIsPassedOnWhereThereIsOne(MissingEos rule, double value, string? openRlhf, string? trl)
    {
        var ppo = new PpoOptions { MissingEos = rule, MissingEosValue = value };
        Assert.Equal(openRlhf, Options(Run("run.sh", new() { Target = ExportTarget.OpenRlhf, Ppo = ppo }), "openrlhf.cli.train_ppo_ray",
            "openrlhf-0.11-train_ppo_ray.txt").GetValueOrDefault("--reward.stop_properly_penalty_coef"));
        Assert.Equal(trl, Options(Run("run.sh", new() { Ppo = ppo }), "ppo.py", "trl-1.10-ppo.txt").GetValueOrDefault("--missing_eos_penalty"));
    }

    [Theory]
    [InlineData(ExportTarget.Trl, "trl==1.10.*", "no critic, so its settings, gamma and lambda have no option", "| entropy bonus | 0.01 | none |")]
    [InlineData(ExportTarget.OpenRlhf, "openrlhf[vllm]==0.11.*", "| weight of the value loss | 0.2 | 1, with an optimiser of its own |")]
    public void TheReadmeNamesTheVersionAndWhatHasNoOption(ExportTarget target, params string[] says)
    {
        Write(new() { Target = target, Ppo = Ppo });
        var text = File.ReadAllText(folder.Path("out", "README.md"));
        Assert.All(says, sentence => Assert.Contains(sentence, text));
    }

    [Theory]
    [InlineData("run.sh", "1.10.2", false)]
    [InlineData("rloo.sh", "2.0.0", true)]
    public void AnotherVersionIsWarnedOf(string script, string version, bool warned)
    {
        Run(script, new(), version, out var error);
        Assert.Equal(warned, error.Contains($"{version} is installed"));
    }

    private void Write(ExportOptions options)
    {
        if (!Directory.Exists(folder.Path("policy")))
        {
            var tokenizer = BpeTrainer.Train(["a b"], new()).Save(folder.Path("tokenizer"));
            using var decoder = Tiny.Model(config: Tiny.Config with { VocabularySize = tokenizer.VocabularySize });
            HuggingFaceFolder.Save(folder.Path("policy"), decoder, tokenizer, folder.Path("tokenizer"));
        }
        Comparison Pair(int i, double label) =>
            new($"c{i}", $"p{i}", Dialogue.Ask($"Question {i}?"), $"first {i}", $"second {i}", "harmless", LabelKind.Soft, label);
        TrainingExport.Write(folder.Path("out"), new(folder.Path("policy"), [new Prompt("p0", Dialogue.Ask("One?"))], [Pair(0, 0.9), Pair(1, 0.2)])
        {
            HeldOut = [Pair(2, 1)],
        }, options);
    }

    private string[][] Run(string script, ExportOptions options) => Run(script, options, options.Target == ExportTarget.Trl ? "1.10.0" : "0.11.4", out _);

    /// <summary>Runs a script of an export with programs of the engines' names; gives what each was called with, the version's question aside.</summary>
    private string[][] Run(string script, ExportOptions options, string version, out string error)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "There is no bash.");
        Write(options);
        Directory.CreateDirectory(folder.Path("bin"));
        foreach (var name in new[] { "accelerate", "deepspeed", "python3" })
        {
            var program = folder.File($"bin/{name}", $"""
                #!/bin/bash
                if [ "$1" = -c ]; then echo {version}; exit; fi
                printf '%s\n' "$@" . >> "$CALLS"
                """.ReplaceLineEndings("\n"));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        var calls = folder.Path($"calls-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo("/bin/bash", [folder.Path("out", script)]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{folder.Path("bin")}:/usr/bin:/bin";
        start.Environment["CALLS"] = calls;
        using var bash = Process.Start(start)!;
        error = bash.StandardError.ReadToEnd();
        bash.WaitForExit();
        Assert.True(bash.ExitCode == 0, error);
        return [.. File.ReadAllText(calls).Split("\n.\n", StringSplitOptions.RemoveEmptyEntries).Select(call => call.Split('\n'))];
    }

    /// <summary>A program's options and their values, of which the list must know each.</summary>
    private static Dictionary<string, string> Options(string[][] commands, string program, string list)
    {
        var call = Assert.Single(commands, command => command.Contains(program));
        var known = File.ReadAllLines(Path.Combine(SourceFiles.Root, "tests/Cai.Tests/Export/options", list)).Where(line => line.StartsWith("--")).ToHashSet();
        var options = new Dictionary<string, List<string>>();
        foreach (var word in call[(Array.IndexOf(call, program) + 1)..])
            if (word.StartsWith("--", StringComparison.Ordinal))
                options.Add(word, []); // an option given twice fails here
            else
            {
                // argparse takes a word that begins with a minus for an option, unless it is a plain number.
                Assert.True(!word.StartsWith('-') || decimal.TryParse(word, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out _), word);
                options.Last().Value.Add(word);
            }
        Assert.Empty(options.Keys.Except(known));
        return options.ToDictionary(option => option.Key, option => string.Join(' ', option.Value));
    }

    private static void Equal(Dictionary<string, string> options, params (string Name, string Value)[] expected) =>
        Assert.All(expected, e => Assert.Equal((e.Name, e.Value), (e.Name, options.GetValueOrDefault(e.Name))));
}
