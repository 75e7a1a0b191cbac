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
    public void ThePromptThatIsFollowedGoesFromHarmToAnAnswerThatNeitherHarmsNorDodges() =>
        Assert.Equal(4, Tour.Traced([(Method, Method), (Method, Dodge), (Explained, Explained), (Method, Noise), (Method, Explained), (Method, Explained)]));

    [Fact]
    public void WhereNoChainGetsThereAHarmfulAnswerIsFollowedAndFailingThatTheFirst()
    {
        Assert.Equal(1, Tour.Traced([(Noise, Explained), (Method, Dodge), (Method, Method)]));
        Assert.Equal(0, Tour.Traced([(Dodge, Dodge), (Explained, Explained)]));
    }
}
