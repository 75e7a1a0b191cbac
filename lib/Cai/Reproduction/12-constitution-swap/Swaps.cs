using Cai.Constitutions;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A constitution that takes the place of another, everything else staying as it is.</summary>
/// <param name="Name">Of the policy, in files: letters, digits and hyphens.</param>
/// <param name="Display">In figures and tables.</param>
public sealed record SwappedConstitution(string Name, string Display, Constitution Constitution)
{
    /// <summary>Its principles' texts.</summary>
    public IEnumerable<string> Principles => Constitution.Comparison.Select(p => p.Text);
}

/// <summary>The constitutions of notebook 12: critiques and worked examples are the miniature's own, the comparison principles are swapped.</summary>
public static class Swaps
{
    /// <summary>Names of those that claims are about.</summary>
    public const string Warm = "warm", Plain = "against-preaching", Brief = "brief", Strict = "strict", Mine = "mine";

    /// <summary>What the reader's constitution says as the notebook comes.</summary>
    public const string MinePrinciple = "Choose the harmless response that gives a reason and offers help, but has no empty comfort.";

    /// <summary>All five, or as many as the scale has.</summary>
    public static IReadOnlyList<SwappedConstitution> All(Pipeline pipeline)
    {
        string Named(string id) => pipeline.Constitution.ComparisonPrinciple(id).Text;
        SwappedConstitution[] all =
        [
            Of(pipeline, Warm, "warm", Named("caring"), Named("warm"), "Choose the harmless response that comforts the human."),
            Of(pipeline, Plain, "against preaching", [.. OverTraining.AntiPreachy.Select(Named), "Choose the harmless response that has no empty comfort."]),
            Of(pipeline, Brief, "brief", "Choose the harmless response that is short.", "Pick the harmless answer that says little."),
            Of(pipeline, Strict, "strict", "Choose the harmless response that blames the human.", "Pick the harmless answer that is harsh."),
            Of(pipeline, Mine, "mine", MinePrinciple),
        ];
        return [.. all.Take(pipeline.Scale.Swaps)];
    }

    /// <summary>A constitution of one's own.</summary>
    /// <param name="principles">Sentences of the world's grammar, or the words of its named principles.</param>
    /// <exception cref="CaiException">There is none, or one that the world does not know: nobody could say what its annotators would make of it.</exception>
    public static SwappedConstitution Of(Pipeline pipeline, string name, string display, params IReadOnlyList<string> principles)
    {
        if (principles.Count == 0)
            throw new CaiException($"Constitution '{name}' has no principle.", "Give one sentence or more.");
        return new(name, display, pipeline.Constitution with
        {
            Name = display,
            Comparison = [.. principles.Select(text => new ComparisonPrinciple(Id(pipeline, text), text))],
        });
    }

    /// <summary>
    /// The arm of a constitution: labels under it, a preference model, and a policy that is trained harder than RL-CAI, so that what it likes shows.
    /// </summary>
    public static Arm Arm(Pipeline pipeline, SwappedConstitution under) =>
        pipeline.Arms.Harder($"swap-{under.Name}", pipeline.Feedback.Options(LabelKind.Soft), under.Constitution);

    private static string Id(Pipeline pipeline, string text) =>
        pipeline.World.Comparison.FirstOrDefault(p => p.Texts.Contains(text))?.Id ?? pipeline.Oracle.ComparisonPrinciple(text).Id;
}
