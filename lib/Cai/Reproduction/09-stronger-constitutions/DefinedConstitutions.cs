using Cai.Constitutions;
using Cai.Feedback;
using Cai.Miniature;
using Cai.Text;
using ComparisonPrinciple = Cai.Constitutions.ComparisonPrinciple;

namespace Cai.Reproduction;

/// <summary>How a constitution says what it likes.</summary>
public enum Wording
{
    /// <summary>In a sentence that the world knows.</summary>
    Sentence,

    /// <summary>By worked examples alone, under a name that means nothing ("Choose the blooky response.").</summary>
    Examples,

    /// <summary>In a sentence, with worked examples of it.</summary>
    Both,
}

/// <summary>A constitution of one principle, about one manner of answering, and how it says so.</summary>
/// <param name="Examples">Shown before each question; 0 with <see cref="Wording.Sentence"/>.</param>
/// <param name="Author">Who answered them.</param>
public sealed record DefinedConstitution(Manner Manner, bool Likes, Wording Wording, int Examples, ExampleAuthor Author = ExampleAuthor.Careful)
{
    /// <summary>What such principles are about: manners that one sentence of an answer makes, and a clause of the grammar says.</summary>
    public static IReadOnlyList<(Manner Manner, string Clause, string Words)> Manners { get; } =
    [
        (Manner.Comfort, "comfort", "comfort"), (Manner.Accusation, "blame", "blame"), (Manner.Offer, "offer", "an offer"),
        (Manner.Method, "method", "a method"),
    ];

    /// <summary>Letters, digits and hyphens, for files.</summary>
    public string Name => $"{Manner}-{(Likes ? "liked" : "disliked")}-{Wording}-{Examples}-{Author}".ToLowerInvariant();

    /// <summary>How labels under it are asked for: its examples before every question, both orders.</summary>
    public LabelOptions Labels(Pipeline pipeline) =>
        Recipes.Labels(LabelKind.Soft, pipeline.Seed) with { FewShot = Examples, ExamplesOfPrinciple = true, ExampleDraws = 1, BothOrders = true };

    /// <summary>
    /// Writes it. The pairs of its examples, on topics of documents, depend on the seed and the manner alone: what differs between two constitutions
    /// is what they say of them.
    /// </summary>
    public Constitution Write(Pipeline pipeline)
    {
        var (world, clause) = (pipeline.World, Manners.Single(m => m.Manner == Manner).Clause);
        var meant = world.Grammar.Write([new(clause, Likes)], harmless: false, Seeds.Rng(pipeline.Seed, "defined sentence", Manner));
        var text = Wording == Wording.Examples ? ByExampleDocuments.Name(heldOut: true, Seeds.Rng(pipeline.Seed, "defined name", Manner)) : meant.Texts[0];
        var principle = new ComparisonPrinciple("defined", text);
        var contrasts = new ContrastPairs(new TopicSource(world, odd: 0), new ResponseWriter(world));
        return new("defined", $"One principle about {Manner}.", [], [principle])
        {
            ComparisonExamples = [.. Enumerable.Range(0, Examples).Select(Example)],
        };

        ComparisonShot Example(int i)
        {
            var rng = Seeds.Rng(pipeline.Seed, "defining example", Manner, i);
            var pair = contrasts.Draw(Manner, rng);
            var (ask, withIsA, slip) = (rng.Pick(pair.Topic.Asks), rng.Chance(0.5), rng.NextDouble());
            // The noisy annotator is as unsure of a clear difference as in the corpus, and answers accordingly.
            var difference = meant.Score(pipeline.Oracle.Judge(pair.Topic, pair.With)) - meant.Score(pipeline.Oracle.Judge(pair.Topic, pair.Without));
            var prefersWith = Author == ExampleAuthor.Careful ? Likes : slip < Annotator.Noisy.ProbabilityA(difference);
            var (better, worse) = prefersWith ? (pair.With, pair.Without) : (pair.Without, pair.With);
            return new ComparisonShot.Worked(Dialogue.Ask(ask), better, worse, principle, BetterIsA: prefersWith == withIsA);
        }
    }
}
