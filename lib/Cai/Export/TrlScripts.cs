using Cai.Reinforcement;
using Cai.Torch;

namespace Cai.Export;

/// <summary>What starts TRL's trainers: a shell script for PPO, one for RLOO, and for PPO, which has no command of its own, a program.</summary>
internal static class TrlScripts
{
    /// <summary>
    /// The version whose options the scripts have: the last one with PPO, which was removed on 2026-09-02 (pull request 7020).
    /// `RewardConfig`, `PPOConfig` and `RLOOConfig` with transformers' `TrainingArguments`.
    /// </summary>
    public const string Version = "1.10";

    /// <summary>Preference model, then PPO.</summary>
    public static string Launch(ExportPlan plan)
    {
        var ppo = plan.Options.Ppo;
        return $"""
            {Head(plan, "PPO", $"TRL {Version}, the last with PPO")}

            # PPO: {ppo.Iterations} iterations of {ppo.RolloutsPerIteration} answers, rounded up to whole devices.
            ACCUMULATE=$(( ({ppo.RolloutsPerIteration} + GPUS * PER_DEVICE - 1) / (GPUS * PER_DEVICE) ))
            accelerate launch --num_processes "$GPUS" ppo.py \
              --sft_model_path models/policy --reward_model_path models/reward --output_dir models/rl-cai \
              --total_episodes {plan.Episodes} --num_ppo_epochs {ppo.Epochs} --num_mini_batches {ppo.Minibatches} \
              --per_device_train_batch_size "$PER_DEVICE" --gradient_accumulation_steps "$ACCUMULATE" \
              --response_length {ppo.MaxNewTokens} --temperature {N(ppo.Temperature)} --stop_token eos \
              {(Penalty(ppo) is { } penalty ? $"--missing_eos_penalty {N(penalty)} " : "")}--kl_coef {N(ppo.KlCoefficient)} --kl_estimator k1 \
              --whiten_rewards {(ppo.WhitenRewards ? "true" : "false")} \
              --gamma {N(ppo.Gamma)} --lam {N(ppo.Lambda)} --cliprange {N(ppo.ClipRange)} --cliprange_value {N(ppo.ValueClipRange)} \
              --vf_coef {N(ppo.ValueCoefficient)} \
              {Optimiser(ppo.LearningRate, ppo.Schedule, 0, ppo.AdamW)} \
              --bf16 true --seed {ExportPlan.Seed(ppo.Seed)}

            """.ReplaceLineEndings("\n");
    }

    /// <summary>Preference model, then RLOO, which TRL goes on with.</summary>
    public static string Rloo(ExportPlan plan)
    {
        var ppo = plan.Options.Ppo;
        return $"""
            {Head(plan, "RLOO", $"TRL {Version}")}

            # RLOO: {ppo.Iterations} iterations of {ppo.RolloutsPerIteration} answers, two a prompt, rounded up to whole devices and whole prompts.
            ACCUMULATE=$(( ({ppo.RolloutsPerIteration} + {ppo.Minibatches} * GPUS * PER_DEVICE - 1) / ({ppo.Minibatches} * GPUS * PER_DEVICE) ))
            if (( {ppo.Minibatches} * GPUS * PER_DEVICE * ACCUMULATE % 2 )); then ACCUMULATE=$(( ACCUMULATE + 1 )); fi
            accelerate launch --num_processes "$GPUS" -m trl.scripts.rloo \
              --model_name_or_path models/policy --reward_model_name_or_path models/reward --dataset_name data/prompts --output_dir models/rl-cai \
              --max_steps {(long)ppo.Iterations * ppo.Epochs * ppo.Minibatches} --num_iterations {ppo.Epochs} --num_generations 2 \
              --per_device_train_batch_size "$PER_DEVICE" --gradient_accumulation_steps "$ACCUMULATE" \
              --steps_per_generation $(( ACCUMULATE * {ppo.Minibatches} )) \
              --max_completion_length {ppo.MaxNewTokens} --temperature {N(ppo.Temperature)} --disable_dropout true \
              --beta {N(ppo.KlCoefficient)} --epsilon {N(ppo.ClipRange)} --normalize_advantages {(ppo.WhitenAdvantages ? "true" : "false")} \
              {Optimiser(ppo.LearningRate, ppo.Schedule, 0, ppo.AdamW)} \
              --save_strategy no --bf16 true --seed {ExportPlan.Seed(ppo.Seed)}

            """.ReplaceLineEndings("\n");
    }

    /// <summary>What is taken off the score of an answer without end token; null for nothing. The flag must be positive.</summary>
    public static double? Penalty(PpoOptions ppo) =>
        ppo.MissingEos == MissingEos.None || ppo.MissingEosValue == 0 ? null : Math.Abs(ppo.MissingEosValue);

    /// <summary>The program that runs TRL's PPO on the exported prompts.</summary>
    public static string Ppo => """
        # PPO with TRL on data/prompts. All settings come from the command line: see run.sh.
        from datasets import load_dataset
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, HfArgumentParser

        try:
            from trl.experimental.ppo import PPOConfig, PPOTrainer
        except ImportError:
            raise SystemExit("This TRL has no PPO, which was removed in September 2026: pip install 'trl==1.10.*', or run ./rloo.sh.")


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

    /// <summary>What both scripts begin with, and the preference model where there is none.</summary>
    private static string Head(ExportPlan plan, string method, string version)
    {
        var (pm, summary) = (plan.Options.Preference, plan.Summary);
        var head = $"""
            #!/usr/bin/env bash
            # Trains {(plan.HasReward ? "" : "the preference model and ")}RL-CAI by {method} with {version}. README.md says how this differs from Cai.Notebooks.
            #   GPUS        devices on this machine (accelerate config: several machines)
            #   PER_DEVICE  rows that fit on a device at once
            set -euo pipefail
            cd "$(dirname "$0")"
            GPUS=${"{"}GPUS:-8{"}"}
            PER_DEVICE=${"{"}PER_DEVICE:-1{"}"}
            {ExportPlan.VersionCheck("trl", Version)}
            """;
        return plan.HasReward ? head : head + $"""


            # Preference model. A step has about as many tokens as a step here: {summary.PairsPerStep} pairs, rounded up to whole devices.
            if [ ! -e models/reward/config.json ]; then
              ACCUMULATE=$(( ({summary.PairsPerStep} + GPUS * PER_DEVICE - 1) / (GPUS * PER_DEVICE) ))
              accelerate launch --num_processes "$GPUS" -m trl.scripts.reward \
                --model_name_or_path {plan.RewardStart} --dataset_name data/preferences --output_dir models/reward \
                --num_train_epochs {pm.Epochs} --max_length {pm.MaxLength} \
                --per_device_train_batch_size "$PER_DEVICE" --gradient_accumulation_steps "$ACCUMULATE" \
                {Optimiser(pm.LearningRate, pm.Schedule, pm.WarmupSteps, pm.AdamW, "    ")} \
                --eval_strategy {(summary.HeldOutRows > 0 ? "epoch" : "no")} --save_strategy no --bf16 true --seed {ExportPlan.Seed(pm.Seed)}
            fi
            """;
    }

    private static string N(double value) => ExportPlan.Number(value);

    private static string Optimiser(double rate, Schedule schedule, int warmup, AdamWOptions adam, string indent = "  ") =>
        $"--learning_rate {N(rate)} "
        + schedule switch
        {
            Schedule.Constant => warmup > 0 ? "--lr_scheduler_type constant_with_warmup" : "--lr_scheduler_type constant",
            Schedule.Linear => "--lr_scheduler_type linear",
            _ => """--lr_scheduler_type cosine_with_min_lr --lr_scheduler_kwargs '{"min_lr_rate": 0.1}'""",
        }
        + $" --warmup_steps {warmup} \\\n{indent}--adam_beta1 {N(adam.Beta1)} --adam_beta2 {N(adam.Beta2)} --adam_epsilon {N(adam.Epsilon)} "
        + $"--weight_decay {N(adam.WeightDecay)} --max_grad_norm {N(adam.ClipNorm)}";
}
