using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Serving;

/// <summary>Notebook 10 on a server: what it shows is what it shows of the folder behind it.</summary>
public sealed class OwnModelOverHttpTests : IDisposable
{
    private readonly Workspace work = new();

    /// <summary>Other tests run commands in this process, whose host writes to where their output went.</summary>
    public OwnModelOverHttpTests() => RunContext.Announce(new RunContext(null, () => CancellationToken.None));

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task AServerGoesThroughEveryStepAsItsFolderDoes()
    {
        await using var served = Served.Start();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, work.Path("out"));
        var options = new OwnModelOptions { MaxTokens = 12, Rounds = 1, FewShot = 0 };
        using var remote = OwnModelStudy.Open(pipeline, options with { Model = served.Address + "#helpful" });
        using var local = OwnModelStudy.Open(pipeline, options with { Model = Served.Folder });
        var setup = remote.Setup().ToText();
        Assert.Contains("a server's weights cannot be trained from here", setup);
        Assert.DoesNotContain(served.Address, setup);

        Assert.Equal((await local.CritiqueAsync()).View.ToText(), (await remote.CritiqueAsync()).View.ToText());
        var (here, there) = (await local.LabelAsync(), await remote.LabelAsync());
        Assert.Equal(here.Own.Select(Texts), there.Own.Select(Texts));
        Assert.All(there.Own, label => Assert.NotNull(label.PositionBias));
        foreach (var (a, b) in here.Own.Zip(there.Own))
            Assert.Equal(a.ProbabilityA!.Value, b.ProbabilityA!.Value, 1e-4);

        // The preference model starts from a folder on this computer.
        var preferences = remote.Train(there);
        Assert.Equal(there.Own.Count, preferences.Pairs + (preferences.HeldOut?.Pairs.Count ?? 0));
        Assert.Contains("prompt tokens", remote.Cost().ToText());
        Assert.Contains("a folder on this computer", local.Cost().ToText());

        static (string, string, string) Texts(Comparison c) => (c.Id, c.ResponseA, c.ResponseB);
    }
}
