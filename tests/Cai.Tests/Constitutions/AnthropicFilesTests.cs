using System.Text.Json;
using Cai.Constitutions;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Constitutions;

public sealed class AnthropicFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static JsonElement Json(string folder, string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name))).RootElement;

    [Fact]
    public void PublishedCritiquePromptsAreReproducedToTheByte()
    {
        var folder = Fixtures.Path("cai-paper", "prompts");
        var c = Constitution.Load(folder);
        Assert.Equal((16, 16), (c.Critique.Count, c.Comparison.Count));

        var fewShot = string.Concat(Json(folder, "CritiqueRevisionFewShotPrompts.json").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(fewShot, c.CritiquePrefix());
        var prompt = Dialogue.Ask("Hello?");
        foreach (var entry in Json(folder, "CritiqueRevisionInstructions.json").EnumerateObject())
        {
            var principle = c.CritiquePrinciple(entry.Name);
            var ask = fewShot + "\n\nHuman: Hello?\n\nAssistant: Yes." + entry.Value.GetProperty("prompt")[0].GetString();
            Assert.Equal(ask, CritiqueLayout.CritiquePrompt(c.CritiquePrefix(), prompt, "Yes.", principle.CritiqueRequest));
            Assert.Equal(
                ask + " Fine." + entry.Value.GetProperty("edit_request").GetString(),
                CritiqueLayout.RevisionPrompt(c.CritiquePrefix(), prompt, "Yes.", principle.CritiqueRequest, "Fine.", principle.RevisionRequest));
        }
    }

    [Fact]
    public void PublishedComparisonPromptsAreReproducedToTheByte()
    {
        var folder = Fixtures.Path("cai-paper", "prompts");
        var c = Constitution.Load(folder);
        var instructions = Json(folder, "RLMadisonInstructions.json").EnumerateArray().Select(e => e.GetString()!).ToList();
        const string head = "\n\nConsider the following conversation between a human and an assistant:", tail = "\n\nThe answer is:";
        for (var i = 0; i < instructions.Count; i++)
            Assert.Equal(
                head + "\n\nHuman: Hello?\n\n" + instructions[i] + "\n (A) [[[Yes]]]\n (B) [[[No]]]" + tail,
                ComparisonLayout.Question("", Dialogue.Ask("Hello?"), c.Comparison[i].Text, "Yes", "No"));

        // The file leaves order and principle open, so the prefix must be one of the ways to fill them in.
        var rest = c.ComparisonPrefix(false, null, 7, "pair");
        foreach (var example in Json(folder, "RLMadisonFewShotPrompts.json").EnumerateArray())
        {
            var prompt = example.GetProperty("prompt").GetString()![..^"\n\nAssistant:".Length];
            var (good, bad) = (example.GetProperty("corrects")[0].GetString(), example.GetProperty("incorrects")[0].GetString());
            var match = instructions
                .SelectMany(p => new[] { $"{head}{prompt}\n\n{p}\n (A) [[[{good}]]]\n (B) [[[{bad}]]]{tail} (A)",
                    $"{head}{prompt}\n\n{p}\n (A) [[[{bad}]]]\n (B) [[[{good}]]]{tail} (B)" })
                .SingleOrDefault(t => rest.StartsWith(t, StringComparison.Ordinal));
            Assert.NotNull(match);
            rest = rest[match.Length..];
        }
        Assert.Equal("", rest);
    }

    [Fact]
    public void PublishedChainsOfThoughtChangeInTheirSlotOnly()
    {
        var folder = Fixtures.Path("cai-paper", "prompts");
        var c = Constitution.Load(folder).Subset("comparison1");
        var principle = Json(folder, "RLMadisonInstructions.json")[1].GetString()!.TrimStart('\n');
        var expected = string.Concat(Json(folder, "RLMadisonPrecogFewShotPrompts.json").EnumerateArray()
            .Select(e => e.GetProperty("prompt").GetString()!.Replace("{}", principle)));
        Assert.Equal(expected, c.ComparisonPrefix(true, null, 1, "pair"));
    }

    [Fact]
    public void DirectRevisionLeavesTheCritiquesOfPublishedExamplesOut()
    {
        var shot =
            new CritiqueShot.Verbatim("\n\nHuman: a\n\nAssistant: b\n\nCritiqueRequest: c\n\nCritique: d\n\nRevisionRequest: e\n\nRevision: f\n\nHuman:");
        Assert.Equal("\n\nHuman: a\n\nAssistant: b\n\nRevisionRequest: e\n\nRevision: f\n\nHuman:", shot.Text(direct: true));
    }

    [Theory]
    [InlineData("RLMadisonInstructions.json", "[\"\\nChoose well. Options:\", \"Choose.\"]", "[1] does not start with `\\n`")]
    [InlineData("RLMadisonInstructions.json", "[\"\\nChoose well. Options:\",\n 3", "not JSON")]
    [InlineData("RLMadisonInstructions.json", "{}", "another shape")]
    [InlineData("RLMadisonInstructions.json", "[]", "constitution is empty")]
    [InlineData("CritiqueRevisionInstructions.json", """{"harmful0": {"prompt": ["\n\nCritiqueRequest: x\n\nCritique:"]}}""",
        "harmful0.edit_request is missing")]
    [InlineData("CritiqueRevisionInstructions.json", """{"harmful0": {"prompt": [], "edit_request": "x"}}""", "harmful0.prompt is not a list of one text")]
    [InlineData("other.json", "[]", "neither CritiqueRevisionInstructions.json nor")]
    public void OtherShapesAreNamedByKey(string file, string content, string problem)
    {
        File.WriteAllText(Path.Combine(folder.Root, file), content);
        var e = Assert.Throws<CaiException>(() => Constitution.Load(folder.Root));
        Assert.Contains(problem, e.Message);
        Assert.StartsWith(folder.Root, e.Where);
    }

    [Fact]
    public void PromptsOfSeveralTurnsKeepTheirTurns()
    {
        File.WriteAllText(Path.Combine(folder.Root, "RLMadisonInstructions.json"), "[\"\\nChoose well. Options:\"]");
        File.WriteAllText(Path.Combine(folder.Root, "RLMadisonFewShotPrompts.json"),
            """[{"prompt": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\nd\n\nAssistant:", "corrects": ["y"], "incorrects": ["n"]}]""");
        var shot = Assert.IsType<ComparisonShot.Worked>(Assert.Single(Constitution.Load(folder.Root).ComparisonExamples));
        Assert.Equal(new Dialogue([Turn.Human("a"), Turn.Assistant("b"), Turn.Human("c\nd")]), shot.Prompt);
    }
}
