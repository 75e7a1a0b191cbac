using System.Text.Json.Nodes;
using Cai.Models;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class EvaluateFilesTests : IDisposable
{
    private static readonly string Pretrained = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "pretrained");
    private readonly Workspace work = new();

    public EvaluateFilesTests() => TorchSharp.torch.set_num_threads(1);

    public void Dispose() => work.Dispose();

    private const string Pair =
        """{"chosen": "\n\nHuman: How are you?\n\nAssistant: Fine.", "rejected": "\n\nHuman: How are you?\n\nAssistant: Go away from here."}""";
    private const string Question =
        """{"prompt": "Hm?\n (A) one\n (B) two\nThe answer is:", "corrects": [" (B)"], "incorrects": [" (A)"],"""
        + """ "text_correct": "\n\nHuman: q\n\nAssistant: yes", "text_incorrect": "\n\nHuman: q\n\nAssistant: no"}""";
    private const string Released =
        """{"rl_prompt": "\n\nHuman: q\n\nAssistant:","""
        + """ "sampled_answers": [{"sampled_string": " I won't respond\n\nHuman:"}, {"sampled_string": " You are not alone."}]}""";

    [Fact]
    public async Task HumanComparisonsAndQuestionsAreMeasuredBesideTheBaselines()
    {
        var preference = work.Path("pm");
        using (var start = HuggingFaceFolder.Load(Pretrained))
        using (var scalar = ScalarModel.FromLanguageModel(start.Decoder, 1))
            HuggingFaceFolder.SaveScalar(preference, scalar, start.Tokenizer, Pretrained);
        File.WriteAllText(work.Path("hh.jsonl"), string.Join('\n', Pair, "{\"chosen\": \"x\"}", Pair.Replace("Fine", "Well")));
        File.WriteAllText(work.Path("q.jsonl"), Question);
        string[] args = ["evaluate", "--comparisons", work.Path("hh.jsonl"), "--questions", work.Path("q.jsonl"), "--pm", preference, "--model", Pretrained,
            "--out", work.Path("e.json")];
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.Contains("hh.jsonl:2", error);

        (code, var output, error) = await Workspace.Cai([.. args, "--skip-bad"]);
        Assert.True(code == 0, error);
        Assert.Contains("3 rows, 0 of several turns", output);
        Assert.Contains("1 unreadable", output);
        var rows = JsonNode.Parse(File.ReadAllText(work.Path("e.json")))!.AsArray();
        double Value(string model, string kind, string measure) =>
            rows.First(r => (string?)r!["model"] == model && (string?)r["kind"] == kind && (string?)r["measure"] == measure)!["value"]!.GetValue<double>();
        Assert.Equal(1, Value("nobody: baselines", "hh.jsonl", "shorter"));
        Assert.Equal(0, Value("nobody: baselines", "q", "always A"));
        Assert.Equal(1, Value("nobody: baselines", "q", "longer"));
        foreach (var who in new[] { "pm", "pretrained" })
            Assert.InRange(Value(who, "hh.jsonl", "accuracy"), 0, 1);
        Assert.InRange(Value("pretrained", "q", "choice accuracy"), 0, 1);
    }

    [Fact]
    public async Task TheMannersOfNaturalEnglishAreRead()
    {
        File.WriteAllText(work.Path("PALMS_HHRLHF.jsonl"), Released + "\n");
        var (code, output, error) = await Workspace.Cai("evaluate", "--texts", work.Path("PALMS_HHRLHF.jsonl"));
        Assert.True(code == 0, error);
        Assert.Contains("hh-rlhf (2 answers", output);
        Assert.Matches(@"canned refusal\s+0\.500", output);
        Assert.Matches(@"boilerplate\s+0\.500", output);
        Assert.Equal(2, (await Workspace.Cai("evaluate")).Code);
    }
}
