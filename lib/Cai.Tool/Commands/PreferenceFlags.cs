using System.Globalization;
using Cai.Preferences;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>The settings of a preference model's training; without flags those of the reproduction's.</summary>
internal static class PreferenceFlags
{
    /// <param name="prefix">See <see cref="OptionFlags{T}"/>.</param>
    public static OptionFlags<PreferenceOptions> Create(string prefix = "") => new OptionFlags<PreferenceOptions>(Recipes.Preference, prefix)
        .Count("epochs", o => o.Epochs, (o, v) => o with { Epochs = v }, "Passes over the comparisons; more overfits.")
        .Number("lr", o => o.LearningRate, (o, v) => o with { LearningRate = v }, "Peak learning rate; the default suits the miniature.")
        .Choice("schedule", o => o.Schedule, (o, v) => o with { Schedule = v }, "Course of the rate: linear to 0, cosine to a tenth.")
        .Number("warmup", o => o.WarmupSteps, (o, v) => o with { WarmupSteps = v }, "Steps over which the learning rate rises.")
        .Count("batch-tokens", o => o.TokensPerBatch, (o, v) => o with { TokensPerBatch = v }, "Tokens of a step, both sides of its pairs together.")
        .Count("max-length", o => o.MaxLength, (o, v) => o with { MaxLength = v }, "Longest prompt with answer in tokens.")
        .Switch("skip-long", o => o.SkipLong, (o, v) => o with { SkipLong = v }, "Leave longer comparisons out and count them, instead of stopping.")
        .Words("axis-weights", "AXIS=WEIGHT", (o, v) => o with { AxisWeights = Weights(v) }, "Weights of comparisons by their axis. Default: all 1.")
        .AdamW(o => o.AdamW, (o, v) => o with { AdamW = v })
        .Count("tokens-per-micro-batch", o => o.TokensPerMicroBatch, (o, v) => o with { TokensPerMicroBatch = v },
            "Most tokens computed at once: memory and speed, not the result.")
        .Count("checkpoint-every", o => o.CheckpointEvery, (o, v) => o with { CheckpointEvery = v }, "Steps between checkpoints.");

    private static Dictionary<string, double> Weights(IReadOnlyList<string> given)
    {
        var weights = new Dictionary<string, double>();
        foreach (var text in given)
            if (text.Split('=') is not [{ Length: > 0 } axis, var number]
                || !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) || !weights.TryAdd(axis, weight))
                throw new CaiException($"'{text}' is no weight of an axis, or the axis' second.", "Use AXIS=WEIGHT, for example harmless=2.", "--axis-weights");
        return weights;
    }
}
