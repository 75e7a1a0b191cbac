using Cai.Tool.Commands;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class SafeWriterTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task NothingThatIsWrittenReachesTheTerminalAsACommand()
    {
        using var text = new StringWriter { NewLine = "\n" };
        var safe = new SafeWriter(text);
        safe.WriteLine("a\u001b[31mb\u001b]0;title\u0007");
        safe.Write('\u009b');
        safe.Write(['x', '\u202e', 'y'], 0, 3);
        safe.Write(7);
        await safe.WriteLineAsync("\u001bc");
        safe.WriteLine();
        Assert.Equal("a\\u001b[31mb\\u001b]0;title\\u0007\n\\u009bx\\u202ey7\\u001bc\n\n", text.ToString());
    }

    /// <summary>Names, keys and words of files stand in messages; none may carry an escape.</summary>
    [Theory]
    [InlineData("{\"prompt\": \"a\", \"x\\u001b]0;owned\\u0007\": 1}\n{\"\\u001b[2J\": 2}\n")]
    [InlineData("{\"prompt\": 5, \"\\u001b[31m\": 1}\n")]
    [InlineData("\u001b[2Jnot json\n")]
    [InlineData("{\"id\": \"\\u001b[31mred\\u202e\", \"prompt\": \"\"}\n{\"id\": \"\\u001b[31mred\\u202e\", \"prompt\": \"\"}\n")]
    public async Task ErrorsOfFilesAreSafeToShow(string lines)
    {
        File.WriteAllText(work.Path("p.jsonl"), lines);
        var (_, output, error) = await Workspace.Cai("convert", work.Path("p.jsonl"), "--of", "prompts", "--out", work.Path("o.csv"));
        Assert.All(output + error, c => Assert.True(c is '\n' or '\r' or '\t' || !char.IsControl(c) && c != '\u202e', $"U+{(int)c:X4}"));
        (_, output, error) = await Workspace.Cai("run", work.Path("\u001b[31mno\u202e.ipynb"));
        Assert.NotEmpty(error);
        Assert.All(output + error, c => Assert.True(c is '\n' or '\r' or '\t' || !char.IsControl(c) && c != '\u202e', $"U+{(int)c:X4}"));
    }
}
