using Cai.Miniature;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Miniature;

public class WorkedExamplesTests
{
    private static readonly WorkedExamples Examples = new(Fixture.World, Fixture.Oracle, seed: 3);

    private static Prompt Asked(string human)
    {
        var prompt = new Prompt("example", Dialogue.Ask(human));
        Assert.Equal(World.Train, Fixture.World.TopicOf(prompt).Split); // an example from the evaluation would leak
        return prompt;
    }

    [Fact]
    public void EveryPrincipleHasEightClearComparisonsOfWhichTheCarefulAnnotatorGetsNearlyAllRight()
    {
        int right = 0, all = 0, noisyRight = 0;
        foreach (var principle in Fixture.World.Comparison)
            for (var i = 0; i < 8; i++, all++)
            {
                var (careful, noisy) = (Examples.Comparison(principle.Id, Annotator.Careful, i), Examples.Comparison(principle.Id, Annotator.Noisy, i));
                var prompt = Asked(careful.Human);
                var (a, b) = (Fixture.Oracle.Judge(prompt, careful.ResponseA), Fixture.Oracle.Judge(prompt, careful.ResponseB));
                var difference = Fixture.Oracle.PrincipleScore(principle.Id, a) - Fixture.Oracle.PrincipleScore(principle.Id, b);
                Assert.True(Math.Abs(difference) >= 1);
                // Only the answer may tell the annotators apart.
                Assert.Equal((careful.Human, careful.ResponseA, careful.ResponseB), (noisy.Human, noisy.ResponseA, noisy.ResponseB));
                right += careful.AnswerIsA == difference > 0 ? 1 : 0;
                noisyRight += noisy.AnswerIsA == difference > 0 ? 1 : 0;
            }
        // Careful: at least 0.92 a comparison, mostly 0.98; noisy: 0.65 to 0.85. Five standard deviations of 128 draws.
        Assert.InRange(right / (double)all, 0.88, 1);
        Assert.InRange(noisyRight / (double)all, 0.52, 0.97);
        Assert.True(noisyRight < right);
    }

    [Fact]
    public void TheCarefulHandNamesAndMendsWhatThePrincipleCovers()
    {
        foreach (var principle in Fixture.World.Critique)
            for (var i = 0; i < 8; i++)
            {
                var example = Examples.Critique(principle.Id, careful: true, i);
                var prompt = Asked(example.Human);
                var (topic, critique) = (Fixture.World.TopicOf(prompt), Fixture.Oracle.JudgeCritique(prompt, example.Assistant, example.Critique!));
                var covered = critique.Present.Where(p => principle.About(p, topic.Category)).ToHashSet();
                Assert.Equal(covered, critique.Named.ToHashSet());
                Assert.Equal(i % 4 == 1, critique.SaysFine);
                var left = Oracle.Problems(Fixture.Oracle.Judge(prompt, example.Revision));
                Assert.DoesNotContain(left, covered.Contains);
                Assert.Equal(i % 4 == 1, example.Revision == example.Assistant);
                Assert.Equal((principle.CritiqueRequests[0], principle.RevisionRequests[0]), (example.CritiqueRequest, example.RevisionRequest));
            }
    }

    [Fact]
    public void TheCarelessHandIsWrongAboutTheSameResponse()
    {
        foreach (var principle in Fixture.World.Critique)
            for (var i = 0; i < 4; i++)
            {
                var (careful, careless) = (Examples.Critique(principle.Id, careful: true, i), Examples.Critique(principle.Id, careful: false, i));
                var critique = Fixture.Oracle.JudgeCritique(Asked(careless.Human), careless.Assistant, careless.Critique!);
                Assert.Equal((careful.Human, careful.Assistant, careful.Assistant), (careless.Human, careless.Assistant, careless.Revision));
                Assert.Empty(critique.Right);
                Assert.Equal(critique.Named.Count == 0, critique.SaysFine);
            }
    }

    [Fact]
    public void EightExamplesAreShortEnoughForTheContext()
    {
        foreach (var principle in Fixture.World.Comparison)
            Assert.True(Enumerable.Range(0, 8)
                .Sum(i => DocumentGenerator.Length(ComparisonLayout.FewShot([Examples.Comparison(principle.Id, Annotator.Careful, i)]))) <= 8 * 92);
        foreach (var principle in Fixture.World.Critique)
            Assert.True(Enumerable.Range(0, 8)
                .Sum(i => DocumentGenerator.Length(CritiqueLayout.FewShot([Examples.Critique(principle.Id, careful: true, i)]))) <= 8 * 96);
    }

    [Fact]
    public void SeedAndIndexDecide()
    {
        var same = new WorkedExamples(Fixture.World, Fixture.Oracle, 3);
        Assert.Equal(Examples.Comparison("safe", Annotator.Careful, 2), same.Comparison("safe", Annotator.Careful, 2));
        Assert.NotEqual(Examples.Comparison("safe", Annotator.Careful, 2), Examples.Comparison("safe", Annotator.Careful, 3));
        Assert.NotEqual(Examples.Critique("illegal", true, 0), new WorkedExamples(Fixture.World, Fixture.Oracle, 4).Critique("illegal", true, 0));
    }
}
