using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Models;

/// <summary>Rotary scaling in a config.json: `rope_scaling`, or `rope_parameters`, into which transformers 5 moved everything rotary.</summary>
internal static class RopeJson
{
    private static readonly string[] Factors = ["factor", "low_freq_factor", "high_freq_factor"];

    /// <summary>Where the file says it; null when it does not.</summary>
    /// <exception cref="CaiException">It says it twice, and not the same.</exception>
    public static ConfigReader? Of(ConfigReader json)
    {
        var (now, before) = (json.Object("rope_parameters"), json.Object("rope_scaling"));
        return now is null || before is null || Scaling(now) == Scaling(before)
            ? now ?? before
            : throw json.Error("rope_scaling", $"is {CaiJson.Short(before.Json)}, but rope_parameters is {CaiJson.Short(now.Json)}");
    }

    /// <exception cref="CaiException">The kind is missing or not computed, a factor is out of range, or a key is not known.</exception>
    public static RopeScaling? Scaling(ConfigReader? rope)
    {
        if (rope is null)
            return null;
        var (type, old) = (rope.Text("rope_type"), rope.Text("type"));
        if (type is not null && old is not null && type != old)
            throw rope.Error("type", $"is '{old}', but rope_type is '{type}'");
        switch (type ?? old)
        {
            case null or "default":
                KnownKeys.CheckRope(rope);
                // Some files say "default" with a factor that changes nothing.
                return Factors.FirstOrDefault(key => rope.Json[key] is not null && !(key == "factor" && rope.Number(key) == 1)) is not { } factor ? null
                    : throw rope.Error(factor, $"is given, but rope_type is {((type ?? old) is null ? "missing" : "default, which scales nothing")}; "
                        + "linear or llama3 was expected");
            case "linear":
                KnownKeys.CheckRope(rope);
                return new(RopeScalingKind.Linear, Factor(rope));
            case "llama3":
                KnownKeys.CheckRope(rope);
                var (low, high) = (rope.Number("low_freq_factor"), rope.Number("high_freq_factor"));
                if (!(low > 0 && high > low))
                    throw rope.Error("high_freq_factor", "must be above low_freq_factor, and that above 0");
                return new(RopeScalingKind.Llama3, Factor(rope), low, high, rope.Int("original_max_position_embeddings"));
            case var other:
                throw rope.Error("rope_type", $"is '{other}'; computed are default, linear, llama3");
        }
    }

    public static JsonObject Write(RopeScaling s) => s.Kind == RopeScalingKind.Linear
        ? new() { ["rope_type"] = "linear", ["factor"] = s.Factor }
        : new()
        {
            ["rope_type"] = "llama3", ["factor"] = s.Factor, ["low_freq_factor"] = s.LowFrequencyFactor, ["high_freq_factor"] = s.HighFrequencyFactor,
            ["original_max_position_embeddings"] = s.OriginalPositions,
        };

    private static double Factor(ConfigReader rope) => rope.Number("factor") is >= 1 and var factor ? factor
        : throw rope.Error("factor", $"is {CaiJson.Short(rope.Json["factor"])}; a number from 1 was expected");
}
