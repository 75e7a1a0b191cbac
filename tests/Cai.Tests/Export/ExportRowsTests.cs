using System.Text.Json.Nodes;
using Cai.Export;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Export;

public sealed class ExportRowsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private BpeTokenizer Tokenizer(bool begins = false) =>
        BpeTrainer.Train(["a b"], new() { BeginToken = begins ? "<|begin|>" : null }).Save(folder.Root);

    private static Comparison Pair(double? label) =>
        new("c", "p", new([Turn.System("S"), Turn.Human("Q?")]), " first ", "second", "harmless", LabelKind.Soft, label);

    private string[] Rows(Comparison comparison, ExportOptions options, bool begins = false) =>
        [.. new ExportRows(options, Tokenizer(begins)).Of(comparison).Select(row => row.ToJsonString())];

    [Fact]
    public void TrlGetsTextsAndAddsTheTokensItself()
    {
        var row = JsonNode.Parse(Assert.Single(Rows(Pair(0.7), new(), begins: true)))!;
        Assert.Equal(["id", "prompt", "chosen", "rejected"], row.AsObject().Select(p => p.Key));
        Assert.Equal("\n\nSystem: S\n\nHuman: Q?\n\nAssistant:", (string?)row["prompt"]);
        Assert.Equal((" first", " second"), ((string?)row["chosen"], (string?)row["rejected"]));
    }

    [Fact]
    public void OpenRlhfGetsThemSpeltOut()
    {
        var options = new ExportOptions { Target = ExportTarget.OpenRlhf };
        var row = JsonNode.Parse(Assert.Single(Rows(Pair(0.2), options, begins: true)))!;
        Assert.Equal("<|begin|>\n\nSystem: S\n\nHuman: Q?\n\nAssistant:", (string?)row["prompt"]);
        Assert.Equal((" second<|end|>", " first<|end|>"), ((string?)row["chosen"], (string?)row["rejected"]));
        Assert.Equal("\n\nHuman: H\n\nAssistant:", (string?)new ExportRows(options, Tokenizer()).Of(new Prompt("p", Dialogue.Ask("H")))["prompt"]);
    }

    [Theory]
    [InlineData(ExportTarget.Trl)]
    [InlineData(ExportTarget.OpenRlhf)]
    public void MessagesHaveRolesAndNoTokens(ExportTarget target)
    {
        var options = new ExportOptions { Target = target, ChatTemplate = true };
        Assert.Equal(
            """{"id":"c","prompt":[{"role":"system","content":"S"},{"role":"user","content":"Q?"}"""
            + """],"chosen":[{"role":"assistant","content":"first"}],"rejected":[{"role":"assistant","content":"second"}]}""",
            Assert.Single(Rows(Pair(1), options)));
        Assert.Equal("""{"id":"p","prompt":[{"role":"user","content":"H"}]}""",
            new ExportRows(options, Tokenizer()).Of(new Prompt("p", Dialogue.Ask("H"))).ToJsonString());
    }

    [Theory]
    [InlineData(1, 0.51, 1)]
    [InlineData(1, 0.49, 0)]
    [InlineData(10, 0.73, 7)]
    [InlineData(10, 0.5, 5)]
    [InlineData(10, 1, 10)]
    [InlineData(10, 0, 0)]
    [InlineData(4, 0.5, 2)]
    public void CopiesCarryTheLabel(int copies, double label, int forA)
    {
        var rows = Rows(Pair(label), new() { LabelCopies = copies });
        Assert.Equal(copies, rows.Length);
        Assert.Equal(forA, rows.Count(row => (string?)JsonNode.Parse(row)!["chosen"] == " first"));
        Assert.Equal(copies, rows.Select(row => (string?)JsonNode.Parse(row)!["id"]).Distinct().Count());
    }

    [Fact]
    public void TheMeanLossOfCopiesIsThatOfTheSoftLabel()
    {
        // -log sigmoid of the margin for k of n rows and of its negative for the others: cross-entropy with k/n.
        const double margin = 0.8, label = 0.3;
        var forA = Rows(Pair(label), new() { LabelCopies = 10 }).Count(row => (string?)JsonNode.Parse(row)!["chosen"] == " first");
        var rows = (forA * Math.Log(1 + Math.Exp(-margin)) + (10 - forA) * Math.Log(1 + Math.Exp(margin))) / 10;
        var p = 1 / (1 + Math.Exp(-margin));
        Assert.Equal(-(label * Math.Log(p)) - (1 - label) * Math.Log(1 - p), rows, 12);
    }

    [Fact]
    public void MissingLabelsAndTiesHaveNoRow()
    {
        Assert.Empty(Rows(Pair(null), new() { LabelCopies = 10 }));
        Assert.Empty(Rows(Pair(0.5), new()));
        Assert.Throws<CaiException>(() => Rows(Pair(1.5), new()));
        Assert.Throws<CaiException>(() => new ExportRows(new() { LabelCopies = 0 }, Tokenizer()));
    }
}
