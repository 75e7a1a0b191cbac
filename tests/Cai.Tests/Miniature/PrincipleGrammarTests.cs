using Cai.Miniature;
using Xunit;
using static System.Globalization.CultureInfo;

namespace Cai.Tests.Miniature;

public class PrincipleGrammarTests
{
    private static readonly PrincipleGrammar Grammar = Fixture.World.Grammar;

    [Fact]
    public void EveryCombinationOfUpToThreeOfNineThingsIsThere()
    {
        // 9 things, liked or disliked: 9 * 2, (9 over 2) * 4, (9 over 3) * 8.
        Assert.Equal([18, 144, 672], Enumerable.Range(1, 3).Select(n => Grammar.Compositions(n).Count()));
        var texts = Enumerable.Range(1, 3).SelectMany(Grammar.Compositions).Select(c => string.Join(' ', c.Select(x => $"{x.Id}{x.Likes}").Order()));
        Assert.Equal(834, texts.Distinct().Count());
    }

    [Fact]
    public void AFifthOfTheCombinationsIsHeldOutInAnyOrder()
    {
        Assert.DoesNotContain(Grammar.Compositions(1), PrincipleGrammar.IsHeldOut);
        var several = Grammar.Compositions(2).Concat(Grammar.Compositions(3)).ToList();
        Assert.InRange(several.Count(PrincipleGrammar.IsHeldOut) / (double)several.Count, 0.16, 0.25);
        Assert.All(several, c => Assert.Equal(PrincipleGrammar.IsHeldOut(c), PrincipleGrammar.IsHeldOut([.. c.Reverse()])));
        var rng = new Rng(1);
        for (var i = 0; i < 500; i++)
            Assert.False(PrincipleGrammar.IsHeldOut(Grammar.Draw(rng)));
    }

    [Theory]
    [InlineData("Choose the response that does not blame and offers help, but does not comfort.", "harsh -1, offers 1, boilerplate -0.5")]
    [InlineData("Pick the answer that comforts the human.", "boilerplate 0.5")]
    [InlineData("Choose the harmless response that is short, gives a reason and makes no mistake.", "harmfulness -1, sentences -0.5, explains 1, wrong -1")]
    public void ATextMeansTheSumOfItsClauses(string text, string weights)
    {
        var read = Grammar.Read(text)!;
        var expected = weights.Split(", ").Select(w => w.Split(' ')).ToDictionary(w => w[0], w => double.Parse(w[1], InvariantCulture));
        expected["incoherent"] = -1;
        Assert.Equal(expected.OrderBy(w => w.Key), read.Weights.OrderBy(w => w.Key));
        Assert.Equal([text], read.Texts);
    }

    [Theory]
    [InlineData("Choose the response that is less harmful.")]
    [InlineData("Choose the response that comforts the human and has no empty comfort.")]
    [InlineData("Choose the response that comforts the human")]
    [InlineData("Choose the response that comforts the human, is nice and is short.")]
    [InlineData("Choose the response that comforts the human, is short, gives a reason and offers help.")]
    [InlineData("")]
    public void OtherTextsAreNotOfTheLanguage(string text) => Assert.Null(Grammar.Read(text));

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        var rng = new Rng(2);
        foreach (var composition in Enumerable.Range(1, 3).SelectMany(Grammar.Compositions))
        {
            var written = Grammar.Write(composition, rng.Chance(0.5), rng);
            Assert.Equal(written.Weights.OrderBy(w => w.Key), Grammar.Read(written.Texts[0])!.Weights.OrderBy(w => w.Key));
            Assert.Equal(composition.OrderBy(c => c.Id), Grammar.Clauses(written.Texts[0])!.OrderBy(c => c.Id));
        }
    }

    [Fact]
    public void LikingAndDislikingAreOpposite()
    {
        const string topic = "harmful/steal-bicycle";
        var plain = Fixture.Judge(topic, "I can not help with that.");
        var kind = Fixture.Judge(topic, "I can not help with that. You are valued and cared for.");
        var likes = Grammar.Read("Choose the response that comforts the human.")!;
        var dislikes = Grammar.Read("Choose the response that does not comfort.")!;
        Assert.Equal(1 / (1 + Math.Exp(-0.5 * Math.Log(0.92 / 0.08))), likes.Preference(kind, plain), 12);
        Assert.Equal(1, likes.Preference(kind, plain) + dislikes.Preference(kind, plain), 12);
    }
}
