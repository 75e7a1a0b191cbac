using Cai.Constitutions;
using Cai.Critique;
using Cai.Feedback;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text;

/// <summary>The stages' queries in a chat model's own layout.</summary>
public sealed class ChatLayoutTests
{
    private static readonly ChatTemplateFormat Chat = new(
        new ChatTemplate("{% for m in messages %}<{{ m.role[0] }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"),
            ["<u>", "<a>", "<s>", "</>"]);

    private static readonly Constitution Law = new("law", "", [new("a", "Find a.", "Mend a.")], [new("kind", "Choose the kinder one.")])
    {
        CritiqueExamples = [new CritiqueShot.Worked(new CritiqueExample("H", "A", "CR", "C", "RR", "R"))],
        ComparisonExamples = [new ComparisonShot.Worked(Dialogue.Ask("H"), "good", "bad", BetterIsA: true),
            new ComparisonShot.Worked(Dialogue.Ask("H"), "good", "bad", Reasoning: "R.", BetterIsA: true)],
    };

    [Fact]
    public async Task CritiqueAndRevisionAreAskedForInTurns()
    {
        var model = new ScriptedModel { Answer = (r, _) => r.Id.EndsWith("critique", StringComparison.Ordinal) ? " Bad. " : " Good." };
        var sample = new Sample("p/m/0", "p", new([Turn.System("S"), Turn.Human("Q?")]), "first</>", "m", 0, true);
        var loop = new CritiqueLoop(model, Law, new() { Rounds = 1 }, Chat);
        var revisions = await loop.RunAsync([sample], cancel: TestContext.Current.CancellationToken);
        const string examples = "<s>S</><u>H</><a>A</><u>CR</><a>C</><u>RR</><a>R</>";
        var before = examples + "<u>Q?</><a>first<" + ControlTokens.Guard + "/></><u>Find a.</><a>";
        var requests = model.Sampled.SelectMany(batch => batch).ToList();
        Assert.Equal([before, before + "Bad.</><u>Mend a.</><a>"], requests.Select(r => r.Prompt));
        Assert.All(requests, r => Assert.True(r.ControlTokens));
        Assert.Equal("Good.", Assert.Single(revisions).After);
        var transcript = loop.Transcript(revisions, "p");
        Assert.Contains("<a>first</></><u>Find a.</>", transcript);
    }

    [Fact]
    public async Task DirectRevisionAsksForNoCritique()
    {
        var model = new ScriptedModel();
        await new CritiqueLoop(model, Law, new() { Rounds = 1, Direct = true, FewShot = 0 }, Chat)
            .RunAsync([new Sample("p/m/0", "p", Dialogue.Ask("Q?"), "first", "m", 0, true)], cancel: TestContext.Current.CancellationToken);
        Assert.Equal("<u>Q?</><a>first</><u>Mend a.</><a>", Assert.Single(Assert.Single(model.Sampled)).Prompt);
    }

    [Fact]
    public void PublishedExamplesBecomeTurnsThatAlternate()
    {
        // Four of Anthropic's five end with a dangling tag, and the next begins with another.
        var turns = CritiqueLayout.Turns("Human: H1\n\nAssistant: A\n\nwith two lines\n\nCritiqueRequest: CR\n\nCritique: C\n\nRevisionRequest: "
            + "RR\n\nRevision: R\n\nHuman:\n\nHuman: H2\n\nAssistant: A2");
        Assert.Equal([Turn.Human("H1"), Turn.Assistant("A\n\nwith two lines"), Turn.Human("CR"), Turn.Assistant("C"), Turn.Human("RR"), Turn.Assistant("R"),
            Turn.Human("H2"), Turn.Assistant("A2")], turns);
        Assert.Equal([Turn.Human("x\n\ny"), Turn.Assistant("z")], CritiqueLayout.Turns("\n\nHuman: x\n\nHuman: y\n\nAssistant: z"));
        Assert.Empty(CritiqueLayout.Turns(""));
    }

    [Fact]
    public async Task AComparisonIsAskedByTheHumanAndBegunByTheAssistant()
    {
        var model = new ScriptedModel();
        var labeller = new Labeller(model, Law, new() { ShuffleOrder = false, FewShot = 0 }, Chat);
        await labeller.RunAsync([new("1", new Prompt("p", Dialogue.Ask("Q?")), "x", "y")], cancel: TestContext.Current.CancellationToken);
        var request = Assert.Single(Assert.Single(model.Scored));
        Assert.Equal("<u>Consider the following conversation between a human and an assistant:\n\nHuman: Q?\n\n\nChoose the kinder one. Options:\n (A) "
            + "[[[x]]]\n (B) [[[y]]]</><a>The answer is:", request.Prompt);
        Assert.Equal([" (A)", " (B)"], request.Continuations);
        Assert.True(request.ControlTokens);
    }

    [Fact]
    public async Task AChainOfThoughtStaysInTheAssistantsTurn()
    {
        var model = new ScriptedModel { Answer = (_, _) => " x is kinder. " };
        var labeller = new Labeller(model, Law, new() { Kind = LabelKind.ChainOfThought, ShuffleOrder = false, FewShot = 0 }, Chat);
        await labeller.RunAsync([new("1", new Prompt("p", Dialogue.Ask("Q?")), "x", "y")], cancel: TestContext.Current.CancellationToken);
        var asked = Assert.Single(Assert.Single(model.Sampled));
        Assert.Equal("<u>Consider the following conversation between a human (H) and an assistant (A):\n\nH: Q?\n\nChoose the kinder one. Options:\n (A) "
            + "[[[x]]]\n (B) [[[y]]]</><a>Let's think step by step:", asked.Prompt);
        Assert.True(asked.ControlTokens);
        Assert.Equal(asked.Prompt + " x is kinder.\n\nSo the answer is:", Assert.Single(Assert.Single(model.Scored)).Prompt);
    }

    [Fact]
    public void ExamplesOfComparisonsStandInTheHumansTurn()
    {
        var text = Assert.Single(new Labeller(new ScriptedModel(), Law, new() { ShuffleOrder = false }, Chat)
            .Queries(new("1", new Prompt("p", Dialogue.Ask("Q?")), "x", "y"))).Text;
        Assert.StartsWith("<u>Consider", text);
        Assert.Contains("The answer is: (A)\n\nConsider", text);
        Assert.EndsWith("(B) [[[y]]]</><a>The answer is:", text);
    }

    [Fact]
    public async Task FirstAnswersAreSampledInTheLayout()
    {
        var model = new ScriptedModel();
        await InitialResponses.SampleAsync(model, [new Prompt("p", Dialogue.Ask("Q?"))], new(), format: Chat, cancel: TestContext.Current.CancellationToken);
        var request = Assert.Single(Assert.Single(model.Sampled));
        Assert.Equal(("<u>Q?</><a>", true), (request.Prompt, request.ControlTokens));
    }

    [Fact]
    public void ThePapersLayoutIsUnchanged()
    {
        var ask = Dialogue.Ask("Q?");
        Assert.Equal(CritiqueLayout.CritiquePrompt("few", ask, "r", "c"), CritiqueLayout.CritiquePrompt(HhFormat.Instance, "few", ask, "r", "c"));
        Assert.Equal(CritiqueLayout.RevisionPrompt("few", ask, "r", "c", "k", "v"),
            CritiqueLayout.RevisionPrompt(HhFormat.Instance, "few", ask, "r", "c", "k", "v"));
        Assert.Equal(ComparisonLayout.Question("few", ask, "p", "a", "b"), ComparisonLayout.Question(HhFormat.Instance, "few", ask, "p", "a", "b"));
        Assert.Equal(ComparisonLayout.ReasoningQuestion("few", ask, "p", "a", "b"),
            ComparisonLayout.ReasoningQuestion(HhFormat.Instance, "few", ask, "p", "a", "b"));
        Assert.Equal(ComparisonLayout.AfterReasoning("q", "r"), ComparisonLayout.AfterReasoning(HhFormat.Instance, "q", "r"));
    }
}
