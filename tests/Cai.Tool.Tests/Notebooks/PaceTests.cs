using Cai.Reproduction;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class PaceTests
{
    private readonly HandClock clock = new();

    [Fact]
    public void RateAndTimeLeftComeFromTheLastReports()
    {
        var pace = new Pace(new StageProgress("a", 0, 1000), clock);
        Assert.Equal("0/1000", pace.Describe());
        pace.Report(new StageProgress("a", 500, 1000)); // resumed: half was done before
        for (var i = 1; i <= 40; i++)
        {
            clock.Now += TimeSpan.FromSeconds(2);
            pace.Report(new StageProgress("a", 500 + i, 1000, "x", "items"));
        }
        Assert.Equal(0.5, pace.Rate, 9);
        Assert.Equal(TimeSpan.FromSeconds(920), pace.Left);
        Assert.Equal("540/1000 items, 30/min, 15:20 left, x", pace.Describe());
        clock.Now += TimeSpan.FromSeconds(2);
        pace.Report(new StageProgress("a", 1000, 1000));
        Assert.True(pace.Finished);
        Assert.Equal("1000/1000", pace.Describe());
    }

    [Fact]
    public void LongTimesShowHours()
    {
        var pace = new Pace(new StageProgress("a", 0, 100000), clock);
        clock.Now += TimeSpan.FromSeconds(10);
        pace.Report(new StageProgress("a", 10, 100000, "", "tokens"));
        Assert.Equal("10/100000 tokens, 1/s, 27:46:30 left", pace.Describe());
    }

    [Fact]
    public void AStageThatBeginsBeforeAnotherHasEndedRunsInsideIt()
    {
        var stack = new StageStack(clock);
        void Report(string stage, double done) => stack.Report(new StageProgress(stage, done, 2));
        string Running() => string.Join('/', stack.Running.Select(p => p.Last.Stage));
        Report("outer", 0);
        Report("inner", 1);
        Assert.Equal("outer/inner", Running());
        Report("inner", 2);
        Report("next", 0);
        Assert.Equal("outer/next", Running());
        Report("outer", 1);
        Assert.Equal("outer", Running());
        Report("outer", 2);
        Report("other", 0);
        Assert.Equal("other", Running());
    }
}
