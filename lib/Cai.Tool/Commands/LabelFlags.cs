using System.Globalization;
using Cai.Feedback;
using Cai.Reproduction;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>The settings of labelling; without flags those of the reproduction's soft labels.</summary>
internal static class LabelFlags
{
    private static readonly Dictionary<string, LabelKind> Kinds = new()
    {
        ["soft"] = LabelKind.Soft, ["hard"] = LabelKind.Hard, ["cot"] = LabelKind.ChainOfThought,
    };

    // The kind comes first: the recipe depends on it.
    public static OptionFlags<LabelOptions> Create() => new OptionFlags<LabelOptions>(seed => Recipes.Labels(LabelKind.Soft, seed))
        .Choice("kind", Kinds, o => o.Kind, (o, v) => Recipes.Labels(v, o.Seed),
            "soft: the option's normalised probability. hard: its argmax. cot: after a chain of thought, clamped.")
        .Text("principles", "drawn|average:K|fixed:ID", _ => PrincipleText.Drawn, (o, v) => o with { Principle = PrincipleText.Parse(v, averages: true) },
            "drawn: one drawn for each pair. average:K: the mean over K different ones. fixed:ID: always that one.")
        .Switch("both-orders", o => o.BothOrders, (o, v) => o with { BothOrders = v }, "Ask with either answer first and average; also measures position bias.")
        .Switch("shuffle-order", o => o.ShuffleOrder, (o, v) => o with { ShuffleOrder = v }, "When asking once, draw which answer comes first.")
        .WholeOrNone("few-shot", o => o.FewShot, (o, v) => o with { FewShot = v },
            "Most worked examples before each question; none: all of the constitution's.")
        .Switch("examples-of-principle", o => o.ExamplesOfPrinciple, (o, v) => o with { ExamplesOfPrinciple = v },
            "Show only the examples of the principle that is asked about.")
        .CountOrNone("example-draws", o => o.ExampleDraws, (o, v) => o with { ExampleDraws = v },
            "How many draws of the examples' order and principles serve all pairs; none: a draw of each pair's own, as in the paper.")
        .Text("clamp", $"LO,HI|{OptionFlags<LabelOptions>.None}", Clamp, (o, v) => o with { Clamp = Clamp(v) },
            "Bounds of a soft or cot label, for example 0.4,0.6; none: those of the kind (soft: no bounds; cot: the paper's 0.4,0.6).")
        .Count("cot-samples", o => o.CotSamples, (o, v) => o with { CotSamples = v, Temperature = v > 1 && o.Temperature == 0 ? 1 : o.Temperature },
            "Chains of thought a question, whose probabilities are averaged; several are sampled at temperature 1 where no other is given.")
        .Count("max-tokens", o => o.MaxReasoningTokens, (o, v) => o with { MaxReasoningTokens = v }, "Most tokens of a chain of thought.")
        .Number("temperature", o => o.Temperature, (o, v) => o with { Temperature = v },
            "Temperature of the chain of thought; 0, the default where one is asked for, takes the likeliest token each time.")
        .Text("axis", "NAME", o => o.Axis, (o, v) => o with { Axis = v }, "What the labels are about, as written into the records.")
        .Count("chunk", o => o.ChunkSize, (o, v) => o with { ChunkSize = v }, "Pairs asked about and then written at a time; it never changes a label.");

    private static string Clamp(LabelOptions options) =>
        options.Clamp is { } range ? string.Create(CultureInfo.InvariantCulture, $"{range.Low},{range.High}") : OptionFlags<LabelOptions>.None;

    private static ClampRange? Clamp(string text)
    {
        if (text == OptionFlags<LabelOptions>.None)
            return null;
        return text.Split(',') is [var low, var high]
            && double.TryParse(low, NumberStyles.Float, CultureInfo.InvariantCulture, out var from)
            && double.TryParse(high, NumberStyles.Float, CultureInfo.InvariantCulture, out var to)
            ? new ClampRange(from, to)
            : throw new CaiException($"--clamp is '{text}'.", "Use two numbers with a comma between them, for example 0.4,0.6.");
    }
}
