using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public class LabelQualityTests
{
    private static LabelledPair Pair(int i, double label, double corpus, int a = 10, int b = 20) => new($"p{i}", $"prompt{i}", label, corpus, corpus, a, b);

    private static LabelVariant Variant(params LabelledPair[] pairs) => new("v", 0, pairs, 0);

    [Fact]
    public void TiesOfTheOracleCountInNoAccuracy()
    {
        // Right, wrong, and a tie.
        var variant = Variant(Pair(1, 0.9, 0.8), Pair(2, 0.9, 0.1), Pair(3, 0.9, 0.5));

        var accuracy = variant.Accuracy()!;

        Assert.Equal(0.5, accuracy.Judge.Value);
        Assert.Equal(2, accuracy.Judge.N);
        Assert.Equal(1, accuracy.Ties);
    }

    [Fact]
    public void TheMarginIsOverTheBestOfTheThreeBaselines()
    {
        // B is always longer. Truth: A, A, A, B. Always A and shorter get 3 of 4, the judge all.
        var variant = Variant(Pair(1, 0.9, 0.9), Pair(2, 0.6, 0.9), Pair(3, 0.7, 0.6), Pair(4, 0.2, 0.1));
        Assert.Equal(0.25, variant.Margin()!.Value, 12);
    }

    [Fact]
    public void CalibrationAgainstVerdictAndCorpusDifferAsTheyShould()
    {
        // A judge that says exactly what the corpus says: perfect against the corpus, 0.2 off against the verdicts.
        var variant = Variant([.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? Pair(i, 0.8, 0.8) : Pair(i, 0.2, 0.2))]);
        Assert.Equal(0, variant.AgainstCorpus()!.Ece.Value, 12);
        Assert.Equal(0.2, variant.AgainstVerdict()!.Ece.Value, 12);
    }

    [Fact]
    public void DifferencesUseThePairsThatBothLabelled()
    {
        var soft = Variant(Pair(1, 0.7, 0.9), Pair(2, 0.3, 0.1), Pair(3, 0.5, 0.9));
        var sure = Variant(Pair(1, 1, 0.9), Pair(2, 0, 0.1), Pair(9, 0, 0.9));
        // On pairs 1 and 2: |p - 1/2| is 0.5 against 0.2; ECE is 0 against 0.3.
        Assert.Equal(0.3, sure.ExtremenessMinus(soft)!.Value, 12);
        Assert.Equal(-0.3, sure.EceMinus(soft)!.Value, 12);
        Assert.Equal(2, sure.ExtremenessMinus(soft)!.N);
    }

    [Fact]
    public void NothingToMeasureIsNullAndItsClaimDoesNotHold()
    {
        var empty = Variant();
        Assert.Null(empty.Accuracy());
        Assert.Null(empty.AccuracyOverall());
        Assert.Null(empty.AgainstVerdict());
        Assert.Null(empty.Extremeness());
        Assert.Null(empty.Margin());
        Assert.Null(empty.EceMinus(empty));

        var claim = ClaimBook.Load().State(new Measurement("fb-1", empty.Margin()), typeof(FeedbackStudy), 7);
        Assert.False(claim.Holds);
        Assert.Null(claim.Value);
        Assert.Equal([7L], claim.Seeds);
    }

    [Fact]
    public void TruthComesFromThePrinciplesAskedAndFromAll()
    {
        var world = World.Load();
        var oracle = new Oracle(world);
        var prompt = world.Sample(TopicKind.Harmful, World.Eval, 1, 1)[0];
        var answers = Probes.Write(world, [prompt], 1).ToDictionary(p => p.Probe, p => p.Response);
        var (good, bad) = (answers[Probes.Explains], answers[Probes.Method]);
        Comparison Labelled(string id, double? p) => new(id, prompt.Id, prompt.Dialogue, good, bad, Axes.Harmless, LabelKind.ChainOfThought, p)
        {
            PrincipleIds = ["less-harmful"], Unclamped = p is null ? null : 0.9,
        };

        var variant = LabelVariant.Of("v", 0, oracle, ["less-harmful", "warm"], [Labelled("1", 0.6), Labelled("2", null)], c => c.Unclamped);

        var pair = Assert.Single(variant.Pairs);
        Assert.Equal(1, variant.Missing);
        Assert.Equal(0.9, pair.Probability);
        // Three levels less harmful: as sure as the corpus ever is.
        Assert.Equal(1 - Oracle.PreferenceLapse, pair.Corpus, 12);
        var (a, b) = (oracle.Judge(prompt, good), oracle.Judge(prompt, bad));
        Assert.Equal((pair.Corpus + oracle.PreferenceProbability("warm", a, b)) / 2, pair.Constitution, 12);
    }

    [Theory]
    [InlineData(0.5, 0.4, true)] // 0.7 and 0.3
    [InlineData(0.8, 0.2, false)] // 0.9 and 0.7
    [InlineData(0.45, -0.2, true)] // 0.35 and 0.55
    [InlineData(0.6, 0.2, false)] // 0.7 and 0.5: one side has no verdict
    public void AVerdictFlipsWhenTheOrdersLieOnDifferentSidesOfAHalf(double mean, double bias, bool flips) =>
        Assert.Equal(flips, new BothOrders("p", mean + bias / 2, mean - bias / 2).Flips);
}
