using Cai.Figures;
using Cai.Generation;
using Cai.Reproduction;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public sealed class OutsideFilesTests : IDisposable
{
    private static readonly OutsideFiles None = new(null, null);
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private void Put(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.Path(name))!);
        folder.File(name, text);
    }

    [Fact]
    public void WithoutFilesEveryTableSaysSoAndNoClaimIsMade()
    {
        Assert.Contains("data/README.md", None.Report().ToText());
        var study = new PaperSamplesStudy(None);
        Assert.Contains("not here", study.AnswerFaults().ToText());
        Assert.Contains("not here", study.Detectors().ToText());
        Assert.Null(study.AnswerFaultsDrawn());
        Assert.Equal(0, study.Examples().RowCount);
        Assert.Empty(Claimed(study));
        var judgements = new OutsideJudgements(None);
        Assert.Contains("not here", judgements.Contents().ToText());
        Assert.Equal(0, judgements.Baselines().RowCount);
        Assert.Null(judgements.BaselinesDrawn());
    }

    [Fact]
    public void FilesAreFoundUnderTheirPublishedNames()
    {
        Put("ConstitutionalHarmlessnessPaper/samples/PALMS_HRLHF.jsonl", "");
        Put("ConstitutionalHarmlessnessPaper/samples/PALMS_SLMADISON.jsonl", "");
        Put("ConstitutionalHarmlessnessPaper/evals/438HHHEvaluations.jsonl", "");
        Put("hh-rlhf/helpful-base/test.jsonl.gz", "");
        Put("hh-rlhf/helpful-base/train.jsonl.gz", "");
        var files = OutsideFiles.In(folder.Path());
        Assert.Equal(["PALMS_HRLHF.jsonl"], files.SampleFiles.Select(Path.GetFileName));
        Assert.Equal(["438HHHEvaluations.jsonl"], files.QuestionFiles.Select(Path.GetFileName));
        Assert.Equal(["test.jsonl.gz"], files.ComparisonFiles.Select(Path.GetFileName));
        Assert.Equal(("helpful", "harmless"), (OutsideFiles.AxisOf(files.ComparisonFiles[0]), OutsideFiles.AxisOf("a/harmless-base/test.jsonl")));
        Assert.Contains("PALMS_HRLHF.jsonl", files.Report().ToText());
        Assert.Equal(new OutsideFiles(null, null), OutsideFiles.In(folder.Path("hh-rlhf")));
    }

    [Fact]
    public void ThePapersSamplesBearOutWhatItSaysAboutEvasionAndBoilerplate()
    {
        var study = new PaperSamplesStudy(new OutsideFiles(Fixtures.Path("cai-paper"), null));
        Assert.Equal(["helpful-rlhf", "hh-rlhf", "rl-cai", "rl-cai-cot"], study.Reports.Select(r => r.Model));
        Assert.Equal(["own-01", "own-02", "own-03"], Claimed(study).Select(c => c.Id));
        Assert.All(Claimed(study), c => Assert.True(c.Holds, c.ToString()));
        Assert.NotNull(study.AnswerFaultsDrawn()!.Checked());
        Assert.InRange(study.Examples().RowCount, 10, 16);
        Assert.Equal(9, study.Quality.Count);
    }

    [Fact]
    public void WhatNeedsNoJudgeIsDrawnFileByFile()
    {
        // Two answers, of which the right one is (B) and the longer; and three kinds, of which the first is right.
        Put("paper/evals/two.jsonl", """{"prompt": "?\n (A) x\n (B) yyy\nThe answer is:", "corrects": [" (B)"], "incorrects": [" (A)"], """
            + """ "text_correct": "\n\nHuman: q\n\nAssistant: yyy", "text_incorrect": "\n\nHuman: q\n\nAssistant: x"}""");
        Put("paper/evals/kinds.jsonl", """{"prompt": "?\n (A) x\n (B) y\n (C) z\nThe answer is:", "corrects": [" (A)"], "incorrects": [" (B)", " (C)"]}""");
        var figure = new OutsideJudgements(new OutsideFiles(folder.Path("paper"), null)).BaselinesDrawn()!.Checked();
        var bars = figure.Series.Cast<BarSeries>().ToDictionary(series => series.Name, series => series.Bars.Select(bar => bar?.Value));
        Assert.Equal(["two (n=1)", "kinds (n=1)"], figure.Categories);
        Assert.Equal([0, 1], bars["always A"]);
        Assert.Equal([1, null], bars["the longer"]);
        Assert.Equal([0, null], bars["the shorter"]);
    }

    [Fact]
    public async Task AJudgeIsAskedWhatFitsIntoItsContext()
    {
        Put("paper/evals/q.jsonl", """{"prompt": "?\n (A) x\n (B) y\nThe answer is:", "corrects": [" (B)"], "incorrects": [" (A)"]}""" + "\n"
            + """{"prompt": "LONG\n (A) x\n (B) y\nThe answer is:", "corrects": [" (A)"], "incorrects": [" (B)"]}""".Replace("LONG", new string('z', 80)));
        using var model = Tiny.Model();
        var table = await new OutsideJudgements(new OutsideFiles(folder.Path("paper"), null)).JudgeAsync(new LocalModel(model, new Tiny.Letters()));
        Assert.Equal(1, table.RowCount);
        // One asked, one too long for 64 positions.
        Assert.Matches(@"q\s+1\s+1\s", table.ToText());
    }
}
