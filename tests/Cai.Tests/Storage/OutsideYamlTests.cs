using Cai.Constitutions;
using Cai.Miniature;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class OutsideYamlTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private const string Bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n{0}name: n\n";

    public static TheoryData<string, string> Bombs => new()
    {
        { "flow", "name: x\ncritique: " + new string('[', 40_000) },
        { "closed", "name: x\ncritique: " + new string('[', 2_000) + new string(']', 2_000) },
        { "maps", "name: x\ncritique: " + string.Concat(Enumerable.Repeat("{a: ", 10_000)) },
        { "dashes", "name: x\ncritique:\n  " + string.Concat(Enumerable.Repeat("- ", 10_000)) + "x" },
        {
            "aliases", Bomb.Replace("{0}", string.Concat("bcdefghi".Select(
                (c, i) => $"{c}: &{c} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i)}", 9))}]\n")))
        },
        {
            "keys", "? &a [x,x,x,x,x,x,x,x,x]\n: 1\n"
                + string.Concat("bcdefghi".Select((c, i) => $"? &{c} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i)}", 9))}]\n: 1\n"))
        },
        { "self", "name: x\ncritique: &a [*a]\n" },
    };

    /// <summary>A few bytes of YAML cost neither the stack nor the memory, in all files that people write.</summary>
    [Theory]
    [MemberData(nameof(Bombs))]
    public void BombsAreRefusedByName(string name, string yaml)
    {
        var path = folder.File($"{name}.yaml", yaml);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var read in (Action[])[() => Constitution.Load(path), () => WorldFile.Read(path)])
        {
            var error = Assert.Throws<CaiException>(read);
            Assert.Matches("nested deeper than 64|more than 200000 entries|refers to itself", error.Message);
            Assert.StartsWith(path + ":", error.Where);
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    [Fact]
    public void AliasesThatStaySmallAreRead()
    {
        var path = folder.File("c.yaml", """
            name: n
            critique:
              - id: a
                critique_request: &same Say what is wrong.
                revision_request: Mend it.
              - {id: b, critique_request: *same, revision_request: Mend it.}
            """);
        Assert.Equal("Say what is wrong.", Constitution.Load(path).Critique[1].CritiqueRequest);
    }
}
