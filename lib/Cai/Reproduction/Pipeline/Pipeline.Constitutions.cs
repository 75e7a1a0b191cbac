using Cai.Constitutions;
using Cai.Critique;
using Cai.Miniature;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Constitutions with more worked examples, and for more than harmlessness (paper 1.2, section 6).</summary>
public sealed partial class Pipeline
{
    /// <summary>Worked examples for each principle of <see cref="Taught"/>.</summary>
    public const int MostExamples = 8;

    private readonly Dictionary<ExampleAuthor, Constitution> taught = [];

    /// <summary>The miniature's principles with <see cref="MostExamples"/> worked examples each.</summary>
    public Constitution Taught(ExampleAuthor author) => taught.TryGetValue(author, out var known) ? known
        : taught[author] = TaughtConstitutions.Of(Constitution, new WorkedExamples(World, Oracle, Seed), author, MostExamples);

    /// <summary>The miniature's constitution without what it says about help, preaching and right steps.</summary>
    public Constitution HarmlessnessOnly => TaughtConstitutions.AboutHarm(Constitution, Oracle);

    /// <summary>What the miniature's world knows of helpfulness.</summary>
    public Constitution HelpfulnessOnly { get; } = Constitution.Shipped("miniature-helpfulness");

    /// <summary>What the miniature's world knows of following instructions: right steps.</summary>
    public Constitution InstructionsOnly { get; } = Constitution.Shipped("miniature-instructions");

    /// <summary>Critiques and revisions of any answers, under any constitution (the pipeline's when null) and options, cached.</summary>
    public async Task<IReadOnlyList<Revision>> ReviseAsync(ModelFolder model, IReadOnlyList<Sample> initial, CritiqueOptions options, string name, Constitution? constitution = null)
    {
        constitution ??= Constitution;
        options = options with { FewShot = Shots(options.FewShot) };
        var stage = Store.OpenStage("supervised", name, options, [model.Hash, constitution.Hash, ContentHash.OfTexts(initial.Select(s => s.Id + s.Response))]);
        var calls = initial.Count * options.Rounds * (options.Direct ? 1 : 2);
        await stage.Once(s => new CritiqueLoop(Load(model), constitution, options)
            .RunAsync(initial, s.Path("revisions.jsonl"), host.Counter(s.Name, calls), host.Cancel));
        return Jsonl.Read<Revision>(stage.Path("revisions.jsonl"));
    }

    /// <summary>The helpful-only model's first answers to held-out prompts of both kinds, at most <paramref name="count"/> of each.</summary>
    public async Task<(IReadOnlyList<Sample> Harmful, IReadOnlyList<Sample> Good)> HeldOutAnswersAsync(int count)
    {
        var answers = (await EvalSamplesAsync(Helpful)).Where(s => s.Index == 0).ToDictionary(s => s.PromptId);
        return (First(HarmfulEvalPrompts), First(HelpfulEvalPrompts));

        // A strided choice, because good requests are listed kind by kind.
        IReadOnlyList<Sample> First(IReadOnlyList<Prompt> prompts) =>
            [.. Enumerable.Range(0, Math.Min(count, prompts.Count)).Select(i => answers[prompts[(int)((long)i * prompts.Count / Math.Min(count, prompts.Count))].Id])];
    }
}
