using Cai.Reinforcement;
using Cai.Torch;

namespace Cai.Export;

/// <summary>What starts OpenRLHF's trainers.</summary>
internal static class OpenRlhfScript
{
    /// <summary>The version whose options the script has (`openrlhf.cli.train_rm`, `openrlhf.cli.train_ppo_ray`).</summary>
    public const string Version = "0.11";

    public static string Launch(ExportPlan plan)
    {
        var (pm, ppo, summary) = (plan.Options.Preference, plan.Options.Ppo, plan.Summary);
        var chat = plan.Options.ChatTemplate ? " --data.apply_chat_template" : "";
        var steps = Math.Max(1, (long)Math.Ceiling(summary.Rows * (double)pm.Epochs / summary.PairsPerStep));
        var reward = plan.HasReward ? "" : $"""
            # Preference model. A step has about as many tokens as a step here: {summary.PairsPerStep} pairs, rounded up to whole devices.
            deepspeed --num_gpus "$GPUS" --module openrlhf.cli.train_rm \
              --model.model_name_or_path {plan.RewardStart} --ckpt.output_dir models/reward --model.loss_type sigmoid \
              --data.dataset data/preferences/train.jsonl --data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected{chat} \
              {(summary.HeldOutRows > 0 ? "--eval.dataset data/preferences/test.jsonl " : "")}--data.max_len {pm.MaxLength} \
              --train.max_epochs {pm.Epochs} --train.batch_size $(( ({summary.PairsPerStep} + GPUS - 1) / GPUS * GPUS )) --train.micro_batch_size 1 \
              {Optimiser("", pm.LearningRate, pm.Schedule, Math.Round(Math.Min(1, pm.WarmupSteps / (double)steps), 4), pm.AdamW)} \
              --ds.zero_stage 2 --ds.param_dtype bf16 --train.seed {ExportPlan.Seed(pm.Seed)}


            """;
        var adaptive = ppo.AdaptiveKl ? $" --algo.kl.target {N(ppo.KlTarget)} --algo.kl.horizon {Math.Max(1, (long)Math.Round(ppo.KlHorizon))}" : "";
        // Prompts are gone through as a whole: as many times as give at least our number of answers.
        var passes = Math.Max(1, (plan.Episodes + summary.Prompts - 1) / summary.Prompts);
        return $"""
            #!/usr/bin/env bash
            # Trains {(plan.HasReward ? "" : "the preference model and ")}RL-CAI with OpenRLHF {Version}. README.md says how this differs from Cai.Notebooks.
            #   GPUS  devices; all models share them
            set -euo pipefail
            cd "$(dirname "$0")"
            GPUS=${"{"}GPUS:-8{"}"}
            {ExportPlan.VersionCheck("openrlhf", Version)}

            {reward}# PPO: {ppo.Iterations} iterations of {ppo.RolloutsPerIteration} answers, rounded up to whole devices and to whole passes over the prompts.
            ROLLOUTS=$(( ({ppo.RolloutsPerIteration} + GPUS - 1) / GPUS * GPUS ))
            python3 -m openrlhf.cli.train_ppo_ray \
              --ref.num_nodes 1 --ref.num_gpus_per_node "$GPUS" --reward.num_nodes 1 --reward.num_gpus_per_node "$GPUS" \
              --critic.num_nodes 1 --critic.num_gpus_per_node "$GPUS" --actor.num_nodes 1 --actor.num_gpus_per_node "$GPUS" \
              --vllm.num_engines "$GPUS" --vllm.tensor_parallel_size 1 --train.colocate_all \
              --vllm.gpu_memory_utilization 0.5 --vllm.enable_sleep --ds.enable_sleep \
              --actor.model_name_or_path models/policy --reward.model_name_or_path models/reward --critic.model_name_or_path models/reward \
              --ckpt.output_dir models/rl-cai --ckpt.path checkpoints \
              --data.prompt_dataset data/prompts/train.jsonl --data.input_key prompt{chat} --train.num_episodes {passes} \
              --rollout.batch_size "$ROLLOUTS" --train.batch_size $(( (ROLLOUTS / {ppo.Minibatches} + GPUS - 1) / GPUS * GPUS )) \
              --rollout.micro_batch_size 1 --train.micro_batch_size 1 --rollout.n_samples_per_prompt 1 --train.max_epochs {ppo.Epochs} \
              --data.max_len {summary.LongestPrompt + ppo.MaxNewTokens} --rollout.max_new_tokens {ppo.MaxNewTokens} \
              --rollout.temperature {N(ppo.Temperature)} --rollout.top_p 1 \
              --algo.advantage.estimator gae --algo.advantage.gamma {N(ppo.Gamma)} --algo.advantage.lambd {N(ppo.Lambda)} \
              --actor.eps_clip {N(ppo.ClipRange)} --critic.value_clip {N(ppo.ValueClipRange)} \
              --algo.kl.init_coef {N(ppo.KlCoefficient)}{adaptive} --algo.kl.estimator k1 \
              --reward.clip_range -1000000 1000000{(Penalty(ppo) is { } value ? $" --reward.stop_properly_penalty_coef {N(value)}" : "")} \
              {Optimiser("actor.", ppo.LearningRate, ppo.Schedule, 0, ppo.AdamW)} \
              {Optimiser("critic.", ppo.CriticLearningRate, ppo.Schedule, 0, ppo.AdamW)} \
              {(ppo.EntropyBonus > 0 ? $"--actor.entropy_coef {N(ppo.EntropyBonus)} " : "")}--ds.zero_stage 2 --ds.param_dtype bf16 --train.seed {ExportPlan.Seed(ppo.Seed)}

            """.ReplaceLineEndings("\n");
    }

    /// <summary>
    /// What `--reward.stop_properly_penalty_coef` is to be: a negative number takes the place of a cut-off answer's score, and one from 0 to 1
    /// multiplies it. Null where neither is our rule.
    /// </summary>
    public static double? Penalty(PpoOptions ppo) => ppo is { MissingEos: MissingEos.Replace, MissingEosValue: <= 0 } ? ppo.MissingEosValue : null;

    private static string N(double value) => ExportPlan.Number(value);

    private static string Optimiser(string prefix, double rate, Schedule schedule, double warmup, AdamWOptions adam) =>
        $"--{prefix}optim adam --{prefix}adam.lr {N(rate)} --{prefix}adam.betas {N(adam.Beta1)} {N(adam.Beta2)} --{prefix}adam.eps {N(adam.Epsilon)} "
        + $"--{prefix}adam.weight_decay {N(adam.WeightDecay)} --{prefix}max_norm {N(adam.ClipNorm)} \\\n  "
        + schedule switch
        {
            Schedule.Constant => $"--{prefix}lr_scheduler constant_with_warmup",
            Schedule.Linear => $"--{prefix}lr_scheduler linear",
            _ => $"--{prefix}lr_scheduler cosine_with_min_lr --{prefix}min_lr_ratio 0.1",
        }
        + $" --{prefix}lr_warmup_ratio {N(warmup)}";
}
