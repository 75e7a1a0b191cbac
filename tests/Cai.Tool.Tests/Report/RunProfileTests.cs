using Cai.Models;
using Cai.Storage;
using Cai.Tool.Report;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tool.Tests.Report;

public sealed class RunProfileTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private static readonly DecoderConfig Config = new()
    {
        VocabularySize = 10, HiddenSize = 8, Layers = 2, Heads = 2, KvHeads = 1, IntermediateSize = 12, MaxPositions = 16,
    };

    private static void Read(int rows, int time)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        using var model = Decoder.Create(Config, 1);
        model.Logits(model.Hidden(zeros([rows, time], ScalarType.Int64)));
    }

    /// <summary>
    /// By hand: a layer has 8·(2+2)·4 weights for query, key and value, 8·8 for their output, 3·8·12 in its MLP and 2·8 in its norms, the head 10·8.
    /// </summary>
    private const double PerToken = 2 * (2 * (8 * 16 + 8 * 8 + 3 * 8 * 12 + 2 * 8) + 10 * 8);

    [Fact]
    public void TokensOperationsAndTimeBelongToTheStageThatIsComputed()
    {
        using var profile = new RunProfile();
        var store = new RunStore(work.Path("runs"));
        profile.Enter("01-x");
        Read(1, 2);
        var outer = store.OpenStage("e", "outer", new { A = 1 });
        outer.Once(_ =>
        {
            Read(3, 5);
            store.OpenStage("e", "inner", new { A = 1 }).Once(_ => Read(1, 4));
            Read(1, 1);
        });
        outer.Once(_ => Read(9, 9)); // done already
        profile.Leave();
        profile.Enter("02-y");
        profile.Leave();

        var stages = profile.Report.Stages;
        Assert.Equal([("01-x", "inner", 4L), ("01-x", "outer", 16L), ("01-x", RunProfile.Outside, 2L), ("02-y", RunProfile.Outside, 0L)],
            stages.Select(s => (s.Notebook, s.Stage, s.Tokens)));
        Assert.Equal([4 * PerToken, 16 * PerToken, 2 * PerToken, 0], stages.Select(s => s.Operations));
        Assert.All(stages, s => Assert.InRange(s.Seconds, 0, 60));
        Assert.True(profile.Report.PeakOperationsPerSecond > 1e6);
    }

    [Fact]
    public void TheReportDrawsItAndSumsStagesOfOneName()
    {
        var profile = new ProfileReport(100, [new("01-x", "a", 2, 7, 100), new("02-y", "b", 5, 1, 250), new("01-x", "a", 1, 3, 50)]);
        profile.Save(work.Folder);
        Assert.Equal(profile.Stages, ProfileReport.Load(work.Folder)!.Stages);
        var text = profile.Table().ToText().Split('\n');
        Assert.Contains(text, line => line.Contains("02-y") && line.Contains("5.0") && line.Contains("50 %"));
        Assert.Contains(text, line => line.Contains("01-x") && line.Contains("3.0") && line.Contains("10"));
        Assert.Contains(text, line => line.Contains("all") && line.Contains("8.0"));
        Assert.Contains("Where the time went</h1>", File.ReadAllText(ReportPage.Write(work.Folder)));
    }
}
