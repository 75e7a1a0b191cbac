using Cai.Tool.Kernel;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Kernel;

public sealed class StreamBufferTests
{
    private readonly List<string> sent = [];

    private StreamBuffer Buffer() => new(output =>
    {
        lock (sent)
            sent.Add(output is StreamText s ? $"{s.Name}:{s.Text}" : "other");
    });

    [Fact]
    public void TextIsJoinedAndLeavesBeforeAnythingElse()
    {
        var buffer = Buffer();
        foreach (var letter in "abc")
            buffer.Add(new StreamText("stdout", letter.ToString()));
        buffer.Add(new StreamText("stderr", "d"));
        buffer.Add(new DisplayData(MimeBundles.Of(1), "1"));
        buffer.Add(new StreamText("stdout", "e"));
        buffer.Dispose();
        buffer.Add(new StreamText("stdout", "late"));
        buffer.Flush();
        Assert.Equal("stdout:abc stderr:d other stdout:e", string.Join(' ', sent));
    }

    [Fact]
    public async Task TextLeavesByItselfAfterAMoment()
    {
        using var buffer = Buffer();
        buffer.Add(new StreamText("stdout", "a"));
        while (sent.Count == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal(["stdout:a"], sent);
    }

    [Fact]
    public void HalfASurrogatePairWaitsForTheOtherHalf()
    {
        var sent = new List<string>();
        using (var buffer = new StreamBuffer(o => sent.Add(((StreamText)o).Text)))
            foreach (var c in "a😀b\ud83d")
            {
                buffer.Add(new StreamText("stdout", c.ToString()));
                buffer.Flush();
            }
        Assert.Equal(["a", "😀", "b", "\ud83d"], sent);
    }
}
