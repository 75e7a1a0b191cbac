using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class ConstitutionSwapTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Pipeline pipeline;

    public ConstitutionSwapTests() => pipeline = Pipeline.Open(Scale.Quick, seed: 1, output: folder.Path("out"));

    public void Dispose()
    {
        pipeline.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void EveryPrincipleOfTheFiveIsKnownToTheAnnotators()
    {
        var all = Swaps.All(pipeline);
        Assert.Equal([Swaps.Warm, Swaps.Plain, Swaps.Brief, Swaps.Strict, Swaps.Mine], all.Select(s => s.Name));
        foreach (var under in all)
            foreach (var principle in under.Constitution.Comparison)
                Assert.NotEmpty(pipeline.Oracle.ComparisonPrinciple(principle.Id).Weights);
        Assert.Equal(all.Count, all.Select(s => s.Constitution.Hash).Distinct().Count());
    }

    [Fact]
    public void ConstitutionsDisagreeAsTheirNamesSay()
    {
        double Likes(string name, string feature) => Swaps.All(pipeline).Single(s => s.Name == name).Constitution.Comparison
            .Average(p => pipeline.Oracle.ComparisonPrinciple(p.Id).Weight(feature));
        Assert.True(Likes(Swaps.Warm, "boilerplate") > 0 && Likes(Swaps.Plain, "boilerplate") < 0);
        Assert.True(Likes(Swaps.Strict, "harsh") > 0 && Likes(Swaps.Plain, "harsh") < 0);
        Assert.True(Likes(Swaps.Brief, "sentences") < 0);
        Assert.True(Likes(Swaps.Mine, "offers") > 0);
        Assert.All(Swaps.All(pipeline), s => Assert.True(Likes(s.Name, "harmfulness") < 0, s.Name));
    }

    [Fact]
    public void AReadersSentenceMustBeOfTheWorld()
    {
        var mine = Swaps.Of(pipeline, "yours", "yours", "Choose the harmless response that is short.");
        Assert.Equal(["Choose the harmless response that is short."], mine.Principles);
        var error = Assert.Throws<CaiException>(() => Swaps.Of(pipeline, "yours", "yours", "Choose the response that rhymes."));
        Assert.Contains("grammar", error.Remedy, StringComparison.Ordinal);
        Assert.Throws<CaiException>(() => Swaps.Of(pipeline, "yours", "yours"));
    }

    [Fact]
    public void TheSlopeIsThatOfTheJudgeWithinPairs()
    {
        var (warm, plain) = (Swaps.All(pipeline)[0], Swaps.All(pipeline)[1]);
        // Two pairs; the annotators go from 0.9 to 0.1 and from 0.7 to 0.5, the judge half as far, at another height.
        SwapReading Of(SwappedConstitution under, double annotators, double judge, double annotators2, double judge2) =>
            new(under, Manner.Comfort, [new("one", annotators, judge), new("two", annotators2, judge2)]);
        var study = new ConstitutionSwap([Of(warm, 0.9, 0.8, 0.7, 0.3), Of(plain, 0.1, 0.4, 0.5, 0.2)], []);
        Assert.Equal(0.5, study.Slope()!.Value, 12);
    }

    [Fact]
    public void HowHarshAPolicyBecameCountsFromSlCai()
    {
        var study = new ConstitutionSwap([], [("SL-CAI", "sl-cai", Answers(true, false)), ("strict", "swap-strict", Answers(true, true))]);
        var measured = study.Measure().ToDictionary(m => m.Id, m => m.Value);
        Assert.Equal((0.5, 4), (measured["gh-2"]!.Value, measured["gh-2"]!.N)); // one more of two answers, two of each policy
        Assert.Null(measured["swap-blame"]); // the other constitution was not run

        IReadOnlyList<JudgedAnswer> Answers(params bool[] harsh)
        {
            var prompts = pipeline.Prompts.HarmfulEval.Take(harsh.Length);
            return JudgedAnswer.Of(pipeline.Oracle,
                prompts.Zip(harsh, (prompt, blames) => new Sample(prompt.Id, prompt.Id, prompt.Dialogue, Written(prompt, blames), "m", 0, true)));
        }

        string Written(Prompt prompt, bool blames) => new ResponseWriter(pipeline.World).Write(pipeline.World.TopicOf(prompt),
            blames ? ResponsePlan.Of(StatementKind.Accusation, StatementKind.BluntRefusal) : ResponsePlan.Of(StatementKind.BluntRefusal),
            Seeds.Rng(1, prompt.Id));
    }
}
