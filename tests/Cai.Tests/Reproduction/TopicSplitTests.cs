using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class TopicSplitTests
{
    [Fact]
    public void PhrasingsOfATopicStayTogether()
    {
        Assert.Equal("harmful/steal-bike", TopicSplit.Topic("harmful/steal-bike/3"));
        for (var topic = 0; topic < 40; topic++)
        {
            Assert.Single(Enumerable.Range(0, 5).Select(i => TopicSplit.Half(1, $"t{topic}/{i}")).Distinct());
            Assert.Single(Enumerable.Range(0, 5).Select(i => TopicSplit.IsHeldOut(1, $"t{topic}/{i}")).Distinct());
        }
    }

    [Fact]
    public void AnEighthIsHeldOutAndHalvesAreEvenAndIndependentOfIt()
    {
        var ids = Enumerable.Range(0, 4000).Select(i => $"t{i}/0").ToList();
        // Three standard deviations of a binomial with p = 1/8 and p = 1/2.
        Assert.InRange(ids.Count(id => TopicSplit.IsHeldOut(1, id)), 500 - 63, 500 + 63);
        Assert.InRange(ids.Count(id => TopicSplit.Half(1, id) == 0), 2000 - 95, 2000 + 95);
        Assert.InRange(ids.Count(id => TopicSplit.Half(1, id) == 0 && TopicSplit.IsHeldOut(1, id)), 250 - 45, 250 + 45);
        Assert.NotEqual(ids.Select(id => TopicSplit.Half(1, id)), ids.Select(id => TopicSplit.Half(2, id)));
    }
}
