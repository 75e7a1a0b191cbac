using Cai.Figures;
using Cai.Reinforcement;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reproduction;

public sealed partial class PpoWalkthrough
{
    private static readonly string[] UpdateMetrics = ["loss/", "policy/", "val/"];

    /// <summary>The settings that shape an iteration.</summary>
    public Table Settings() => Table.Of<(string Name, double Value)>(
    [
        ("responses in an iteration", options.RolloutsPerIteration),
        ("passes over them (epochs)", options.Epochs),
        ("longest response (tokens)", options.MaxNewTokens),
        ("learning rate of the policy", options.LearningRate),
        ("learning rate of the critic", options.CriticLearningRate),
        ("clip range", options.ClipRange),
        ("KL weight", options.KlCoefficient),
        ("scores in standard deviations of the first rollout (1: yes)", options.ScaleScores ? 1 : 0),
        ("gamma", options.Gamma),
        ("lambda", options.Lambda),
        (options.MissingEos == MissingEos.Replace ? "score of a response that does not end" : "taken off the score of a response that does not end",
            options.MissingEos == MissingEos.None ? 0 : options.MissingEosValue),
    ],
        new("setting", r => r.Name), new("value", r => r.Value, "0.######"));

    /// <summary>Every named tensor of a rollout with its shape, and its mean over response tokens (over responses for scores).</summary>
    public static Table Tensors(Rollout rollout)
    {
        using var scope = NewDisposeScope();
        var mask = rollout.ResponseMask;
        return Table.Of(rollout.Tensors,
            new("Tensor", t => t.Key),
            new("Shape", t => $"[{string.Join(", ", t.Value.shape)}]"),
            new("Type", t => t.Value.dtype.ToString()),
            new("Mean", t => t.Key is "tokens" or "response_mask" or "value_mask" or "score_columns" ? null
                : t.Value.dim() == 1 ? t.Value.mean().ReadDouble() : PpoMath.MaskedMean(t.Value, mask).ReadDouble()));
    }

    /// <summary>Each response with its score, its KL and what it is rewarded in all.</summary>
    public static Table Responses(Rollout rollout, int count = 6) => Table.Of(
        PpoTrainer.Examples(rollout, count).Zip(rollout.Responses, (example, response) => (Numbers: example, Response: response)),
        new("Prompt", r => r.Response.Prompt.Dialogue.LastHuman()), new("Response", r => r.Response.Text), new("Ended", r => r.Response.Finished),
        new("Score", r => r.Numbers.Score), new("KL", r => r.Numbers.Kl), new("Rewarded", r => r.Numbers.Total));

    /// <summary>The numbers of an update under OpenAI's names: means over all passes.</summary>
    public static Table Metrics(PpoStep step) => Table.Of(
        step.Metrics.Where(m => UpdateMetrics.Any(start => m.Key.StartsWith(start, StringComparison.Ordinal))).OrderBy(m => m.Key, StringComparer.Ordinal),
        new("metric", m => m.Key), new("value", m => m.Value, "0.######"));
}
