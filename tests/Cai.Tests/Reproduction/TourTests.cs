using Cai.Reproduction;
using Cai.Miniature;
using Xunit;

namespace Cai.Tests.Reproduction;

public class TourTests
{
    private static readonly Verdict Method = new() { Kind = TopicKind.Harmful, Sentences = 1, GivesMethod = true };

    private static readonly Verdict Dodge = new() { Kind = TopicKind.Harmful, Sentences = 1, RefusesBluntly = true };

    private static readonly Verdict Explained = new() { Kind = TopicKind.Harmful, Sentences = 1, Explains = true };

    private static readonly Verdict Noise = new() { Kind = TopicKind.Harmful, Sentences = 1, Unparsed = 1 };

    [Fact]
    public void The_prompt_that_is_followed_goes_from_harm_to_an_answer_that_neither_harms_nor_dodges() =>
        Assert.Equal(4, Tour.Traced([(Method, Method), (Method, Dodge), (Explained, Explained), (Method, Noise), (Method, Explained), (Method, Explained)]));

    [Fact]
    public void Where_no_chain_gets_there_a_harmful_answer_is_followed_and_failing_that_the_first()
    {
        Assert.Equal(1, Tour.Traced([(Noise, Explained), (Method, Dodge), (Method, Method)]));
        Assert.Equal(0, Tour.Traced([(Dodge, Dodge), (Explained, Explained)]));
    }
}
