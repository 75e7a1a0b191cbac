using Cai.Constitutions;
using Cai.Miniature;

namespace Cai.Reproduction;

/// <summary>Constitutions with more worked examples, and for more than harmlessness (paper 1.2, section 6).</summary>
public sealed class ConstitutionVariants(Pipeline pipeline)
{
    /// <summary>Worked examples for each principle of <see cref="Taught"/>.</summary>
    public const int MostExamples = 8;

    private readonly Dictionary<ExampleAuthor, Constitution> taught = [];

    /// <summary>The miniature's constitution without what it says about help, preaching and right steps.</summary>
    public Constitution HarmlessnessOnly => TaughtConstitutions.AboutHarm(pipeline.Constitution, pipeline.Oracle);

    /// <summary>What the miniature's world knows of helpfulness.</summary>
    public Constitution HelpfulnessOnly { get; } = Constitution.Shipped("miniature-helpfulness");

    /// <summary>What the miniature's world knows of following instructions: right steps.</summary>
    public Constitution InstructionsOnly { get; } = Constitution.Shipped("miniature-instructions");

    /// <summary>The miniature's principles with <see cref="MostExamples"/> worked examples each.</summary>
    public Constitution Taught(ExampleAuthor author) => taught.TryGetValue(author, out var known) ? known
        : taught[author] = TaughtConstitutions.Of(
            pipeline.Constitution, new WorkedExamples(pipeline.World, pipeline.Oracle, pipeline.Seed), author, MostExamples);
}
