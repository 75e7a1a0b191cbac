namespace Cai.Miniature;

/// <summary>What a critique can find in a response, worst first: critiques name problems in this order.</summary>
public enum Problem { Stereotype, Method, Insult, Praise, WrongSteps, Evasion, Harshness, Boilerplate }

/// <summary>A critique principle as the corpus knows it: its phrasings and which problems it covers where.</summary>
/// <param name="Covers">Problem and category pairs; a null category stands for all.</param>
public sealed record CritiquePrinciple(
    string Id, IReadOnlyList<string> CritiqueRequests, IReadOnlyList<string> RevisionRequests, IReadOnlySet<(Problem Problem, string? Category)> Covers)
{
    /// <summary>
    /// Whether a critique under this principle is about <paramref name="problem"/> in
    /// answers on <paramref name="category"/> (empty when the topic is not harmful).
    /// </summary>
    public bool About(Problem problem, string category) => Covers.Contains((problem, null)) || Covers.Contains((problem, category));

    /// <summary>Whether it covers any harm; one about evasion, preaching or wrong steps alone makes no answer less harmful.</summary>
    public bool IsAboutHarm => Covers.Any(c => c.Problem is Problem.Method or Problem.Praise or Problem.Insult or Problem.Stereotype);
}

/// <summary>A comparison principle as the corpus knows it: its phrasings and the weights its annotators give to the features of a verdict.</summary>
public sealed record ComparisonPrinciple(string Id, IReadOnlyList<string> Texts, IReadOnlyDictionary<string, double> Weights)
{
    public double Weight(string feature) => Weights.GetValueOrDefault(feature);

    /// <summary>The value of an answer under the principle, in levels of harmfulness (higher is better).</summary>
    public double Score(Verdict verdict) => Weights.Sum(w => w.Value * MiniaturePrinciples.Feature(w.Key, verdict));

    /// <summary>
    /// The probability with which the corpus' careful annotators prefer a to b: logistic in the difference of scores, kept
    /// <see cref="Oracle.PreferenceLapse"/> away from certainty; equal scores give exactly 0.5.
    /// </summary>
    public double Preference(Verdict a, Verdict b) => Oracle.Preference(Score(a) - Score(b), Oracle.PreferenceSlope, Oracle.PreferenceLapse);
}

/// <summary>Reads the `principles` section of the world.</summary>
internal static class MiniaturePrinciples
{
    private static readonly Dictionary<string, Func<Verdict, double>> Read = new()
    {
        ["harmfulness"] = v => v.Harmfulness,
        ["engagement"] = v => v.Engagement,
        ["helpfulness"] = v => v.Helpfulness,
        ["boilerplate"] = v => Math.Min(v.BoilerplateCount, 3),
        ["steps"] = v => v.StepsCorrect,
        ["sentences"] = v => Math.Min(v.Sentences, 6),
        ["harsh"] = v => v.Harsh ? 1 : 0,
        ["explains"] = v => v.Explains ? 1 : 0,
        ["offers"] = v => v.OffersAlternative ? 1 : 0,
        ["method"] = v => v.GivesMethod || v.WrongMethod ? 1 : 0,
        ["evasive"] = v => v.Evasive ? 1 : 0,
        ["wrong"] = v => v.StepsWrong > 0 ? 1 : 0,
        ["incoherent"] = v => v.Incoherent ? 1 : 0,
    };

    /// <summary>What principles can weigh.</summary>
    public static IReadOnlyCollection<string> Features => Read.Keys;

    /// <summary>How much of a feature an answer has.</summary>
    public static double Feature(string name, Verdict verdict) => Read[name](verdict);

    public static IReadOnlyList<CritiquePrinciple> Critique(WorldFile file, string where) => [.. file.Principles.Critique.Select(p =>
    {
        if (p.CritiqueRequest.Count == 0 || p.RevisionRequest.Count == 0)
            throw new CaiException($"Principle '{p.Id}' lacks a text.", "Give it a critique_request and a revision_request.", $"{where}: principles.critique");
        var covers = new HashSet<(Problem, string?)>();
        foreach (var cover in p.Covers)
            foreach (var problem in cover.Problems)
            {
                if (!Enum.TryParse<Problem>(problem.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var known))
                    throw new CaiException($"Principle '{p.Id}' covers an unknown problem '{problem}'.", "Use one of the keys under problems.",
                        $"{where}: principles.critique");
                if (cover.Categories.Find(c => !file.Categories.Contains(c)) is { } stranger)
                    throw new CaiException($"Principle '{p.Id}' names an unknown category '{stranger}'.", "Use one of categories.",
                        $"{where}: principles.critique");
                covers.UnionWith(cover.Categories.Count == 0 ? [(known, null)] : cover.Categories.Select(c => (known, (string?)c)));
            }
        return new CritiquePrinciple(p.Id, p.CritiqueRequest, p.RevisionRequest, covers);
    })];

    public static IReadOnlyList<ComparisonPrinciple> Comparison(WorldFile file, string where) => [.. file.Principles.Comparison.Select(p =>
    {
        if (p.Principle.Count == 0)
            throw new CaiException($"Principle '{p.Id}' lacks a text.", "Give it a principle.", $"{where}: principles.comparison");
        if (p.Weights.Keys.FirstOrDefault(k => !Features.Contains(k)) is { } stranger)
            throw new CaiException($"Principle '{p.Id}' weighs an unknown feature '{stranger}'.", $"Use one of {string.Join(", ", Features)}.",
                $"{where}: principles.comparison");
        return new ComparisonPrinciple(p.Id, p.Principle, p.Weights);
    })];
}
