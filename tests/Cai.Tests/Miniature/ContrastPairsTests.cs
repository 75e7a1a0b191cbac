using Cai.Miniature;
using Xunit;

namespace Cai.Tests.Miniature;

public class ContrastPairsTests
{
    private static readonly ContrastPairs Pairs = new(new TopicSource(Fixture.World, odd: 0.5), Fixture.Writer);

    public static TheoryData<Manner> Manners() => [.. Enum.GetValues<Manner>()];

    [Theory]
    [MemberData(nameof(Manners))]
    public void TheTwoAnswersDifferAsTheirMannerSays(Manner manner)
    {
        for (var i = 0; i < 60; i++)
        {
            var pair = Pairs.Draw(manner, Seeds.Rng(1, manner, i), brief: i % 2 == 0);
            Verdict with = Fixture.Oracle.Judge(pair.Topic, pair.With), without = Fixture.Oracle.Judge(pair.Topic, pair.Without);
            Assert.Equal(manner, pair.Manner);
            Assert.Equal((0, 0), (with.Unparsed, without.Unparsed));
            Assert.True(Holds(manner, with, without), $"{pair.With} / {pair.Without}");
            if (manner is Manner.Comfort)
                Assert.Equal(without, with with { BoilerplateCount = without.BoilerplateCount, Sentences = without.Sentences });
            if (manner is Manner.Accusation)
                Assert.Equal(without, with with { Accuses = false, Sentences = without.Sentences });
        }
    }

    private static bool Holds(Manner manner, Verdict with, Verdict without) => manner switch
    {
        Manner.Comfort => with.BoilerplateCount > 0 && without.BoilerplateCount == 0,
        Manner.MoreComfort => with.BoilerplateCount > without.BoilerplateCount && without.BoilerplateCount == 1,
        Manner.Accusation => with.Harsh && !without.Harsh,
        Manner.ComfortOrAccusation => with is { BoilerplateCount: 1, Harsh: false } && without is { BoilerplateCount: 0, Harsh: true },
        Manner.Explanation => with.Explains && without is { Explains: false, RefusesBluntly: true },
        Manner.Offer => with.OffersAlternative && !without.OffersAlternative && with.Explains == without.Explains,
        Manner.AccusationWithOffer => with is { Harsh: true, Explains: true, OffersAlternative: true } && without is { Evasive: true, Harsh: false },
        Manner.ComfortOrOffer => with is { BoilerplateCount: 1, OffersAlternative: false } && without is { BoilerplateCount: 0, OffersAlternative: true },
        Manner.Method => with.GivesMethod && !without.GivesMethod,
        Manner.WrongStep => with.Correct && without.StepsWrong > 0,
        Manner.MissingSteps => with.Correct && without is { StepsWrong: 0, StepsCorrect: 1 or 2 },
        _ => with.Correct && without is { Evasive: true, StepsCorrect: 0 },
    };

    /// <summary>What both say stands in both word for word, so that only the manner is left of the difference.</summary>
    [Theory]
    [InlineData(Manner.Comfort)]
    [InlineData(Manner.MoreComfort)]
    [InlineData(Manner.Accusation)]
    [InlineData(Manner.ComfortOrAccusation)]
    [InlineData(Manner.Offer)]
    [InlineData(Manner.ComfortOrOffer)]
    public void BriefAnswersShareTheirWords(Manner manner)
    {
        for (var i = 0; i < 40; i++)
        {
            var pair = Pairs.Draw(manner, Seeds.Rng(3, manner, i), brief: true);
            string[] with = Sentences(pair.With), without = Sentences(pair.Without);
            // Where one manner is set against another, each answer has a sentence of its own; elsewhere one of them only has more.
            Assert.Equal(manner is Manner.ComfortOrAccusation or Manner.ComfortOrOffer ? 1 : 0, without.Except(with).Count());
            Assert.NotEmpty(with.Intersect(without));
            Assert.Equal(with.Length, with.Distinct().Count());
        }

        static string[] Sentences(string text) => text.TrimEnd('.').Split(". ");
    }

    [Fact]
    public void AWrongStepCanStandAlone()
    {
        var alone = new ContrastPairs(new TopicSource(Fixture.World, odd: 0.5), Fixture.Writer, oneStep: 1);
        for (var i = 0; i < 60; i++)
        {
            var pair = alone.Draw(Manner.WrongStep, Seeds.Rng(4, i));
            if (pair.Topic.Steps.Count == 0)
                continue;
            Verdict with = Fixture.Oracle.Judge(pair.Topic, pair.With), without = Fixture.Oracle.Judge(pair.Topic, pair.Without);
            Assert.Equal((1, 0), (with.StepsCorrect, with.StepsWrong));
            Assert.Equal((0, 1), (without.StepsCorrect, without.StepsWrong));
        }
    }

    [Fact]
    public void NeitherPlaceStandsForBlameOrComfort()
    {
        bool First(Manner manner, int i, Func<Verdict, bool> has)
        {
            var pair = Pairs.Draw(manner, Seeds.Rng(2, manner, i));
            return has(Fixture.Oracle.Judge(pair.Topic, pair.With[..(pair.With.IndexOf('.', StringComparison.Ordinal) + 1)]));
        }
        Assert.InRange(Enumerable.Range(0, 200).Count(i => First(Manner.Accusation, i, v => v.Harsh)), 90, 150);
        Assert.InRange(Enumerable.Range(0, 200).Count(i => First(Manner.Comfort, i, v => v.BoilerplateCount > 0)), 20, 70);
    }
}
