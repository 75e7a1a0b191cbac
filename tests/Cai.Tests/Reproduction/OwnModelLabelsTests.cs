using Cai.Feedback;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class OwnModelLabelsTests
{
    /// <summary>A label as the labeller combines it from P(A | A first) and P(A | B first).</summary>
    private static Comparison Label(string id, double aFirst, double bFirst, string a = "aaaa", string b = "bb") =>
        new(id, id, Dialogue.Ask("q"), a, b, "harmless", LabelKind.Soft, (aFirst + bFirst) / 2) { PositionBias = aFirst - bFirst };

    [Theory]
    [InlineData(0.9, 0.9, 0.5, false)] // sees the answers
    [InlineData(0.9, 0.1, 0.9, true)] // sees the letter (A)
    [InlineData(0.2, 0.8, 0.2, true)] // sees the letter (B)
    [InlineData(0.7, 0.6, 0.55, false)]
    public void BothOrdersAreReadFromALabel(double aFirst, double bFirst, double first, bool flips)
    {
        var orders = BothOrders.Of(Label("p", aFirst, bFirst))!;
        Assert.Equal(aFirst, orders.AFirst, 1e-12);
        Assert.Equal(bFirst, orders.BFirst, 1e-12);
        Assert.Equal(first, orders.First, 1e-12);
        Assert.Equal(flips, orders.Flips);
        Assert.Null(BothOrders.Of(Label("p", aFirst, bFirst) with { ProbabilityA = null }));
        Assert.Null(BothOrders.Of(Label("p", aFirst, bFirst) with { PositionBias = null }));
    }

    [Fact]
    public async Task ALabelAskedInBothOrdersGivesBackWhatTheModelSaid()
    {
        // Says (A) with probability 0.8 whatever stands there, and with 0.9 when the good answer does.
        var judge = new ScriptedModel { LogProb = (prompt, option) => Math.Log(option == " (A)" ? Share(prompt) : 1 - Share(prompt)) };
        var label = (await new Labeller(judge, Cai.Constitutions.Constitution.Shipped("harmlessness"), new LabelOptions { BothOrders = true, FewShot = 0 })
            .RunAsync([new ResponsePair("p/0", new Prompt("p", Dialogue.Ask("q")), "good", "bad")]))[0];
        var orders = BothOrders.Of(label)!;
        Assert.Equal((0.9, 0.2), (Math.Round(orders.AFirst, 9), Math.Round(orders.BFirst, 9)));
        Assert.Equal(0.85, orders.First, 1e-9);
        Assert.True(orders.Flips);

        static double Share(string prompt) => prompt.Contains("(A) [[[good") ? 0.9 : 0.8;
    }

    [Fact]
    public void TablesCountVerdictsThatFollowTheLetter()
    {
        var labels = new OwnModelLabels(
            [Label("1", 0.9, 0.8), Label("2", 0.9, 0.2), Label("3", 0.3, 0.7), Label("4", 0.4, 0.2),
                Label("5", 0.5, 0.5) with { ProbabilityA = null, Missing = "no reason" }],
            [Label("6", 0.9, 0.9), Label("7", 0.8, 0.1)], new HashSet<string> { "6" });
        // Own: first = .55 .85 .3 .6, mean .575; pairs 2 and 3 flip; only pair 2 says (A) twice. Written: .5, .85; pair 7 flips, to (A).
        var text = labels.PositionBias().ToText();
        var rows = text.Split('\n').Where(l => l.StartsWith("its own", StringComparison.Ordinal) || l.StartsWith("written", StringComparison.Ordinal)).ToList();
        string[] found = ["0.575", "0.5 [", "0.25 [", "0.675", "0.5 [", "0.5 ["];
        Assert.Equal(6, rows.Count);
        foreach (var (row, number) in rows.Zip(found))
            Assert.Contains(number, row);
        Assert.Contains("1 labels could not be read and are left out (no reason)", text);
        // All six readable pairs: (.575·4 + .5 + .85) / 6, and three of six flip.
        Assert.Equal(3.65 / 6, labels.Bias!.Value.First.Value, 1e-9);
        Assert.Equal((0.5, 6), (labels.Bias!.Value.Flips.Value, labels.Bias!.Value.Flips.N));
    }

    [Fact]
    public void AccuracyIsAgainstTheKnownAnswer()
    {
        // Better is A in 1 and 2, B in 3 and 4. Asked once (A first): right, right, wrong, right. Both orders: right, wrong, wrong, right.
        var labels = new OwnModelLabels([], [Label("1", 0.9, 0.9), Label("2", 0.6, 0.1), Label("3", 0.9, 0.8), Label("4", 0.2, 0.3, a: "x", b: "yyyy")],
            new HashSet<string> { "1", "2" });
        var rows = labels.Knowledge().ToText().Split('\n');
        Assert.Contains("0.75", rows.Single(r => r.StartsWith("this model, asked once", StringComparison.Ordinal)));
        Assert.Contains("0.5 ", rows.Single(r => r.StartsWith("this model, both orders", StringComparison.Ordinal)));
        Assert.Contains("0.5 ", rows.Single(r => r.StartsWith("always (A)", StringComparison.Ordinal)));
        // Longer is A in 1 to 3 and B in 4: right in 1, 2 and 4.
        Assert.Contains("0.75", rows.Single(r => r.StartsWith("the longer answer", StringComparison.Ordinal)));
        // Half right, the best fixed answer (longer) three quarters.
        Assert.Equal(-0.25, labels.Margin()!.Value, 1e-9);
        Assert.Equal([1, 1, 0, 0], labels.Truth.Select(t => t.ProbabilityA!.Value));
        Assert.Null(new OwnModelLabels([], [], new HashSet<string>()).Margin());
        Assert.Null(new OwnModelLabels([], [], new HashSet<string>()).Bias);
    }

    [Fact]
    public void TheWrittenPairsAndPromptsAreWhatTheyClaim()
    {
        var pairs = KnownPair.Shipped();
        Assert.InRange(pairs.Count(p => p.Better.Length > p.Worse.Length) / (double)pairs.Count, 0.4, 0.6);
        Assert.Equal(pairs.Count, pairs.Select(p => p.Id).Distinct().Count());
        var prompts = OwnPrompts.Shipped("harmful").Concat(OwnPrompts.Shipped("benign")).ToList();
        Assert.Equal(prompts.Count, prompts.Select(p => p.Id).Distinct().Count());
        Assert.Equal(prompts.Count + pairs.Count, prompts.Select(p => p.Dialogue.LastHuman()).Concat(pairs.Select(p => p.Prompt)).Distinct().Count());
        Assert.Equal(["benign", "harmful"], prompts.Select(p => p.Kind).Distinct().Order());
    }
}
