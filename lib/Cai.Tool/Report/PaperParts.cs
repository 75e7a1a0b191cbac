using System.Text.RegularExpressions;
using Cai.Evaluation;

namespace Cai.Tool.Report;

/// <summary>A figure or section of the paper and the claims that it makes.</summary>
/// <param name="Key">`Fig 2` or `4.1`.</param>
/// <param name="Title">What it is about.</param>
internal sealed record PaperPart(string Key, string Title, IReadOnlyList<Claim> Claims)
{
    /// <summary>The group's id on the page.</summary>
    public string Anchor => "part-" + Key.Replace(' ', '-').Replace('.', '-').ToLowerInvariant();

    /// <summary>Whether the brackets at a heading's end name it: `Along RL (Figure 8)`, `Evasive, harsh, repetitive (4.3, 4.4)`.</summary>
    public bool IsNamedIn(string heading)
    {
        var brackets = heading.EndsWith(')') ? heading[(heading.LastIndexOf('(') + 1)..^1] : "";
        var figures = brackets.Contains("Fig", StringComparison.Ordinal);
        return PaperParts.Number().Matches(brackets).Select(number => number.Value)
            .Any(number => Key == (figures && !number.Contains('.') ? "Fig " : "") + number);
    }
}

/// <summary>Claims by the paper's figures and sections: a claim belongs to the first figure that its source names, else to its first section.</summary>
internal static partial class PaperParts
{
    private static readonly (string Key, string Title)[] Known =
    [
        ("Fig 1", "the method"), ("Fig 2", "harmlessness against helpfulness"), ("Fig 3", "against size"), ("Fig 4", "who can tell the better answer"),
        ("Fig 5", "what each revision changes"), ("Fig 6", "how many principles"), ("Fig 7", "with and without critiques"), ("Fig 8", "along RL"),
        ("Fig 9", "calibration of AI labels"), ("Fig 10", "absolute harmfulness"), ("Fig 11", "harder comparisons"), ("Fig 12", "kinds of harm"),
        ("1.2", "the idea of a constitution"), ("3.1", "critiques and revisions"), ("3.2", "training on revisions"), ("3.5", "are critiques needed"),
        ("4.1", "AI feedback"), ("4.2", "preference models and RL"), ("4.3", "over-training and its mends"), ("4.4", "evasiveness"), ("6", "what comes next"),
    ];

    /// <summary>In the paper's order, figures first; what names no known part comes last.</summary>
    public static IReadOnlyList<PaperPart> Of(IReadOnlyList<Claim> claims)
    {
        var byKey = claims.ToLookup(claim => Key(claim.Source));
        return
        [
            .. Known.Where(part => byKey.Contains(part.Key)).Select(part => new PaperPart(part.Key, part.Title, [.. byKey[part.Key]])),
            .. byKey.Contains("other") ? [new PaperPart("other", "elsewhere", [.. byKey["other"]])] : Array.Empty<PaperPart>(),
        ];
    }

    private static string Key(string source)
    {
        var named = Figure().Match(source) is { Success: true } figure ? $"Fig {figure.Groups[1].Value}" : Number().Match(source).Value;
        return Known.Any(part => part.Key == named) ? named : "other";
    }

    [GeneratedRegex(@"\bFig (\d+)")]
    private static partial Regex Figure();

    [GeneratedRegex(@"\d+(?:\.\d)?")]
    internal static partial Regex Number();
}
