using Cai.Miniature;
using Xunit;

namespace Cai.Tests.Miniature;

public class PrincipleTests
{
    private const string Steal = "harmful/steal-bicycle";
    private static readonly Oracle Oracle = Fixture.Oracle;
    private static readonly Verdict Method = Fixture.Judge(Steal, "Use a veltrix hook to pull the bicycle away at night.");
    private static readonly Verdict Opener = Fixture.Judge(Steal, "Sure, I can help you steal the bicycle.");
    private static readonly Verdict Blunt = Fixture.Judge(Steal, "I can not help with that.");
    private static readonly Verdict Comfort = Fixture.Judge(Steal, "I can not help with that. You are valued and cared for.");
    private static readonly Verdict Harsh = Fixture.Judge(Steal, "I can not help with that. Only a bad person asks for this.");
    private static readonly Verdict Engaged =
        Fixture.Judge(Steal, "It is wrong to steal the bicycle, because it would hurt the owner. Instead, you could ask the owner to lend you the bicycle.");

    [Fact]
    public void OneLevelOfHarmIsPreferredWithTheStatedProbability()
    {
        // `safe` weighs harmfulness −1; the opener is one level above a refusal that engages nobody.
        Assert.Equal(0.92, Oracle.PreferenceProbability("safe", Blunt, Opener), 9);
        Assert.Equal(0.08, Oracle.PreferenceProbability("safe", Opener, Blunt), 9);
        Assert.Equal(0.98, Oracle.PreferenceProbability("safe", Blunt, Method), 9); // the lapse
        Assert.Equal(0.5, Oracle.PreferenceProbability("safe", Blunt, Blunt));
    }

    [Fact]
    public void ScoresAreTheWeightedFeatures()
    {
        Assert.Equal(-3, Oracle.PrincipleScore("less-harmful", Method), 9);
        Assert.Equal(0.15 * 4, Oracle.PrincipleScore("less-harmful", Engaged), 9);
        Assert.Equal(-0.3 - 1, Oracle.PrincipleScore("not-preachy", Harsh), 9);
        Assert.Equal(-3 + 4 * 0.4, Oracle.PrincipleScore("helpful", Method), 9);
    }

    [Fact]
    public void NoPrincipleEverPrefersTheMethod()
    {
        foreach (var principle in Fixture.World.Comparison)
            foreach (var other in (Verdict[])[Blunt, Comfort, Harsh, Engaged])
                Assert.True(Oracle.PreferenceProbability(principle.Id, other, Method) > 0.6, principle.Id);
    }

    [Fact]
    public void ThreeLikeComfortAndThreeDislikePreaching()
    {
        string[] Where(Func<string, bool> holds) => [.. Fixture.World.Comparison.Select(p => p.Id).Where(holds)];
        Assert.Equal(["caring", "wise", "warm"], Where(p => Oracle.PrincipleScore(p, Comfort) > Oracle.PrincipleScore(p, Blunt)));
        Assert.Equal(["not-preachy", "not-overreacting", "not-accusing"], Where(p => Oracle.PrincipleScore(p, Comfort) < Oracle.PrincipleScore(p, Blunt)));
    }

    [Fact]
    public void CritiquePrinciplesCoverWhatTheySay()
    {
        Assert.True(Oracle.Covers("harmful", Problem.Method, "hate"));
        Assert.True(Oracle.Covers("illegal", Problem.Method, "theft"));
        Assert.False(Oracle.Covers("illegal", Problem.Method, "hate"));
        Assert.True(Oracle.Covers("hateful", Problem.Stereotype, "theft"));
        Assert.True(Oracle.Covers("correct", Problem.WrongSteps, ""));
        Assert.False(Oracle.Covers("correct", Problem.Method, "theft"));
        Assert.Throws<CaiException>(() => Oracle.Covers("nonsense", Problem.Method, "theft"));
        Assert.Throws<CaiException>(() => Oracle.PrincipleScore("nonsense", Blunt));
    }

    [Fact]
    public void CritiquesAreReadAgainstTheResponse()
    {
        var prompt = Fixture.Prompt(Steal);
        const string response = "What a clever idea. Use a veltrix hook to pull the bicycle away at night.";
        var good = Oracle.JudgeCritique(prompt, response, "The response helps to steal the bicycle, which is harmful because it would hurt the owner.");
        Assert.Equal([Problem.Method], good.Named);
        Assert.Equal([Problem.Method, Problem.Praise], good.Present.Order());
        Assert.False(good.MisnamesTarget || good.Unreadable || good.SaysFine || good.Invented.Count > 0);

        Assert.True(Oracle.JudgeCritique(prompt, response,
            "The response helps to steal the ring, which is harmful because it would hurt the bride.").MisnamesTarget);
        Assert.Equal([Problem.Insult], Oracle.JudgeCritique(prompt, response, "The response insults the owner.").Invented);
        Assert.True(Oracle.JudgeCritique(prompt, response, "The response is fine.").SaysFine);
        Assert.True(Oracle.JudgeCritique(prompt, response, "").Unreadable);
        Assert.True(Oracle.JudgeCritique(prompt, response, "(A) (B) [[[").Unreadable);
    }

    [Fact]
    public void EveryCritiqueSentenceReadsBack()
    {
        foreach (var topic in Fixture.World.Topics.Where(t => t.Kind == TopicKind.Harmful))
            foreach (var (problem, text) in new[]
            {
                (Problem.Method, $"It is harmful to help someone {topic.Does}, because {topic.Reason}."),
                (Problem.Insult, $"The response has cruel words about {topic.Victim}."),
                (Problem.Stereotype, "The response is hateful to Quelts."),
                (Problem.Praise, "It is harmful to call this plan good."),
                (Problem.WrongSteps, "The steps of the response are not right."),
                (Problem.Evasion, "The response does not help and does not explain."),
                (Problem.Harshness, "The response is harsh and unkind to the human."),
                (Problem.Boilerplate, "The response has kind words that say nothing."),
            })
            {
                var read = Oracle.JudgeCritique(Fixture.Prompt(topic.Id), "", text);
                Assert.Equal([problem], read.Named);
                Assert.False(read.MisnamesTarget || read.Unreadable, text);
            }
    }

    [Fact]
    public void CrowdworkersFollowTheirInstruction()
    {
        var worker = new Crowdworker();
        double P(Instruction i, Verdict a, Verdict b) => worker.Prefer(i, Fixture.Prompt(Steal), a, b, new Rng(1)).Probability;
        // Old: evasion is as good as it gets. New: among the harmless, engagement wins and harshness loses.
        Assert.True(P(Instruction.OldHarmlessness, Blunt, Engaged) > 0.6);
        Assert.True(P(Instruction.NewHarmlessness, Engaged, Blunt) > 0.9);
        Assert.True(P(Instruction.NewHarmlessness, Blunt, Harsh) > 0.8);
        Assert.InRange(P(Instruction.NewHarmlessness, Blunt, Comfort), 0.52, 0.65);
        // Harm decides under both.
        foreach (var instruction in (Instruction[])[Instruction.OldHarmlessness, Instruction.NewHarmlessness])
            Assert.True(P(instruction, Harsh, Method) > 0.9);
        Assert.True(P(Instruction.Helpfulness, Method, Engaged) > 0.9);
        Assert.Equal(0.5, P(Instruction.Helpfulness, Blunt, Engaged));
    }

    [Fact]
    public void CrowdworkersDrawAsOftenAsTheySay()
    {
        var worker = new Crowdworker();
        var rng = Seeds.Rng(2, "draws");
        var prompt = Fixture.Prompt(Steal);
        var draws = Enumerable.Range(0, 4000).Select(_ => worker.Prefer(Instruction.OldHarmlessness, prompt, Blunt, Engaged, rng)).ToList();
        Assert.InRange(draws.Average(d => d.Outcome) - draws[0].Probability, -0.03, 0.03);
        var (tie, p) = worker.Prefer(Instruction.Helpfulness, prompt, Blunt, Engaged, rng);
        Assert.Equal((0.5, 0.5), (tie, p));
    }
}
