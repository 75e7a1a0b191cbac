using System.Globalization;
using System.Text.RegularExpressions;
using Cai.Constitutions;
using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>A claim apart from what is measured: one entry of `data/paper/claims.yaml`.</summary>
/// <param name="Notebook">Where it is measured and shown.</param>
/// <param name="Study">The class that measures it (<see cref="IStudy{TSelf}"/>).</param>
/// <param name="Source">Section or figure of the paper.</param>
/// <param name="Statement">With `{name}` where a measured word belongs.</param>
/// <param name="Unit">Of the value.</param>
/// <param name="Paper">The paper's value: a quotation, with `{path/to/number}` for what was read off its figures (<see cref="PaperFigures.Resolve"/>).</param>
/// <param name="Direction">
/// Which side of <paramref name="Null"/> the interval must lie on; null for an identity, whose value is at most <paramref name="Null"/> and has no interval.
/// </param>
/// <param name="Null">The bound; null where it is measured too.</param>
/// <param name="AboutPaper">Whether the paper says so; otherwise it goes beyond.</param>
/// <param name="Expected">Whether it is expected to hold at the miniature's sizes: `yes`, or `no, because …`.</param>
/// <param name="Reason">Why it does not hold where it does not, found out after a run; null where nothing was.</param>
public sealed record ClaimDefinition(
    string Id, string Notebook, string Study, string Source, string Statement, string Unit, string Paper, Direction? Direction, double? Null,
    string? Baseline, string? Note, bool AboutPaper, string Expected, string? Reason)
{
    private const string Because = "no, because ";

    /// <summary>`paper` or `beyond`.</summary>
    public string About => AboutPaper ? "paper" : "beyond";

    /// <summary>Why it does not hold, as far as that is known: what was found out, else what was expected.</summary>
    public string? Why => Reason ?? (Expected.StartsWith(Because, StringComparison.Ordinal) ? Expected[Because.Length..] : null);

    /// <summary>What a run found, with an interval that ends where its unit does: Student's, over seeds, knows no such ends.</summary>
    public Claim Bounded(Claim found)
    {
        var (least, most) = Unit switch
        {
            "accuracy" or "probability" => (0.0, 1.0),
            "difference of accuracies" or "difference of shares" or "difference of probabilities" => (-1.0, 1.0),
            _ when Unit.StartsWith("share of ", StringComparison.Ordinal) => (0.0, 1.0),
            _ => (double.NegativeInfinity, double.PositiveInfinity),
        };
        return found with { Low = found.Low is { } low ? Math.Max(low, least) : null, High = found.High is { } high ? Math.Min(high, most) : null };
    }

    /// <summary>What a run found, judged and explained as the file has the claim now: most reasons are found out after a run.</summary>
    public Claim Judge(Claim found) => found with { About = About, Reason = Why, Claimed = Direction, NullValue = Null ?? found.NullValue };
}

/// <summary>
/// All claims of the reproduction, as `data/paper/claims.yaml` states them, to read on its own. The code measures, the file speaks; a
/// claim that is not in the file, or that another study measures than the file says, is an error.
/// </summary>
public sealed partial class ClaimBook
{
    private static readonly string[] Keys =
    [
        "id", "source", "statement", "unit", "paper", "direction", "null", "baseline", "note", "about", "expected", "reason",
    ];

    private readonly Dictionary<string, ClaimDefinition> claims;
    private readonly PaperFigures figures = PaperFigures.Load();

    private ClaimBook(IReadOnlyList<ClaimDefinition> all, IReadOnlyList<string> headlines) =>
        (All, claims, Headlines) = (all, all.ToDictionary(c => c.Id), headlines);

    /// <summary>In the order of the file, which is that of the notebooks.</summary>
    public IReadOnlyList<ClaimDefinition> All { get; }

    /// <summary>Ids of the claims that sum the work up, in the order in which they are read.</summary>
    public IReadOnlyList<string> Headlines { get; }

    /// <summary>Where the file lies beside this assembly.</summary>
    public static string File => Path.Combine(ShippedFiles.Folder, "data", "paper", "claims.yaml");

    /// <summary>Reads the file.</summary>
    /// <exception cref="CaiException">It is missing or broken, or two claims share an id; the message names line and key.</exception>
    public static ClaimBook Load(string? path = null)
    {
        path ??= File;
        var file = YamlMap.Open(path, ["headlines", "studies"], "the file of claims");
        var studies = file?.List("studies", ["notebook", "study", "claims"]) ?? [];
        var entries = studies.SelectMany(study => study.List("claims", Keys).Select(claim => (Study: study, Claim: claim))).ToList();
        var ids = new HashSet<string>();
        foreach (var (_, claim) in entries)
            if (!ids.Add(claim.Text("id")))
                throw claim.Error("id", "occurs twice.", "Give every claim an id of its own: claims.json is merged by it.");
        var headlines = file?.Texts("headlines") ?? [];
        if (headlines.FirstOrDefault(id => !ids.Contains(id)) is { } unknown)
            throw file!.Error("headlines", $"names '{unknown}', which is no claim.", NearNames.Hint(unknown, ids));
        return new ClaimBook([.. entries.Select(e => Read(e.Study, e.Claim))], headlines);
    }

    /// <summary>The claim of this id.</summary>
    /// <exception cref="CaiException">There is none; the message lists near ones.</exception>
    public ClaimDefinition this[string id] => claims.TryGetValue(id, out var found) ? found
        : throw new CaiException($"There is no claim '{id}'.", NearNames.Hint(id, claims.Keys), "data/paper/claims.yaml");

    /// <summary>The paper's value in words, references resolved.</summary>
    /// <exception cref="CaiException">A reference leads nowhere.</exception>
    public string Paper(ClaimDefinition claim) =>
        Place().Replace(claim.Paper, m => m.Groups[1].Value.Contains('/') ? figures.Resolve(m.Groups[1].Value) : m.Value);

    /// <summary>A claim with what one study found about it at one seed.</summary>
    /// <exception cref="CaiException">The file has no such claim, or another study measures it.</exception>
    public Claim State(Measurement found, Type study, long seed)
    {
        var claim = this[found.Id];
        if (claim.Study != study.Name)
            throw new CaiException($"{study.Name} measured a claim of {claim.Study}.", "Correct `study` in the file, or measure it there.",
                $"data/paper/claims.yaml: {claim.Id}");
        string? Filled(string? text) => text is null ? null : Fill(text, found, seed);
        var baseline = found.Baseline ?? Filled(claim.Baseline);
        string?[] notes = [Filled(claim.Note), found.Note, found.Value is null ? "nothing to measure at this scale" : null];
        var note = string.Join("; ", notes.OfType<string>());
        var stated = new Claim(claim.Id, claim.Source, Filled(claim.Statement)!, Filled(Paper(claim))!, null, null, null, 0, [seed], false, baseline,
            note.Length > 0 ? note : null)
        {
            About = claim.About, Reason = claim.Why,
        };
        var bound = claim.Null ?? found.Null ?? double.NaN;
        return found.Value is not { } value ? stated
            : claim.Direction is not { } direction ? stated with { Value = value.Value, N = value.N, Holds = value.Value <= bound, NullValue = bound }
            : Claim.FromInterval(stated.Id, stated.Source, stated.Text, stated.Paper, value, direction, bound, [seed], stated.Baseline, stated.Note)
                with { About = stated.About, Reason = stated.Reason };
    }

    private static ClaimDefinition Read(YamlMap study, YamlMap entry)
    {
        var (bound, expected) = (entry.TextOrNull("null") ?? "0", entry.TextOrNull("expected") ?? "yes");
        if (expected != "yes" && !expected.StartsWith("no, because ", StringComparison.Ordinal))
            throw entry.Error("expected", "is neither `yes` nor `no, because …`.", "Say what was expected at the miniature's sizes before the run.");
        return new ClaimDefinition(
            entry.Text("id"), study.Text("notebook"), study.Text("study"), entry.Text("source"), entry.Text("statement"),
            entry.Text("unit"), entry.Text("paper"),
            entry.Text("direction") switch
            {
                "greater" => Direction.Greater,
                "less" => Direction.Less,
                "identity" => null,
                _ => throw entry.Error("direction", "is none of greater, less, identity.", "An identity has no interval: its value must be at most `null`."),
            },
            bound == "measured" ? null : double.TryParse(bound, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
                : throw entry.Error("null", "is neither a number nor `measured`.", "It is the value that the interval must exclude."),
            entry.TextOrNull("baseline"), entry.TextOrNull("note"),
            (entry.TextOrNull("about") ?? "paper") switch
            {
                "paper" => true,
                "beyond" => false,
                _ => throw entry.Error("about", "is neither paper nor beyond.", "Say whether the paper states it."),
            },
            expected, entry.TextOrNull("reason"));
    }

    private static string Fill(string text, Measurement found, long seed) => Place().Replace(text, m =>
        m.Groups[1].Value == "seed" ? seed.ToString(CultureInfo.InvariantCulture)
        : found.Words.TryGetValue(m.Groups[1].Value, out var word) ? Convert.ToString(word, CultureInfo.InvariantCulture)!
        : throw new CaiException($"The place '{m.Value}' was not measured.", "Give the word with the measurement.", $"data/paper/claims.yaml: {found.Id}"));

    [GeneratedRegex(@"\{([^{}]+)\}")]
    private static partial Regex Place();
}
