using Cai.Constitutions;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public sealed class DefiningExamplesTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Pipeline pipeline;

    public DefiningExamplesTests() => pipeline = Pipeline.Open(Scale.Quick, seed: 1, output: folder.Path("out"));

    public void Dispose()
    {
        pipeline.Dispose();
        folder.Dispose();
    }

    // Labels are given as (mean over orders, bias), one a prompt; (A) has the manner.
    private static DefinedLabels Labels(bool likes, Wording wording, int examples, params (double Mean, double Bias)[] labels) =>
        new(new(Manner.Comfort, likes, wording, examples), [.. labels.Select((l, i) =>
            new Comparison($"c/{i}", $"p{i}", Dialogue.Ask("?"), "with", "without", "harmless", LabelKind.Soft, l.Mean) { PositionBias = l.Bias })]);

    [Fact]
    public void EffectAndShareRightAreThoseOfTheLabels()
    {
        var study = new DefiningExamples(
        [
            Labels(true, Wording.Examples, 2, (0.9, 0), (0.6, 0.4)), // 0.9 twice, 0.8 and 0.4: three of four right
            Labels(false, Wording.Examples, 2, (0.2, 0), (0.3, 0)), // all right
            Labels(true, Wording.Sentence, 0, (0.4, 0), (0.4, 0)), // all wrong
            Labels(false, Wording.Sentence, 0, (0.4, 0), (0.4, 0)), // all right
        ], []);
        Assert.Equal(0.5, study.Effect(Wording.Examples, 2)!.Value, 12); // 0.75 less 0.25
        Assert.Equal(0, study.Effect(Wording.Sentence, 0)!.Value, 12);
        Assert.Equal(7 / 8.0, study.Right(Wording.Examples, 2)!.Value, 12);
        Assert.Equal(0.5, study.Right(Wording.Sentence, 0)!.Value, 12);
        Assert.Null(study.Right(Wording.Both, 2));
        var claims = Claimed(study, seed: 1).ToDictionary(c => c.Id, c => c.Value);
        Assert.Equal((0.5, null, null), (Math.Round(claims["define-examples"]!.Value, 12), claims["define-both"], claims["define-policy"]));
        // The second label's (A) is preferred by 0.4 more than its (B): 0.2 above one half, in one of four pairs.
        Assert.Contains("0.05", study.Summary().ToText(), StringComparison.Ordinal);
        study.ByExamples().Figures[0].Checked();
        study.ByManner().Checked();
        Assert.NotEmpty(new DefiningExamples([], []).Summary().ToText());
        Assert.NotEmpty(new DefiningExamples([], []).Policies().ToText());
    }

    [Fact]
    public void OnlyTheAnswersOfTheExamplesSayWhatIsLiked()
    {
        foreach (var (manner, _, _) in DefinedConstitution.Manners)
        {
            Constitution Write(bool likes, Wording wording, ExampleAuthor author = ExampleAuthor.Careful) =>
                new DefinedConstitution(manner, likes, wording, 4, author).Write(pipeline);
            IReadOnlyList<ComparisonShot.Worked> Shots(Constitution of) => [.. of.ComparisonExamples.Cast<ComparisonShot.Worked>()];
            var (likes, dislikes) = (Write(true, Wording.Examples), Write(false, Wording.Examples));
            Assert.Equal(likes.Comparison, dislikes.Comparison);
            Assert.Throws<CaiException>(() => pipeline.Oracle.ComparisonPrinciple(likes.Comparison[0].Text));
            foreach (var (a, b) in Shots(likes).Zip(Shots(dislikes)))
            {
                Assert.Equal((a.Better, a.Worse, a.Prompt), (b.Worse, b.Better, b.Prompt));
                Assert.NotEqual(a.BetterIsA, b.BetterIsA); // the same answer is (A)
                Assert.True(Has(manner, a.Better) && !Has(manner, a.Worse));
            }
            Assert.Equal(Shots(likes).Select(s => s.Better), Shots(Write(true, Wording.Both)).Select(s => s.Better));
            // Sentences are the world's, and say the opposite of each other.
            string Sentence(bool liked) => Write(liked, Wording.Both).Comparison[0].Text;
            Assert.NotEqual(Sentence(true), Sentence(false));
            Assert.NotEmpty(pipeline.Oracle.ComparisonPrinciple(Sentence(true)).Weights);
        }

        bool Has(Manner manner, string text)
        {
            var topic = pipeline.World.Topics.First(t => t.Kind == TopicKind.Harmful);
            var read = pipeline.Oracle.Judge(topic, text);
            return manner switch
            {
                Manner.Comfort => read.BoilerplateCount > 0,
                Manner.Accusation => read.Accuses,
                // The offer is of another topic than the one it is judged by here, so it is known by its words.
                Manner.Offer => text.Contains("better idea", StringComparison.Ordinal) || text.Contains("Instead", StringComparison.Ordinal),
                _ => read.GivesMethod || read.WrongMethod,
            };
        }
    }
}
