using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Figures;
using Cai.Tool.Commands;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Report;

/// <summary>What every figure of the committed notebooks must offer its readers.</summary>
public partial class NotebookFiguresTests
{
    public static TheoryData<string> Notebooks =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root(), "notebooks"), "*.ipynb").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void CaptionsSayNAndWhatTheIntervalsAre(string name)
    {
        foreach (var figure in Figures(name))
        {
            var (title, caption) = (Lines(figure)[0], Lines(figure)[^1]);
            Assert.True(caption.Contains("formula", StringComparison.OrdinalIgnoreCase) || (Digit().IsMatch(caption) && Interval().IsMatch(caption)),
                $"{name}, {title}: {caption}");
            Assert.NotNull(figure[Mime.Plotly]);
        }
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void IntervalsAreDrawnWhereTheCaptionPromisesThem(string name)
    {
        foreach (var figure in Figures(name))
        {
            var promised = Promise().IsMatch(Lines(figure)[^1]);
            var drawn = figure[Mime.Plotly]!["data"]!.AsArray().Any(
                trace => (trace!["error_y"] ?? trace["error_x"]) is not null || (string?)trace["fill"] == "toself");
            Assert.True(drawn || !promised, $"{name}: {Lines(figure)[0]}");
        }
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void PicturesAreSmallEnoughToBeCommitted(string name)
    {
        foreach (var figure in Figures(name))
            Assert.InRange(Convert.FromBase64String(NotebookCell.Join(figure[Mime.Png])).Length, 1_000, 60 * 1024);
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void EveryNotebookAsksItsReaderToPredictAndAnswers(string name)
    {
        var cells = NotebookDocument.Load(Path.Combine(Repository.Root(), "notebooks", name)).Cells;
        var asked = cells.ToList().FindIndex(cell => cell.Source.Contains("Predict, then run", StringComparison.Ordinal));
        Assert.True(asked >= 0 && cells.Skip(asked).Any(cell => cell.IsCode), name);
        Assert.True(cells.Skip(asked).Any(cell => cell.Source.Contains("<summary>Answer</summary>", StringComparison.Ordinal)), $"{name}: no answer");
    }

    private static IEnumerable<JsonObject> Figures(string name) => NotebookDocument.Load(Path.Combine(Repository.Root(), "notebooks", name)).Cells
        .SelectMany(cell => cell.Outputs).Select(output => output["data"]).OfType<JsonObject>().Where(data => data.ContainsKey(Mime.Png));

    private static string[] Lines(JsonObject figure) => NotebookCell.Join(figure[Mime.Plain]).Split('\n');

    [GeneratedRegex("[0-9]")]
    private static partial Regex Digit();

    [GeneratedRegex("interval|95 %")]
    private static partial Regex Interval();

    [GeneratedRegex("bands?:? |bars?:? 95|bars are 95|bands are")]
    private static partial Regex Promise();
}
