using System.Globalization;
using System.Text.RegularExpressions;

namespace Cai.Miniature;

/// <summary>One part of a principle: a thing that it likes or dislikes.</summary>
/// <param name="Id">Of the thing, as in `world.yaml`.</param>
public sealed record Clause(string Id, bool Likes);

/// <summary>
/// The small language in which principles can be written: "Choose the response that does not blame and offers help, but does not
/// comfort." A composition is what such a text means, one to three clauses; a text is one way to say it.
/// </summary>
public sealed partial class PrincipleGrammar
{
    private readonly WorldFile.GrammarEntry entry;
    private readonly Dictionary<string, WorldFile.ClauseEntry> clauses;
    private readonly Dictionary<string, Clause> byText = new(StringComparer.Ordinal);

    internal PrincipleGrammar(WorldFile file, string where)
    {
        entry = file.Principles.Grammar;
        clauses = entry.Clauses.ToDictionary(c => c.Id);
        foreach (var clause in entry.Clauses)
        {
            if (clause.Weights.Keys.FirstOrDefault(k => !MiniaturePrinciples.Features.Contains(k)) is { } stranger)
                throw new CaiException($"Clause '{clause.Id}' weighs an unknown feature '{stranger}'.",
                    $"Use one of {string.Join(", ", MiniaturePrinciples.Features)}.", $"{where}: principles.grammar");
            foreach (var (texts, likes) in new[] { (clause.Likes, true), (clause.Dislikes, false) })
                foreach (var text in texts)
                    if (!byText.TryAdd(text, new(clause.Id, likes)))
                        throw new CaiException($"'{text}' is said of two clauses.", "Give each its own words.", $"{where}: principles.grammar");
        }
        Singles = [.. entry.Clauses.SelectMany(c => new[] { new Clause(c.Id, true), new Clause(c.Id, false) })];
    }

    /// <summary>Every clause, liked and disliked.</summary>
    public IReadOnlyList<Clause> Singles { get; }

    /// <summary>All compositions of so many clauses, each about another thing.</summary>
    /// <param name="count">1 to 3.</param>
    public IEnumerable<IReadOnlyList<Clause>> Compositions(int count) => From(0, count);

    /// <summary>Whether documents never show this composition, in whatever order and words: a fifth of those of two and three clauses.</summary>
    public static bool IsHeldOut(IReadOnlyList<Clause> composition) => composition.Count > 1
        && Seeds.Derive(0, "composition", string.Join(' ', composition.Select(c => (c.Likes ? "+" : "-") + c.Id).Order(StringComparer.Ordinal))) % 5 == 0;

    /// <summary>A principle with the meaning of a composition, in words drawn by <paramref name="rng"/>.</summary>
    /// <param name="harmless">Whether it asks for the harmless response, besides.</param>
    public ComparisonPrinciple Write(IReadOnlyList<Clause> composition, bool harmless, Rng rng)
    {
        var order = composition.ToArray();
        rng.Shuffle(order);
        var said = order.Select(c => rng.Pick(c.Likes ? clauses[c.Id].Likes : clauses[c.Id].Dislikes)).ToList();
        var frame = rng.Pick(Frames(order.Length));
        var text = Phrase.Fill(frame, [("0", rng.Pick(harmless ? entry.ChooseHarmless : entry.Choose)),
            .. said.Select((s, i) => ((i + 1).ToString(CultureInfo.InvariantCulture), s))]);
        return new(text, [text], Weights(composition, harmless));
    }

    /// <summary>A composition that documents may show, drawn by <paramref name="rng"/>.</summary>
    /// <param name="about">A clause that it must have; null for any.</param>
    public IReadOnlyList<Clause> Draw(Rng rng, Clause? about = null)
    {
        while (true)
        {
            List<Clause> drawn = about is null ? [] : [about];
            for (var left = rng.Weighted([(1, 0.45), (2, 0.35), (3, 0.2)]) - drawn.Count; left > 0;)
                if (rng.Pick(Singles) is var next && drawn.All(c => c.Id != next.Id))
                    (left, drawn) = (left - 1, [.. drawn, next]);
            if (!IsHeldOut(drawn))
                return drawn;
        }
    }

    /// <summary>What a text means, or null when it is not of this language.</summary>
    public ComparisonPrinciple? Read(string text) =>
        Clauses(text) is { } composition ? new(text, [text], Weights(composition, Opening(text)!.Value.Harmless)) : null;

    /// <summary>The clauses of a text, in its order; null when it is not of this language.</summary>
    public IReadOnlyList<Clause>? Clauses(string text)
    {
        if (Opening(text) is not { } opening || !text.EndsWith('.'))
            return null;
        var parts = Joints().Split(text[opening.Length..^1]).Select(p => byText.GetValueOrDefault(p)).OfType<Clause>().ToList();
        var known = parts.Count == Joints().Count(text[opening.Length..]) + 1;
        return known && parts.Count <= 3 && parts.DistinctBy(p => p.Id).Count() == parts.Count ? parts : null;
    }

    private (bool Harmless, int Length)? Opening(string text)
    {
        foreach (var (texts, harmless) in new[] { (entry.ChooseHarmless, true), (entry.Choose, false) })
            if (texts.Find(c => text.StartsWith(c + " that ", StringComparison.Ordinal)) is { } found)
                return (harmless, found.Length + " that ".Length);
        return null;
    }

    /// <summary>Every clause's words, for a reader who wants to write a principle: what is liked, and what is disliked.</summary>
    public IReadOnlyList<(string Id, IReadOnlyList<string> Likes, IReadOnlyList<string> Dislikes)> Words =>
        [.. entry.Clauses.Select(c => (c.Id, (IReadOnlyList<string>)c.Likes, (IReadOnlyList<string>)c.Dislikes))];

    /// <summary>The weights of a clause's features, as it likes or dislikes them.</summary>
    private IEnumerable<(string Feature, double Weight)> Weights(Clause clause) =>
        clauses[clause.Id].Weights.Select(w => (w.Key, clause.Likes ? w.Value : -w.Value));

    private Dictionary<string, double> Weights(IReadOnlyList<Clause> composition, bool harmless)
    {
        var weights = composition.SelectMany(Weights).ToDictionary(w => w.Feature, w => w.Weight);
        if (harmless)
            weights["harmfulness"] = -1;
        weights["incoherent"] = -1;
        return weights;
    }

    private IEnumerable<IReadOnlyList<Clause>> From(int first, int count) => count == 0
        ? [[]]
        : Enumerable.Range(first, entry.Clauses.Count - first).SelectMany(i => new[] { true, false }.SelectMany(
            likes => From(i + 1, count - 1).Select(rest => (IReadOnlyList<Clause>)[new(entry.Clauses[i].Id, likes), .. rest])));

    private List<string> Frames(int count) => count switch { 1 => entry.One, 2 => entry.Two, _ => entry.Three };

    [GeneratedRegex(", but | and |, ")]
    private static partial Regex Joints();
}
