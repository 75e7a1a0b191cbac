using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ExportCommandTests : IDisposable
{
    private static readonly string Size = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S");
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Theory]
    [InlineData("trl", "--kl_coef 0.03")]
    [InlineData("openrlhf", "--init_kl_coef 0.03")]
    public async Task TheShippedModelIsExportedWithTheSettingsGiven(string to, string flag)
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        Jsonl.Write(work.Path("c.jsonl"), [new Comparison("c", "p", Dialogue.Ask("Hello."), "Hi.", "Go away.", "harmless", LabelKind.Soft, 0.9)]);
        var (code, output, _) = await Workspace.Cai("export", "--to", to, "--model", Path.Combine(Size, "helpful"), "--pm-start", Path.Combine(Size, "pretrained"),
            "--comparisons", work.Path("c.jsonl"), "--prompts", work.Path("p.jsonl"), "--kl", "0.03", "--label-copies", "10", "--out", work.Path("x"));
        Assert.Equal(0, code);
        Assert.Contains("10 preference rows (0 without label and 0 ties left out), 0 held out, 1 prompts", output);
        Assert.Contains(flag, File.ReadAllText(Path.Combine(work.Path("x"), "run.sh")));
        Assert.Equal(10, File.ReadAllLines(Path.Combine(work.Path("x"), "data", "preferences", "train.jsonl")).Length);
        Assert.True(File.Exists(Path.Combine(work.Path("x"), "models", "reward-start", "model.safetensors")));
    }

    [Fact]
    public async Task BadInputIsOneLine()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var (code, _, error) = await Workspace.Cai("export", "--to", "trl", "--model", work.Path("none"), "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"));
        Assert.Equal(2, code);
        Assert.Single(error.Trim().Split('\n'));
        Assert.NotEqual(0, (await Workspace.Cai("export", "--to", "verl", "--model", work.Path("none"), "--prompts", work.Path("p.jsonl"), "--out", work.Path("x"))).Code);
    }
}
