using Cai.Finetuning;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>The settings of supervised training; without flags those of the reproduction's SL-CAI.</summary>
internal static class SupervisedFlags
{
    public static OptionFlags<SupervisedOptions> Create() => new OptionFlags<SupervisedOptions>(Recipes.Supervised)
        .Count("epochs", o => o.Epochs, (o, v) => o with { Epochs = v }, "Passes over the texts (paper: 1).")
        .Number("lr", o => o.LearningRate, (o, v) => o with { LearningRate = v }, "Peak learning rate; the default suits the miniature.")
        .Choice("schedule", o => o.Schedule, (o, v) => o with { Schedule = v }, "Course of the rate: constant (paper), linear to 0, cosine to a tenth.")
        .Number("warmup", o => o.WarmupSteps, (o, v) => o with { WarmupSteps = v }, "Steps over which the learning rate rises.")
        .Count("batch-tokens", o => o.TokensPerBatch, (o, v) => o with { TokensPerBatch = v }, "Tokens of a step.")
        .Count("max-length", o => o.MaxLength, (o, v) => o with { MaxLength = v }, "Longest text in tokens.")
        .Switch("truncate", o => o.Truncate, (o, v) => o with { Truncate = v }, "Cut longer texts instead of stopping; they lose their end token.")
        .Switch("mask-prompt", o => o.MaskPrompt, (o, v) => o with { MaskPrompt = v }, "Learn responses only.")
        .Switch("packing", o => o.Packing, (o, v) => o with { Packing = v }, "Several texts in one row; each sees itself alone. Faster on accelerators.")
        .Number("max-steps", o => o.MaxSteps, (o, v) => o with { MaxSteps = v }, "Stop after this many steps; 0: no limit.")
        .Number("max-tokens", o => o.MaxTokens, (o, v) => o with { MaxTokens = v }, "Stop when this many tokens have been read; 0: no limit.")
        .AdamW(o => o.AdamW, (o, v) => o with { AdamW = v })
        .Count("tokens-per-micro-batch", o => o.TokensPerMicroBatch, (o, v) => o with { TokensPerMicroBatch = v },
            "Most tokens computed at once: memory and speed, not the result.")
        .Count("checkpoint-every", o => o.CheckpointEvery, (o, v) => o with { CheckpointEvery = v }, "Steps between checkpoints.");
}
