using Cai.Figures;
using Cai.Tool.Notebooks;
using Cai.Tool.Report;
using SkiaSharp;
using Xunit;

namespace Cai.Tool.Tests.Report;

public sealed class FigureSheetTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public void TheFirstFiguresOfTheNotebooksStandOnOnePicture()
    {
        Executed("01-x.ipynb", Figure("one"), Figure("two"), Figure("three"), Figure("four"), Figure("five"));
        Executed("02-y.ipynb", new Dictionary<string, System.Text.Json.Nodes.JsonNode> { ["text/plain"] = "no picture" });
        Executed("03-z.ipynb", Figure("three"));
        using var sheet = SKBitmap.Decode(FigureSheet.Write(work.Folder));
        // Three of the first fill the three columns of 760; the only one of the third stands below one of them, and both notebooks have a title of 30.
        var picture = SKBitmap.Decode(Convert.FromBase64String(Figure("one")[Mime.Png].GetValue<string>()));
        var height = picture.Height * 760f / picture.Width;
        Assert.Equal((14 + 3 * 774, (int)Math.Ceiling(2 * (14 + height) + 30) + 14), (sheet.Width, sheet.Height));
    }

    [Fact]
    public void WithoutFiguresThereIsNoSheet()
    {
        Assert.Null(FigureSheet.Write(work.Folder));
        work.Notebook("notebooks/01-x.ipynb", "1");
        Assert.Null(FigureSheet.Write(work.Folder));
    }

    [Fact]
    public void ADamagedPictureIsNamed()
    {
        Executed("01-x.ipynb", MimeBundles.Single(Mime.Png, "not base64!"));
        Assert.Contains("01-x.ipynb", Assert.Throws<CaiException>(() => FigureSheet.Write(work.Folder)).Where);
    }

    private static IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode> Figure(string title) =>
        MimeBundles.Of(new Figure(title, new Axis("x"), new Axis("y"), [new LineSeries("a", [new(0, 1), new(1, 2)])]) { Caption = "n = 2" });

    private void Executed(string name, params IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode>[] bundles)
    {
        var path = work.Notebook("notebooks/" + name, "1");
        var notebook = NotebookDocument.Load(path);
        foreach (var bundle in bundles)
            notebook.Cells[0].Add(new DisplayData(bundle, "shown"));
        notebook.Save(path);
    }
}
