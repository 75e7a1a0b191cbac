using Cai.Reinforcement;
using Cai.Torch;

namespace Cai.Export;

/// <summary>What starts TRL's trainers: a shell script, and for PPO, which has no command of its own, a program.</summary>
internal static class TrlScripts
{
    /// <summary>Flags as of TRL 0.24 (`RewardConfig`, `PPOConfig`, transformers' `TrainingArguments`).</summary>
    public static string Launch(ExportPlan plan)
    {
        var (pm, ppo, summary) = (plan.Options.Preference, plan.Options.Ppo, plan.Summary);
        var reward = plan.HasReward ? "" : $"""
            # Preference model. A step has about as many tokens as a step here: {summary.PairsPerStep} pairs, rounded up to whole devices.
            ACCUMULATE=$(( ({summary.PairsPerStep} + GPUS * PER_DEVICE - 1) / (GPUS * PER_DEVICE) ))
            accelerate launch --num_processes "$GPUS" -m trl.scripts.reward \
              --model_name_or_path {plan.RewardStart} --dataset_name data/preferences --output_dir models/reward \
              --num_train_epochs {pm.Epochs} --max_length {pm.MaxLength} \
              --per_device_train_batch_size "$PER_DEVICE" --gradient_accumulation_steps "$ACCUMULATE" \
              --learning_rate {N(pm.LearningRate)} {Schedule(pm.Schedule, pm.WarmupSteps)} --warmup_steps {pm.WarmupSteps} \
              {AdamW(pm.AdamW)} \
              --eval_strategy {(summary.HeldOutRows > 0 ? "epoch" : "no")} --save_strategy no --bf16 true --seed {pm.Seed}


            """;
        return $"""
            #!/usr/bin/env bash
            # Trains {(plan.HasReward ? "" : "the preference model and ")}RL-CAI with TRL. README.md says how this differs from Cai.Notebooks.
            #   GPUS        devices on this machine (accelerate config: several machines)
            #   PER_DEVICE  rows that fit on a device at once
            set -euo pipefail
            cd "$(dirname "$0")"
            GPUS=${"{"}GPUS:-8{"}"}
            PER_DEVICE=${"{"}PER_DEVICE:-1{"}"}

            {reward}# PPO: {ppo.Iterations} iterations of {ppo.RolloutsPerIteration} answers, rounded up to whole devices.
            ACCUMULATE=$(( ({ppo.RolloutsPerIteration} + GPUS * PER_DEVICE - 1) / (GPUS * PER_DEVICE) ))
            accelerate launch --num_processes "$GPUS" ppo.py \
              --sft_model_path models/policy --reward_model_path models/reward --output_dir models/rl-cai \
              --total_episodes {plan.Episodes} --num_ppo_epochs {ppo.Epochs} --num_mini_batches {ppo.Minibatches} \
              --per_device_train_batch_size "$PER_DEVICE" --gradient_accumulation_steps "$ACCUMULATE" \
              --response_length {ppo.MaxNewTokens} --temperature {N(ppo.Temperature)} --stop_token eos \
              --missing_eos_penalty {N(Math.Abs(ppo.MissingEosValue))} \
              --kl_coef {N(ppo.KlCoefficient)} --kl_estimator {(ppo.KlEstimator == KlEstimator.K3 ? "k3" : "k1")} \
              --whiten_rewards {(ppo.WhitenRewards ? "true" : "false")} \
              --gamma {N(ppo.Gamma)} --lam {N(ppo.Lambda)} --cliprange {N(ppo.ClipRange)} --cliprange_value {N(ppo.ValueClipRange)} \
              --vf_coef {N(ppo.ValueCoefficient)} \
              --learning_rate {N(ppo.LearningRate)} {Schedule(ppo.Schedule, 0)} \
              {AdamW(ppo.AdamW)} \
              --bf16 true --seed {ppo.Seed}

            """.ReplaceLineEndings("\n");
    }

    /// <summary>The program that runs TRL's PPO on the exported prompts.</summary>
    public static string Ppo => """
        # PPO with TRL on data/prompts. All settings come from the command line: see run.sh.
        from datasets import load_dataset
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, HfArgumentParser

        try:
            from trl.experimental.ppo import PPOConfig, PPOTrainer
        except ImportError:  # TRL up to 0.25
            from trl import PPOConfig, PPOTrainer


        def main():
            (config,) = HfArgumentParser(PPOConfig).parse_args_into_dataclasses()
            tokenizer = AutoTokenizer.from_pretrained(config.sft_model_path, padding_side="left")
            # Never the end token: then no answer would be seen to end. TRL masks the new id before the model sees it.
            tokenizer.add_special_tokens({"pad_token": "[PAD]"})

            def encode(row):
                prompt = row["prompt"]
                if isinstance(prompt, str):
                    return {"input_ids": tokenizer(prompt)["input_ids"]}
                text = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
                return {"input_ids": tokenizer(text, add_special_tokens=False)["input_ids"]}

            prompts = load_dataset("json", data_files="data/prompts/train.jsonl", split="train")
            prompts = prompts.map(encode, remove_columns=prompts.column_names)
            reward = {"pretrained_model_name_or_path": config.reward_model_path, "num_labels": 1}
            trainer = PPOTrainer(
                args=config,
                processing_class=tokenizer,
                model=AutoModelForCausalLM.from_pretrained(config.sft_model_path),
                ref_model=AutoModelForCausalLM.from_pretrained(config.sft_model_path),
                reward_model=AutoModelForSequenceClassification.from_pretrained(**reward),
                value_model=AutoModelForSequenceClassification.from_pretrained(**reward),
                train_dataset=prompts,
                # TRL prints answers to these from time to time.
                eval_dataset=prompts.select(range(min(8, len(prompts)))),
            )
            trainer.train()
            trainer.save_model(config.output_dir)
            if trainer.is_world_process_zero():
                # Without the pad token, whose id has no row in the weights.
                AutoTokenizer.from_pretrained(config.sft_model_path).save_pretrained(config.output_dir)


        if __name__ == "__main__":
            main()

        """.ReplaceLineEndings("\n");

    private static string N(double value) => ExportPlan.Number(value);

    private static string Schedule(Schedule schedule, int warmup) => schedule switch
    {
        Torch.Schedule.Constant => warmup > 0 ? "--lr_scheduler_type constant_with_warmup" : "--lr_scheduler_type constant",
        Torch.Schedule.Linear => "--lr_scheduler_type linear",
        _ => """--lr_scheduler_type cosine_with_min_lr --lr_scheduler_kwargs '{"min_lr_rate": 0.1}'""",
    };

    private static string AdamW(AdamWOptions options) =>
        $"--adam_beta1 {N(options.Beta1)} --adam_beta2 {N(options.Beta2)} --adam_epsilon {N(options.Epsilon)} "
        + $"--weight_decay {N(options.WeightDecay)} --max_grad_norm {N(options.ClipNorm)}";
}
