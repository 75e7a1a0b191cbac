using Cai.Tool.Commands;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ProgressLineTests
{
    [Fact]
    public void WithoutATerminalItWritesOneLineAnInterval()
    {
        var clock = new HandClock();
        using var text = new StringWriter { NewLine = "\n" };
        using (var line = ProgressLine.StartPlain("labelling", "pairs", 40, text, clock))
            for (var done = 1; done <= 40; done++)
            {
                clock.Now += TimeSpan.FromSeconds(0.6);
                line.Report(done);
            }
        Assert.Equal("labelling: 17/40 pairs, 10 s\nlabelling: 34/40 pairs, 20 s\n", text.ToString());
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
