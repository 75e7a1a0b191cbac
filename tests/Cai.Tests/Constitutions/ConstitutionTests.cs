using Cai.Constitutions;
using Xunit;

namespace Cai.Tests.Constitutions;

public sealed class ConstitutionTests : IDisposable
{
    private const string Small = """
        name: small
        # a comment
        critique:
          - id: rude
            critique_request: Is it rude?
            revision_request: Be polite.
          - id: harm
            critique_request: >-
              Is it
              harmful?
            revision_request: Remove harm.
        comparison:
          - id: kind
            principle: Choose the kinder one.
          - id: harm
            principle: Choose the less harmful one.
        examples:
          critique:
            - {human: Hi, assistant: Go away, principle: rude, critique: It is rude., revision: Hello!}
            - {human: Who, assistant: Me, critique_request: True?, critique: 'Yes.', revision_request: Mend., revision: Me}
          comparison:
            - {human: Hi, better: Hello, worse: Bah}
            - {human: Bye, better: Goodbye, worse: Shoo, principle: kind, reasoning: 'Option {worse} is rude. So {better}.'}
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Save(string yaml)
    {
        var path = Path.Combine(folder.Root, "c.yaml");
        File.WriteAllText(path, yaml);
        return path;
    }

    private Constitution Load(string yaml) => Constitution.Load(Save(yaml));

    [Fact]
    public void EveryFieldIsRead()
    {
        var c = Load(Small);
        Assert.Equal("small", c.Name);
        Assert.Equal([new("rude", "Is it rude?", "Be polite."), new("harm", "Is it harmful?", "Remove harm.")], c.Critique);
        Assert.Equal([new("kind", "Choose the kinder one."), new("harm", "Choose the less harmful one.")], c.Comparison);
        Assert.Equal("Choose the kinder one.", ((ComparisonPrinciple)c.Principle("kind")).Text);
        Assert.Equal("Is it rude?", ((CritiquePrinciple)c.Principle("rude")).CritiqueRequest);
        Assert.Equal("Choose the less harmful one.", c.ComparisonPrinciple("harm").Text);
    }

    [Fact]
    public void CritiquePrefixIsLaidOutWithTheRequestsOfThePrinciple()
    {
        var c = Load(Small);
        const string first =
            "\n\nHuman: Hi\n\nAssistant: Go away\n\nCritiqueRequest: Is it rude?\n\nCritique: It is rude.\n\nRevisionRequest: Be polite.\n\nRevision: Hello!";
        const string second = "\n\nHuman: Who\n\nAssistant: Me\n\nCritiqueRequest: True?\n\nCritique: Yes.\n\nRevisionRequest: Mend.\n\nRevision: Me";
        Assert.Equal(first + second, c.CritiquePrefix());
        Assert.Equal(first, c.CritiquePrefix(1));
        Assert.Equal("\n\nHuman: Hi\n\nAssistant: Go away\n\nRevisionRequest: Be polite.\n\nRevision: Hello!", c.CritiquePrefix(1, direct: true));
        Assert.Equal("", c.WithExamples(0).CritiquePrefix());
        Assert.Equal(first, c.WithExamples(1).CritiquePrefix());
    }

    [Fact]
    public void ComparisonPrefixFillsPrincipleAndOrderFromTheSeed()
    {
        var c = Load(Small).Subset("kind");
        const string head = "\n\nConsider the following conversation between a human and an assistant:\n\nHuman: Hi\n\n\nChoose the kinder one. Options:\n";
        var betterFirst = head + " (A) [[[Hello]]]\n (B) [[[Bah]]]\n\nThe answer is: (A)";
        var worseFirst = head + " (A) [[[Bah]]]\n (B) [[[Hello]]]\n\nThe answer is: (B)";
        var seen = Enumerable.Range(0, 20).Select(i => c.ComparisonPrefix(false, null, 1, $"pair{i}")).ToList();
        Assert.Equal(new HashSet<string> { betterFirst, worseFirst }, [.. seen]);
        Assert.Equal(seen[3], c.ComparisonPrefix(false, null, 1, "pair3"));
    }

    [Fact]
    public void ReasoningNamesTheOptionsAsShown()
    {
        var c = Load(Small);
        const string head =
            "\n\nHuman: Consider the following conversation between a human (H) and an assistant (A):\n\nH: Bye\n\nChoose the kinder one. Options:\n";
        const string middle = "\n\nAssistant: Let's think step by step: ";
        var betterFirst = head + " (A) [[[Goodbye]]]\n (B) [[[Shoo]]]" + middle + "Option (B) is rude. So (A).\n\nHuman:\nSo the answer is: (A)";
        var worseFirst = head + " (A) [[[Shoo]]]\n (B) [[[Goodbye]]]" + middle + "Option (A) is rude. So (B).\n\nHuman:\nSo the answer is: (B)";
        Assert.Equal(new HashSet<string> { betterFirst, worseFirst }, [.. Enumerable.Range(0, 20).Select(i => c.ComparisonPrefix(true, null, 1, $"pair{i}"))]);
    }

    [Fact]
    public void HashFollowsWhatModelsReadAndNothingElse()
    {
        var hash = Load(Small).Hash;
        Assert.Equal(hash, Load(Small.Replace("# a comment", "description: Other words.").Replace("name: small", "name: renamed")).Hash);
        Assert.NotEqual(hash, Load(Small.Replace("Be polite.", "Be very polite.")).Hash);
        Assert.NotEqual(hash, Load(Small.Replace("worse: Bah", "worse: Boo")).Hash);
        Assert.NotEqual(hash, Load(Small).WithExamples(1).Hash);
        Assert.NotEqual(hash, Load(Small).Subset("harm").Hash);
    }

    [Fact]
    public void SubsetKeepsOrderAndBothStages()
    {
        var c = Load(Small).Subset("harm", "rude");
        Assert.Equal(["rude", "harm"], c.Critique.Select(p => p.Id));
        Assert.Equal(["harm"], c.Comparison.Select(p => p.Id));
        Assert.Equal(2, c.CritiqueExamples.Count);
    }

    [Fact]
    public void UnknownPrincipleListsNearOnes()
    {
        var e = Assert.Throws<CaiException>(() => Load(Small).Principle("kindd"));
        Assert.Contains("no principle 'kindd'", e.Message);
        Assert.Contains("'kind'", e.Remedy);
        Assert.DoesNotContain("rude", e.Remedy);
        Assert.Contains("rude, harm, kind", Assert.Throws<CaiException>(() => Load(Small).Subset("zzzzzz")).Remedy);
    }

    [Theory]
    [InlineData("id: harm\n    critique_request", "id: rude\n    critique_request", 7, "critique[1].id 'rude' is used twice")]
    [InlineData("    revision_request: Be polite.\n", "", 4, "critique[0].revision_request is missing")]
    [InlineData("critique_request: Is it rude?", "critique_reqest: Is it rude?", 5, "critique[0].critique_reqest is not a key")]
    [InlineData("principle: rude", "principle: rued", 19, "examples.critique[0].principle 'rued' is not the id")]
    [InlineData("principle: Choose the kinder one.", "principle: ''", 14, "comparison[0].principle is empty")]
    [InlineData("principle: Choose the kinder one.", "principle: [a]", 14, "comparison[0].principle must be a text")]
    [InlineData("'Option {worse} is rude. So {better}.'", "'(A) is best.'", 23, "examples.comparison[1].reasoning names (A) or (B)")]
    [InlineData("better: Hello,", "better: Hello, answer: C,", 22, "examples.comparison[0].answer is 'C'")]
    [InlineData("name: small", "name: small\nname: other", 2, "not YAML")]
    [InlineData("name: small", "name: small: x", 1, "not YAML")]
    [InlineData("name: small", "name: [small", 1, "bracket or brace is not closed")]
    public void MistakesAreNamedWithLineAndKey(string from, string to, int line, string problem)
    {
        Assert.Contains(from, Small.ReplaceLineEndings("\n"));
        var path = Save(Small.ReplaceLineEndings("\n").Replace(from, to));
        var e = Assert.Throws<CaiException>(() => Constitution.Load(path));
        Assert.Contains(problem, e.Message);
        Assert.Equal($"{path}:{line}", e.Where);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("name: x\n")]
    [InlineData("name: x\ncritique: []\n")]
    public void EmptyConstitutionIsRefused(string yaml) =>
        Assert.Contains("constitution is empty", Assert.Throws<CaiException>(() => Load(yaml)).Message);

    [Fact]
    public void MissingFileIsNamed() =>
        Assert.Contains("nowhere.yaml", Assert.Throws<CaiException>(() => Constitution.Load(Path.Combine(folder.Root, "nowhere.yaml"))).Where);

    [Fact]
    public void FixedAnswerAllowsPlainLetters()
    {
        var c = Load(Small.Replace("reasoning: 'Option {worse} is rude. So {better}.'", "answer: B, reasoning: '(A) is rude. So (B).'"));
        Assert.All(Enumerable.Range(0, 10), i =>
            Assert.EndsWith(" (A) [[[Shoo]]]\n (B) [[[Goodbye]]]\n\nAssistant: Let's think step by step: (A) is rude. So (B).\n\nHuman:\nSo the answer is: (B)",
                c.ComparisonPrefix(true, null, 1, $"{i}")));
    }

    [Fact]
    public void ShippedConstitutionIsFoundByName()
    {
        Assert.Equal(Constitution.Load(RepositoryFiles.Path("constitutions", "harmlessness.yaml")).Hash, Constitution.Shipped("harmlessness").Hash);
        Assert.Contains("'harmlessness'", Assert.Throws<CaiException>(() => Constitution.Shipped("harmlesness")).Remedy);
    }

    [Fact]
    public void AboutKeepsThePrincipleAndTheExamplesThatApplyIt()
    {
        var c = Load(Small);
        var kind = c.About("kind");
        Assert.Equal(["kind"], kind.Comparison.Select(p => p.Id));
        Assert.Empty(kind.Critique);
        Assert.Equal(2, kind.ComparisonExamples.Count); // one leaves its principle open, the other applies this one
        Assert.Single(c.About("harm").ComparisonExamples);
        Assert.Contains("Choose the less harmful one.", c.About("harm").ComparisonPrefix(false, null, 1, "any"));
        Assert.Equal(2, c.About("rude").CritiqueExamples.Count); // its own, and the one with requests of its own
        Assert.Single(c.About("harm").CritiqueExamples);
        Assert.Contains("no principle 'none'", Assert.Throws<CaiException>(() => c.About("none")).Message);
        var published = c with { ComparisonExamples = [new ComparisonShot.Verbatim("Example {}", false)] };
        Assert.Equal("Example Choose the kinder one. Options:", published.About("kind").ComparisonPrefix(false, null, 1, "any"));
    }

    [Theory]
    [InlineData("harmlessness", 16, 5)]
    [InlineData("helpfulness", 12, 4)]
    [InlineData("instruction-following", 12, 4)]
    public void ShippedConstitutionIsComplete(string name, int principles, int comparisons)
    {
        var c = Constitution.Shipped(name);
        Assert.Equal(name, c.Name);
        Assert.True(c.Critique.Count >= principles && c.Comparison.Count >= principles);
        Assert.Equal(c.Critique.Count, c.Critique.Select(p => p.CritiqueRequest).Distinct().Count());
        Assert.Equal(c.Comparison.Count, c.Comparison.Select(p => p.Text).Distinct().Count());
        Assert.Equal(5, c.CritiqueExamples.Count);
        Assert.Equal(2, c.CritiqueExamples.OfType<CritiqueShot.Worked>().Count(e => e.Example.Assistant == e.Example.Revision));
        Assert.Equal(comparisons, c.ComparisonExamples.Count(e => e.Reasons));
        Assert.InRange(c.ComparisonExamples.Count(e => !e.Reasons), 4, 5);
        Assert.All(Enumerable.Range(0, 5), i => Assert.DoesNotContain('{', c.ComparisonPrefix(true, null, 1, $"{i}")));
    }
}
