using System.Text.RegularExpressions;
using Cai.Evaluation;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public partial class ClaimBookTests
{
    private static readonly ClaimBook Book = ClaimBook.Load();

    /// <summary>The code of the studies, where the tests run inside the repository.</summary>
    private static readonly Lazy<Dictionary<string, string>> Sources =
        new(() => Directory.GetFiles(Path.Combine(Repository(), "lib", "Cai", "Reproduction"), "*.cs", SearchOption.AllDirectories)
        .ToDictionary(file => file, File.ReadAllText));

    [Fact]
    public void EveryClaimIsMeasuredInExactlyOnePlaceAndThatIsItsStudy()
    {
        foreach (var claim in Book.All)
        {
            var places = Sources.Value.Where(s => s.Value.Contains($"\"{claim.Id}\"", StringComparison.Ordinal)).ToList();
            var (file, code) = Assert.Single(places);
            Assert.True(Regex.IsMatch(code, $@"\b(class|record) {claim.Study}\b"),
                $"{claim.Id} is measured in {Path.GetFileName(file)}, which has no {claim.Study}");
            Assert.Single(Occurrences().Matches(code), m => m.Groups[1].Value == claim.Id);
        }
    }

    [Fact]
    public void EveryStudyIsOneAndMeasuresOnlyWhatTheFileHas()
    {
        var studies = typeof(ClaimBook).Assembly.GetTypes().Where(
            t => Array.Exists(t.GetInterfaces(), i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IStudy<>))).Select(t => t.Name).ToHashSet();
        Assert.All(Book.All.Select(c => c.Study).Distinct(), study => Assert.Contains(study, studies));
        var measured = Sources.Value.Values.SelectMany(code => Measurements().Matches(code)).Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(measured);
        Assert.All(measured, id => Assert.Equal(id, Book[id].Id));
    }

    [Fact]
    public void EveryNotebookOfAClaimIsThere()
    {
        var notebooks = Directory.GetFiles(Path.Combine(Repository(), "notebooks"), "*.ipynb").Select(Path.GetFileNameWithoutExtension).ToHashSet();
        Assert.All(Book.All, claim => Assert.Contains(claim.Notebook, notebooks));
        // A study's folder is named as its notebook.
        Assert.All(Book.All, claim => Assert.Contains(Sources.Value,
            s => s.Key.Contains($"{Path.DirectorySeparatorChar}{claim.Notebook}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && s.Value.Contains($"\"{claim.Id}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void EveryReferenceIntoThePapersFiguresResolves()
    {
        foreach (var claim in Book.All)
            Assert.False(Book.Paper(claim).Contains('/', StringComparison.Ordinal) && Book.Paper(claim).Contains('{', StringComparison.Ordinal),
                $"{claim.Id}: {Book.Paper(claim)}");
        Assert.Contains(Book.All, claim => Book.Paper(claim) != claim.Paper);
    }

    [Fact]
    public void EveryClaimSaysInWhichUnitItIs() => Assert.All(Book.All, claim => Assert.DoesNotContain('?', claim.Unit));

    [Theory]
    [InlineData("{id: a, source: s, statement: t, unit: u, paper: p, direction: up}", "direction")]
    [InlineData("{id: a, source: s, statement: t, unit: u, paper: p, direction: less, null: few}", "null")]
    [InlineData("{id: a, source: s, statement: t, unit: u, paper: p, direction: less, about: us}", "about")]
    [InlineData("{id: a, source: s, statement: t, unit: u, paper: p, direction: less, expected: perhaps}", "expected")]
    [InlineData("{id: a, source: s, statement: t, unit: u, paper: p, direction: less, units: m}", "units")]
    public void WhatCannotBeReadNamesFileLineAndKey(string entry, string key)
    {
        var error = Assert.Throws<CaiException>(() => Of(entry));
        Assert.Contains(key, error.Message);
        Assert.Matches(@"claims\.yaml:\d+", error.Message);
    }

    [Fact]
    public void TwoClaimsOfOneIdAreRefused() => Assert.Contains("occurs twice", Assert.Throws<CaiException>(() => Of(Entry, Entry)).Message);

    [Fact]
    public void AMeasurementOfAnotherStudyOrWithoutItsWordsIsRefused()
    {
        var book = Of("{id: a, source: s, statement: 'after {n} rounds', unit: u, paper: p, direction: less}");
        Assert.Contains("measured a claim of Some", Assert.Throws<CaiException>(() => book.State(new("a", null), typeof(int), 1)).Message);
        Assert.Contains("{n}", Assert.Throws<CaiException>(() => book.State(new("a", null), typeof(Some), 1)).Message);
        Assert.Contains("no claim 'b'", Assert.Throws<CaiException>(() => book.State(new("b", null), typeof(Some), 1)).Message);
    }

    [Fact]
    public void AClaimHoldsOnItsSideOfTheBoundAndAnIdentityUpToIt()
    {
        var value = new Interval(1, 0.5, 2, 10, 5);
        Assert.True(Of(Entry).State(new("a", value), typeof(Some), 3).Holds);
        Assert.False(Of(Entry.Replace("greater", "less", StringComparison.Ordinal)).State(new("a", value), typeof(Some), 3).Holds);
        Assert.False(Of(Entry[..^1] + ", null: measured}").State(new("a", value) { Null = 0.7 }, typeof(Some), 3).Holds);
        var identity = Of(Entry.Replace("greater", "identity", StringComparison.Ordinal)[..^1] + ", null: 1e-5}");
        Assert.Equal((true, null, 10),
            (identity.State(new("a", value with { Value = 1e-6 }), typeof(Some), 3) is var claim ? claim.Holds : default, claim.Low, claim.N));
        Assert.False(identity.State(new("a", value), typeof(Some), 3).Holds);
    }

    [Theory]
    [InlineData("share of answers", 0.0, 1.0)]
    [InlineData("difference of shares", -1.0, 1.0)]
    [InlineData("Elo", -1.5, 1.25)]
    public void AnIntervalEndsWhereItsUnitDoes(string unit, double low, double high)
    {
        var book = Of(Entry.Replace("unit: u", $"unit: {unit}", StringComparison.Ordinal));
        var found = book["a"].Bounded(book.State(new("a", new Interval(0.5, -1.5, 1.25, 10, 5)), typeof(Some), 3));
        Assert.Equal((low, high), (found.Low, found.High));
    }

    [Fact]
    public void WithoutAValueItIsStatedAndDoesNotHold()
    {
        var claim = Of(Entry[..^1] + ", note: a caveat, baseline: b}").State(new("a", null) { Note = "measured" }, typeof(Some), 3);
        Assert.Equal((null, false, "a caveat; measured; nothing to measure at this scale", "b"), (claim.Value, claim.Holds, claim.Note, claim.Baseline));
    }

    [Theory]
    [InlineData("fig10_absolute_harmfulness/RL-CAI/T1/-1", "0.65")]
    [InlineData("fig10_absolute_harmfulness/RL-CAI/T1/0:0.0", "1.8")]
    [InlineData("fig2_52B_helpfulness_harmlessness_elo/helpful_RLHF/*/1:0", "-64 to -11")]
    [InlineData("fig2_52B_helpfulness_harmlessness_elo/SL-CAI/*/1:0", "0")]
    public void ReferencesReadNumbersAndRanges(string reference, string expected) => Assert.Equal(expected, PaperFigures.Load().Resolve(reference));

    [Theory]
    [InlineData("fig10_absolute_harmfulness/nobody/T1")]
    [InlineData("fig10_absolute_harmfulness/RL-CAI/T1/9")]
    [InlineData("fig4_accuracy_438/HH_PM_human_feedback/0")] // the paper shows none there
    public void AReferenceThatLeadsNowhereIsAnError(string reference) =>
        Assert.Contains(reference, Assert.Throws<CaiException>(() => PaperFigures.Load().Resolve(reference)).Message);

    private const string Entry = "{id: a, source: s, statement: t, unit: u, paper: p, direction: greater}";

    private sealed class Some;

    private static ClaimBook Of(params string[] entries)
    {
        using var folder = new TempFolder();
        var file = folder.Path("claims.yaml");
        File.WriteAllText(file, "studies:\n- notebook: 00-tour\n  study: Some\n  claims:\n" + string.Concat(entries.Select(e => $"  - {e}\n")));
        return ClaimBook.Load(file);
    }

    private static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return folder.FullName;
        throw new InvalidOperationException("The tests do not lie in the repository.");
    }

    [GeneratedRegex("\"([a-z0-9-]+)\"")]
    private static partial Regex Occurrences();

    [GeneratedRegex("yield return new\\(\"([a-z0-9-]+)\"")]
    private static partial Regex Measurements();
}
