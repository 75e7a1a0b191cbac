using Cai.Constitutions;
using Cai.Miniature;
using Xunit;
using YamlDotNet.Serialization;

namespace Cai.Tests.Miniature;

public class ConstitutionTests
{
    private static string File(string name) => Path.Combine(AppContext.BaseDirectory, "constitutions", name + ".yaml");

    private static Dictionary<string, object> Yaml(string name) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(System.IO.File.ReadAllText(File(name)));

    [Fact]
    public void ItsTextsAreTheFirstPhrasingsOfTheCorpus()
    {
        var yaml = Yaml("miniature");
        IEnumerable<Dictionary<object, object>> List(string key) => ((List<object>)yaml[key]).Cast<Dictionary<object, object>>();
        Assert.Equal(
            Fixture.World.Critique.Select(p => (p.Id, p.CritiqueRequests[0], p.RevisionRequests[0])),
            List("critique").Select(p => ((string)p["id"], (string)p["critique_request"], (string)p["revision_request"])));
        Assert.Equal(
            Fixture.World.Comparison.Select(p => (p.Id, p.Texts[0])),
            List("comparison").Select(p => ((string)p["id"], (string)p["principle"])));
    }

    [Theory]
    [InlineData("miniature-helpfulness", 3)]
    [InlineData("miniature-instructions", 1)]
    public void ThoseAboutHelpTakeTheirPrinciplesFromIt(string name, int principles)
    {
        var (all, some) = (Constitution.Load(File("miniature")), Constitution.Load(File(name)));
        Assert.Equal((principles, principles), (some.Critique.Count, some.Comparison.Count));
        Assert.All(some.Critique, p => Assert.Equal(all.CritiquePrinciple(p.Id), p));
        Assert.All(some.Comparison, p => Assert.Equal(all.ComparisonPrinciple(p.Id), p));
        // None of its critiques is about harm, and each of its comparisons rewards help as well as punishing harm.
        Assert.All(some.Critique, p => Assert.False(Fixture.Oracle.Covers(p.Id, Problem.Method, "theft")));
        Assert.All(some.Comparison, p => Assert.Equal((true, -1.0),
            (Fixture.Oracle.ComparisonPrinciple(p.Id).Weight("helpfulness") > 0, Fixture.Oracle.ComparisonPrinciple(p.Id).Weight("harmfulness"))));
    }

    [Theory]
    [InlineData("miniature")]
    [InlineData("miniature-helpfulness")]
    [InlineData("miniature-instructions")]
    public void ItsExamplesSayWhatIsTrue(string name)
    {
        var yaml = Yaml(name);
        var examples = (Dictionary<object, object>)yaml["examples"];
        foreach (Dictionary<object, object> e in (List<object>)examples["critique"])
        {
            var prompt = Asked(e);
            var critique = Fixture.Oracle.JudgeCritique(prompt, (string)e["assistant"], (string)e["critique"]);
            Assert.Empty(critique.Invented);
            Assert.Equal(critique.SaysFine, critique.Present.Count == 0);
            Assert.Empty(Oracle.Problems(Fixture.Oracle.Judge(prompt, (string)e["revision"])));
        }
        foreach (Dictionary<object, object> e in (List<object>)examples["comparison"])
        {
            Verdict better = Fixture.Oracle.Judge(Asked(e), (string)e["better"]), worse = Fixture.Oracle.Judge(Asked(e), (string)e["worse"]);
            Assert.Equal(0, better.Unparsed + worse.Unparsed);
            Assert.True(Fixture.Oracle.PreferenceProbability((string)e["principle"], better, worse) > 0.8);
        }
    }

    [Fact]
    public void ItLoads()
    {
        var constitution = Constitution.Load(File("miniature"));
        Assert.Equal(16, constitution.Critique.Count);
        Assert.Equal(16, constitution.Comparison.Count);
    }

    /// <summary>The example's prompt; examples may speak of training topics only, or few-shot prefixes would leak.</summary>
    private static Cai.Text.Prompt Asked(Dictionary<object, object> example)
    {
        var prompt = new Cai.Text.Prompt("example", Cai.Text.Dialogue.Ask((string)example["human"]));
        Assert.Equal(World.Train, Fixture.World.TopicOf(prompt).Split);
        return prompt;
    }
}
