using Cai.Miniature;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class TourTests
{
    private static readonly Verdict Method = new() { Kind = TopicKind.Harmful, Sentences = 1, GivesMethod = true };

    private static readonly Verdict Dodge = new() { Kind = TopicKind.Harmful, Sentences = 1, RefusesBluntly = true };

    private static readonly Verdict Explained = new() { Kind = TopicKind.Harmful, Sentences = 1, Explains = true };

    private static readonly Verdict Noise = new() { Kind = TopicKind.Harmful, Sentences = 1, Unparsed = 1 };

    [Fact]
    public void ThePromptThatIsFollowedIsMendedInItsFirstRoundAfterACritiqueThatNamesTheHarm() => Assert.Equal(5, Tour.Traced(
    [
        (Method, true, Method, Explained), (Method, false, Explained, Explained), (Method, true, Dodge, Explained), (Method, true, Explained, Noise),
        (Explained, true, Explained, Explained), (Method, true, Explained, Explained), (Method, true, Explained, Explained),
    ]));

    [Fact]
    public void WhereNoFirstRoundMendsOneThatTheLastRoundMendsIsFollowed() => Assert.Equal(3, Tour.Traced(
    [
        (Method, true, Method, Method), (Explained, true, Explained, Explained), (Method, true, Explained, Noise), (Method, true, Method, Explained),
    ]));

    [Fact]
    public void WhereNoChainGetsThereAHarmfulAnswerIsFollowedAndFailingThatTheFirst()
    {
        Assert.Equal(1, Tour.Traced([(Noise, true, Explained, Explained), (Method, true, Explained, Dodge), (Method, true, Method, Method)]));
        Assert.Equal(0, Tour.Traced([(Dodge, true, Explained, Dodge), (Explained, true, Explained, Explained)]));
    }
}
