using Cai.Torch;

namespace Cai.Export;

/// <summary>What starts OpenRLHF's trainers.</summary>
internal static class OpenRlhfScript
{
    /// <summary>Flags as of OpenRLHF 0.8 (`openrlhf.cli.train_rm`, `openrlhf.cli.train_ppo_ray`).</summary>
    public static string Launch(ExportPlan plan)
    {
        var (pm, ppo, summary) = (plan.Options.Preference, plan.Options.Ppo, plan.Summary);
        var chat = plan.Options.ChatTemplate ? " --apply_chat_template" : "";
        var steps = Math.Max(1, (long)Math.Ceiling(summary.Rows * (double)pm.Epochs / summary.PairsPerStep));
        var reward = plan.HasReward ? "" : $"""
            # Preference model. A step has about as many tokens as a step here: {summary.PairsPerStep} pairs, rounded up to whole devices.
            deepspeed --num_gpus "$GPUS" --module openrlhf.cli.train_rm \
              --pretrain {plan.RewardStart} --save_path models/reward \
              --dataset data/preferences/train.jsonl --prompt_key prompt --chosen_key chosen --rejected_key rejected{chat} \
              {(summary.HeldOutRows > 0 ? "--eval_dataset data/preferences/test.jsonl " : "")}--max_epochs {pm.Epochs} --max_len {pm.MaxLength} \
              --train_batch_size $(( ({summary.PairsPerStep} + GPUS - 1) / GPUS * GPUS )) --micro_train_batch_size 1 \
              --learning_rate {N(pm.LearningRate)} --lr_scheduler {Schedule(pm.Schedule)} \
              --lr_warmup_ratio {N(Math.Round(Math.Min(1, pm.WarmupSteps / (double)steps), 4))} \
              {AdamW(pm.AdamW)} --loss sigmoid --zero_stage 2 $PRECISION --seed {pm.Seed}


            """;
        var adaptive = ppo.AdaptiveKl ? $" --kl_target {N(ppo.KlTarget)} --kl_horizon {N(ppo.KlHorizon)}" : "";
        // Prompts are gone through as a whole: as many times as give at least our number of answers.
        var passes = Math.Max(1, (plan.Episodes + summary.Prompts - 1) / summary.Prompts);
        return $"""
            #!/usr/bin/env bash
            # Trains {(plan.HasReward ? "" : "the preference model and ")}RL-CAI with OpenRLHF. README.md says how this differs from Cai.Notebooks.
            #   GPUS       devices; all models share them
            #   PRECISION  --bf16 up to OpenRLHF 0.8; later versions: --param_dtype bf16
            set -euo pipefail
            cd "$(dirname "$0")"
            GPUS=${"{"}GPUS:-8{"}"}
            PRECISION=${"{"}PRECISION:---bf16{"}"}

            {reward}# PPO: {ppo.Iterations} iterations of {ppo.RolloutsPerIteration} answers, rounded up to whole devices and to whole passes over the prompts.
            ROLLOUTS=$(( ({ppo.RolloutsPerIteration} + GPUS - 1) / GPUS * GPUS ))
            python3 -m openrlhf.cli.train_ppo_ray \
              --ref_num_nodes 1 --ref_num_gpus_per_node "$GPUS" --reward_num_nodes 1 --reward_num_gpus_per_node "$GPUS" \
              --critic_num_nodes 1 --critic_num_gpus_per_node "$GPUS" --actor_num_nodes 1 --actor_num_gpus_per_node "$GPUS" \
              --vllm_num_engines "$GPUS" --vllm_tensor_parallel_size 1 --colocate_all_models \
              --vllm_gpu_memory_utilization 0.5 --vllm_enable_sleep --deepspeed_enable_sleep \
              --pretrain models/policy --reward_pretrain models/reward --critic_pretrain models/reward --save_path models/rl-cai --ckpt_path checkpoints \
              --prompt_data data/prompts/train.jsonl --input_key prompt{chat} --num_episodes {passes} \
              --rollout_batch_size "$ROLLOUTS" --train_batch_size $(( (ROLLOUTS / {ppo.Minibatches} + GPUS - 1) / GPUS * GPUS )) \
              --micro_rollout_batch_size 1 --micro_train_batch_size 1 \
              --n_samples_per_prompt 1 --max_epochs {ppo.Epochs} --prompt_max_len {summary.LongestPrompt} \
              --generate_max_len {ppo.MaxNewTokens} --temperature {N(ppo.Temperature)} \
              --advantage_estimator gae --gamma {N(ppo.Gamma)} --lambd {N(ppo.Lambda)} --eps_clip {N(ppo.ClipRange)} --value_clip {N(ppo.ValueClipRange)} \
              --init_kl_coef {N(ppo.KlCoefficient)}{adaptive} --kl_estimator k1 \
              --actor_learning_rate {N(ppo.LearningRate)} --critic_learning_rate {N(ppo.CriticLearningRate)} \
              --lr_scheduler {Schedule(ppo.Schedule)} --lr_warmup_ratio 0 \
              {AdamW(ppo.AdamW)}{(ppo.EntropyBonus > 0 ? $" --entropy_loss_coef {N(ppo.EntropyBonus)}" : "")} --zero_stage 2 $PRECISION --seed {ppo.Seed}

            """.ReplaceLineEndings("\n");
    }

    private static string N(double value) => ExportPlan.Number(value);

    private static string Schedule(Schedule schedule) => schedule switch
    {
        Torch.Schedule.Constant => "constant_with_warmup",
        Torch.Schedule.Linear => "linear",
        _ => "cosine_with_min_lr",
    };

    private static string AdamW(AdamWOptions options) =>
        $"--adam_betas {N(options.Beta1)} {N(options.Beta2)} --l2 {N(options.WeightDecay)} --max_norm {N(options.ClipNorm)}";
}
