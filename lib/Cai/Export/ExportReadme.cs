using System.Text;
using Cai.Reinforcement;

namespace Cai.Export;

/// <summary>The README of an export: what is in it, and what the other side does with it that is not what happens here.</summary>
internal static class ExportReadme
{
    public static string Text(ExportPlan plan)
    {
        var trl = plan.Options.Target == ExportTarget.Trl;
        var text = new StringBuilder($"""
            # Constitutional AI with {(trl ? "TRL" : "OpenRLHF")}

            Written by `cai export --to {(trl ? "trl" : "openrlhf")}`. {(trl
                ? $"It needs Python with `trl=={TrlScripts.Version}.*`, the last version with PPO, `accelerate` and `datasets`."
                : $"It needs Python with `openrlhf[vllm]=={OpenRlhfScript.Version}.*` and a Ray head (`ray start --head`).")} It was not run where this folder was written;
            its options were compared with those that this version declares.

            ```
            GPUS=8 ./run.sh
            ```

            | path | what |
            |---|---|

            """);
        foreach (var (path, what) in Contents(plan))
            text.Append($"| `{path}` | {what} |\n");
        text.Append("\n## Who does what\n\n");
        foreach (var line in Steps(plan))
            text.Append($"- {line}\n");
        text.Append("\n## Settings in `run.sh`\n\n");
        foreach (var line in Settings(plan))
            text.Append($"- {line}\n");
        text.Append("\n## Data\n\n");
        foreach (var line in Data(plan))
            text.Append($"- {line}\n");
        text.Append($"\n## What {(trl ? "TRL" : "OpenRLHF")} does differently\n\n| | Cai.Notebooks | {(trl ? "TRL" : "OpenRLHF")} |\n|---|---|---|\n");
        foreach (var (what, here, there) in trl ? Trl(plan.Options.Ppo) : OpenRlhf(plan.Options.Ppo))
            text.Append($"| {what} | {here} | {there} |\n");
        if (trl)
        {
            text.Append("\n## What RLOO (`rloo.sh`) does differently from PPO\n\n| | PPO here | RLOO |\n|---|---|---|\n");
            foreach (var (what, here, there) in Rloo(plan.Options.Ppo))
                text.Append($"| {what} | {here} | {there} |\n");
        }
        text.Append("\nRates for models of some million parameters are far too high for billions: ")
            .Append("there, begin near 1e-5 for the preference model and 1e-6 for the policy.\n");
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static IEnumerable<(string Path, string What)> Contents(ExportPlan plan)
    {
        var summary = plan.Summary;
        if (summary.Rows > 0)
            yield return ("data/preferences/train.jsonl", $"{summary.Rows} rows: id, prompt, chosen, rejected");
        if (summary.HeldOutRows > 0)
            yield return ("data/preferences/test.jsonl", $"{summary.HeldOutRows} rows to measure on");
        yield return ("data/prompts/train.jsonl", $"{summary.Prompts} rows: id, prompt");
        yield return ("models/policy", "the policy before RL, and the reference of KL");
        if (plan.HasReward)
            yield return ("models/reward", "the trained preference model; also the critic's start");
        else if (plan.HasRewardStart)
            yield return ("models/reward-start", "the language model that the preference model is trained from; its head is made new");
        if (plan.Options.Target == ExportTarget.Trl)
        {
            yield return ("ppo.py", "runs `PPOTrainer`");
            yield return ("rloo.sh", "runs everything with RLOO, which later versions of TRL have too, in place of PPO");
        }
        yield return ("run.sh", "runs everything with the settings of this kit");
    }

    private static IEnumerable<string> Steps(ExportPlan plan)
    {
        var trl = plan.Options.Target == ExportTarget.Trl;
        yield return $"Cai.Notebooks made the policy, the prompts and {(plan.HasReward ? "the preference model" : "the labels of the comparisons")}. "
            + "It takes no part in what follows.";
        if (!plan.HasReward)
            yield return $"{(trl ? "`trl.scripts.reward`" : "`openrlhf.cli.train_rm`")} trains the preference model on `data/preferences`, "
                + $"from `{plan.RewardStart}` into `models/reward`.";
        yield return trl
            ? "`ppo.py` runs PPO: it has the policy answer `data/prompts`, scores the answers by `models/reward`, keeps the policy near `models/policy` by KL, "
                + "and writes `models/rl-cai`. Policy, reference, preference model and critic lie on every device; "
                + "accelerate divides the prompts. `rloo.sh` has `trl.scripts.rloo` in its place."
            : "`openrlhf.cli.train_ppo_ray` runs PPO: vLLM answers `data/prompts`, `models/reward` scores the answers, DeepSpeed trains policy and critic "
                + "near `models/policy` by KL. Ray puts all of them on the same devices. The policy goes to `models/rl-cai`.";
        yield return "Back in Cai.Notebooks, `models/rl-cai` is a model folder like any other: "
            + "`cai chat --models models/policy,models/rl-cai` talks to both, `cai sample --model models/rl-cai` writes answers to measure.";
    }

    private static IEnumerable<string> Settings(ExportPlan plan)
    {
        const string given = "those that were given to the export";
        var (options, pm) = (plan.Options, plan.Options.Preference);
        yield return !plan.HasReward ? $"Preference model: {options.PreferenceFrom ?? given}."
            : "Preference model: none, since `models/reward` is trained already" + (options.PreferenceFrom is not { } from ? "."
                : $", with {from}: learning rate {N(pm.LearningRate)}, {pm.TokensPerBatch} tokens a step, epochs: {pm.Epochs}.");
        yield return $"PPO: {options.PpoFrom ?? given}.";
    }

    private static IEnumerable<string> Data(ExportPlan plan)
    {
        var (options, summary) = (plan.Options, plan.Summary);
        yield return options.LabelCopies == 1
            ? $"Labels are hard: the likelier answer is chosen. {summary.Ties} ties were left out."
            : $"Soft labels are kept to 1/{options.LabelCopies}: each comparison has {options.LabelCopies} rows, "
                + "as many of them in favour of an answer as its probability says. The mean loss of the rows is then the cross-entropy with the rounded label.";
        if (summary.Unlabelled > 0)
            yield return $"{summary.Unlabelled} comparisons without a label were left out.";
        if (options.Preference.AxisWeights.Count > 0)
            yield return "The weights of axes are not exported: neither library weighs rows.";
        if (options.ChatTemplate)
            yield return "Rows are messages; the model's chat template lays them out. "
                + "Control tokens spelt in a message are then read as control tokens, which this kit prevents: look through prompts from strangers first.";
        else
        {
            yield return options.Target == ExportTarget.Trl
                ? "Rows are texts in the layout `\\n\\nHuman: …\\n\\nAssistant: …`; TRL adds begin and end token."
                : "Rows are texts in the layout `\\n\\nHuman: …\\n\\nAssistant: …`, with begin token (if the model has one) and end token spelt out: "
                    + "OpenRLHF adds no begin token, and puts a blank before an end token that is missing.";
            yield return summary.Retokenised == 0
                ? "Prompt and answer, encoded as one text, give the tokens of this kit in every row."
                : $"In {summary.Retokenised} comparisons prompt and answer, encoded as one text, give other tokens than here, "
                    + "where they are encoded one after the other.";
        }
    }

    private static IEnumerable<(string, string, string)> Trl(PpoOptions ppo)
    {
        yield return ("preference loss", "cross-entropy with the soft label", "-log sigmoid(chosen - rejected)");
        yield return ("step of the preference model", "a number of tokens", "a number of pairs with as many tokens on average");
        yield return ("optimiser of PPO", $"one for the policy ({N(ppo.LearningRate)}), one for the critic ({N(ppo.CriticLearningRate)})",
            $"one for both, rate {N(ppo.LearningRate)}; the critic's has no option");
        yield return ("KL weight", ppo.AdaptiveKl ? $"steered to {N(ppo.KlTarget)} nats, from {N(ppo.KlCoefficient)}" : $"{N(ppo.KlCoefficient)}, fixed",
            $"{N(ppo.KlCoefficient)}, fixed");
        if (ppo.KlEstimator != KlEstimator.K1)
            yield return ("logged KL", $"{ppo.KlEstimator}".ToLowerInvariant(), "k1, as in the reward");
        yield return ("answer without end token", Missing(ppo),
            TrlScripts.Penalty(ppo) is { } penalty ? $"{N(penalty)} is taken off its score" : "its score is kept");
        yield return ("where the score sits", Position(ppo), "one token after the last");
        if (ppo.ScaleScores)
            yield return ("unit of scores", "their standard deviation in the first iteration, so the KL weight is in it too", "the preference model's own");
        foreach (var row in Here(ppo))
            yield return row;
        yield return ("variances", ppo.Bessel ? "by n - 1" : "by n", "by n - 1");
        if (ppo.EntropyBonus > 0)
            yield return ("entropy bonus", N(ppo.EntropyBonus), "none");
        yield return ("repetition", "same seed, same bytes on the same machine", "not promised");
    }

    private static IEnumerable<(string, string, string)> OpenRlhf(PpoOptions ppo)
    {
        yield return ("preference loss", "cross-entropy with the soft label", "-log sigmoid(chosen - rejected)");
        yield return ("step of the preference model", "a number of tokens", "a number of pairs with as many tokens on average");
        yield return ("weight of the value loss", N(ppo.ValueCoefficient), "1, with an optimiser of its own");
        yield return ("sampling", "the policy itself, in f32", "vLLM, whose probabilities differ in the last digits from the trainer's");
        yield return ("answer without end token", Missing(ppo),
            OpenRlhfScript.Penalty(ppo) is { } value ? $"its score is {N(value)}, if the greatest length ended it" : "its score is kept: no option does this");
        yield return ("where the score sits", Position(ppo), "the end token, or the last one");
        yield return ("score", ppo.ScaleScores
            ? "in its standard deviations in the first iteration, so the KL weight is too, and what replaces a score" : "as the preference model gave it",
            "as the preference model gave it, cut to ± 1,000,000");
        if (ppo.KlEstimator != KlEstimator.K1)
            yield return ("logged KL", $"{ppo.KlEstimator}".ToLowerInvariant(), "k1, as in the reward");
        if (ppo.AdaptiveKl && ppo.KlErrorClip != 0.2)
            yield return ("steering of the KL weight", $"its relative error is cut to ± {N(ppo.KlErrorClip)}", "to ± 0.2");
        foreach (var row in Here(ppo))
            yield return row;
        yield return ("advantages", ppo.WhitenAdvantages ? "mean 0, variance 1" : "as they are", "mean 0, variance 1");
        yield return ("length of the run", $"{ppo.Iterations} iterations", "whole passes over the prompts, at least as many answers");
        if (ppo.WhitenRewards)
            yield return ("rewards", "variance 1", "as they are");
        yield return ("repetition", "same seed, same bytes on the same machine", "not promised");
    }

    private static IEnumerable<(string, string, string)> Rloo(PpoOptions ppo)
    {
        yield return ("baseline", "a critic, and GAE",
            "the score of the other answer to the same prompt; no critic, so its settings, gamma and lambda have no option");
        yield return ("answers to a prompt", "one", "two, so half as many prompts an iteration");
        yield return ("clipped ratio", "of each token", "of each answer");
        yield return ("what the preference model reads", "prompt, answer and end token", "prompt and answer");
        yield return ("answer without end token", Missing(ppo), "its score is kept");
        if (ppo.AdaptiveKl)
            yield return ("KL weight", $"steered to {N(ppo.KlTarget)} nats, from {N(ppo.KlCoefficient)}", $"{N(ppo.KlCoefficient)}, fixed");
        if (ppo.EntropyBonus > 0)
            yield return ("entropy bonus", N(ppo.EntropyBonus), "none");
        if (ppo.WhitenRewards)
            yield return ("rewards", "variance 1", "as they are");
    }

    /// <summary>What neither library has in its flags.</summary>
    private static IEnumerable<(string, string, string)> Here(PpoOptions ppo)
    {
        if (ppo.Stops is { Count: > 0 })
            yield return ("end of an answer", "the end token or one of some strings", "the end token");
        if (ppo.Tuning?.Lora is { } lora)
            yield return ("what is trained",
                $"an adapter of rank {lora.Rank}", "all weights: its own adapters would have to be merged before the next step");
    }

    private static string Missing(PpoOptions ppo) => ppo.MissingEos switch
    {
        MissingEos.Replace => $"its score is {N(ppo.MissingEosValue)}",
        MissingEos.Subtract => $"{N(Math.Abs(ppo.MissingEosValue))} is taken off its score",
        _ => "its score is kept",
    };

    private static string Position(PpoOptions ppo) => ppo.ScorePosition switch
    {
        ScorePosition.Eos => "the end token, or the last one",
        ScorePosition.Last => "the last token",
        _ => "one token after the last",
    };

    private static string N(double value) => ExportPlan.Number(value);
}
