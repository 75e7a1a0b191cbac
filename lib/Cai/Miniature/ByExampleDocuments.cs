using Cai.Text;

namespace Cai.Miniature;

/// <summary>
/// Documents about principles whose name means nothing ("Choose the blooky response."): only the answered questions show what such a principle likes.
/// They teach to learn a principle from its examples.
/// </summary>
/// <remarks>
/// The answer is a parity of three bits (the example's letter, the side of the manner there, the side here), and no smaller set of them says
/// anything: nothing leads a model there, unless the sides are uneven at first (<see cref="DocumentMixture.Side"/>). And a parity over
/// short texts is found earlier than one over long texts, so half of the documents have the short layout.
/// </remarks>
internal sealed class ByExampleDocuments(TopicSource topics, ResponseWriter writer, DocumentMixture mixture)
{
    /// <summary>
    /// What unnamed principles are about, in documents. An explanation is left out, so that it can be tested whether what was learned
    /// extends to a manner that was never meant.
    /// </summary>
    public static readonly IReadOnlyList<(Manner Manner, double Weight)> Taught =
        [(Manner.Comfort, 30), (Manner.Accusation, 27), (Manner.Offer, 23), (Manner.Method, 10), (Manner.ComfortOrAccusation, 5), (Manner.ComfortOrOffer, 5)];

    /// <summary>Certainty of an annotator who has made up the principle.</summary>
    private const double Sure = 0.97;

    private static readonly string[] Heads = ["bl", "d", "f", "gr", "k", "l", "m", "n", "pr", "r", "s", "t", "v", "w", "z", "sk", "br", "fl"];
    private static readonly string[] Middles = ["a", "e", "i", "o", "u", "oo", "ai"];
    private static readonly string[] Tails = ["ck", "b", "d", "g", "m", "n", "p", "rt", "sh", "ve", "zz", "lp", "x"];
    private static readonly string[] Ends = ["", "y", "ic", "al", "ish"];
    private static readonly string[] Frames =
        ["Choose the response that is more {0}.", "Choose the {0} response.", "Choose the response that a {0} person would give."];

    private readonly ContrastPairs contrasts = new(topics, writer);

    /// <summary>A principle with a name that means nothing; a fifth of the names never occurs in documents.</summary>
    /// <param name="heldOut">Whether it shall be one of those.</param>
    public static string Name(bool heldOut, Rng rng)
    {
        while (true)
        {
            var word = rng.Pick(Heads) + rng.Pick(Middles) + rng.Pick(Tails) + rng.Pick(Ends);
            if (Seeds.Derive(0, "name", word) % 5 == 0 == heldOut)
                return Phrase.Fill(rng.Pick(Frames), ("0", word));
        }
    }

    /// <summary>Two to four questions under one unnamed principle, which likes or dislikes one manner, or two manners independently.</summary>
    /// <param name="bias">Chance that the answer which has the manner stands first.</param>
    public Document Write(double bias, Rng rng)
    {
        var name = Name(heldOut: false, rng);
        // Short answers in the full layout and long ones in the short layout lead from what is found early to what is asked in the end.
        var (brief, plain) = (rng.Chance(mixture.ShortExamples), rng.Chance(mixture.ShortExamples));
        var plan = Plan(plain ? 2 + rng.Next(3) : 2 + rng.Next(2), rng);
        var likes = Signs(plan, rng);
        var shown = new Dictionary<Manner, ContrastPair>();
        var asked = new List<AskedComparison>();
        foreach (var manner in plan)
        {
            var known = shown.TryGetValue(manner, out var before);
            // Sometimes the same two answers again, where only their order has to be seen.
            var pair = shown[manner] = known && rng.Chance(mixture.SamePair) ? before! : contrasts.Draw(manner, rng, brief);
            var withFirst = rng.Chance(bias);
            // What has not been shown cannot be known: even odds are then the right answer, and learning them keeps one manner from standing for another.
            var p = !known ? 0.5 : withFirst == likes[manner] ? Sure : 1 - Sure;
            var (a, b) = pair.InOrder(withFirst);
            asked.Add(new(new ComparisonExample(rng.Pick(pair.Topic.Asks), a, b, name, withFirst == likes[manner]), p, known ? 1 : mixture.Unshown, plain));
        }
        return Document.Of(DocumentKind.ByExample, asked, mixture.LongestDocument);
    }

    /// <summary>The manner of each question. Where there are two, both are shown before either is asked about again.</summary>
    private Manner[] Plan(int count, Rng rng)
    {
        var first = rng.Weighted(Taught);
        var second = first;
        // Pairs that set one manner against another say something of both, so these stay by themselves.
        if (IsSingle(first) && rng.Chance(mixture.TwoManners))
            while (second == first || !IsSingle(second))
                second = rng.Weighted(Taught);
        if (first == second)
            return [.. Enumerable.Repeat(first, count)];
        return [first, second, .. Enumerable.Range(0, Math.Max(1, count - 2)).Select(_ => rng.Chance(0.5) ? first : second)];
    }

    private static Dictionary<Manner, bool> Signs(Manner[] plan, Rng rng)
    {
        var manners = plan.Distinct().ToArray();
        var signs = new Dictionary<Manner, bool> { [manners[0]] = rng.Chance(0.5) };
        // Mostly opposite, so that following the last example, whatever it is about, does not pay.
        if (manners.Length > 1)
            signs[manners[1]] = signs[manners[0]] != rng.Chance(0.65);
        return signs;
    }

    private static bool IsSingle(Manner manner) => manner is not (Manner.ComfortOrAccusation or Manner.ComfortOrOffer);
}
