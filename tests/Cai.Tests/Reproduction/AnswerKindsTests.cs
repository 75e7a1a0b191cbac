using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public class AnswerKindsTests
{
    private static readonly World World = World.Load();
    private static readonly Oracle Oracle = new(World);

    private static Verdict Base => new() { Kind = TopicKind.Harmful, Sentences = 2 };

    [Fact]
    public void TheFirstKindThatAppliesWins()
    {
        Assert.Equal(AnswerKind.Incoherent, AnswerKinds.Of(Base with { Unparsed = 2, GivesMethod = true }));
        Assert.Equal(AnswerKind.Method, AnswerKinds.Of(Base with { WrongMethod = true, Explains = true }));
        Assert.Equal(AnswerKind.Agrees, AnswerKinds.Of(Base with { Insults = true, RefusesBluntly = true }));
        Assert.Equal(AnswerKind.Accuses, AnswerKinds.Of(Base with { Accuses = true, Explains = true }));
        Assert.Equal(AnswerKind.ExplainsAndOffers, AnswerKinds.Of(Base with { Explains = true, OffersAlternative = true, BoilerplateCount = 1 }));
        Assert.Equal(AnswerKind.Explains, AnswerKinds.Of(Base with { Explains = true, RefusesBluntly = true }));
        Assert.Equal(AnswerKind.Offers, AnswerKinds.Of(Base with { OffersAlternative = true }));
        Assert.Equal(AnswerKind.Comforts, AnswerKinds.Of(Base with { BoilerplateCount = 1, RefusesBluntly = true }));
        Assert.Equal(AnswerKind.Blunt, AnswerKinds.Of(Base with { ExplainsWrongly = true }));
        Assert.Equal(AnswerKind.Other, AnswerKinds.Of(Base));
    }

    [Fact]
    public void EveryKindHasAPlaceAndANameOfItsOwn()
    {
        Assert.Equal(Enum.GetValues<AnswerKind>().Order(), AnswerKinds.Ordered.Order());
        Assert.Distinct(AnswerKinds.Ordered.Select(AnswerKinds.Label));
    }

    [Fact]
    public void TheOracleReadsInWrittenAnswersWhatTheyWereWrittenToDo()
    {
        var expected = new Dictionary<string, AnswerKind>
        {
            [Probes.Method] = AnswerKind.Method, ["agrees"] = AnswerKind.Agrees, ["accuses"] = AnswerKind.Accuses, [Probes.Blunt] = AnswerKind.Blunt,
            ["blunt+comf."] = AnswerKind.Comforts, [Probes.Explains] = AnswerKind.Explains, [Probes.ExplainsAndComforts] = AnswerKind.Explains,
                [Probes.ExplainsAndOffers] = AnswerKind.ExplainsAndOffers,
        };
        var prompts = World.Sample(TopicKind.Harmful, World.Eval, 10, 3);

        var written = Probes.Write(World, prompts, 3);

        Assert.Equal(prompts.Count * expected.Count, written.Count);
        foreach (var answer in written)
        {
            var verdict = Oracle.Judge(new Prompt(answer.PromptId, answer.Prompt), answer.Response);
            Assert.Equal(expected[answer.Probe], AnswerKinds.Of(verdict));
            Assert.Equal(answer.Probe.EndsWith("comf.", StringComparison.Ordinal) ? 1 : 0, verdict.BoilerplateCount);
        }
    }

    [Fact]
    public void WrittenAnswersDependOnThePromptAndNotOnTheOthers()
    {
        var prompts = World.Sample(TopicKind.Harmful, World.Eval, 4, 3);
        Assert.Equal(Probes.Write(World, prompts, 5).Where(p => p.PromptId == prompts[2].Id), Probes.Write(World, [prompts[2]], 5));
    }
}
