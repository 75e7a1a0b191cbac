using Cai.Finetuning;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Finetuning;

public sealed class SlCaiDataTests
{
    private static readonly Dialogue Ask = Dialogue.Ask("q");

    private static Revision Round(int round, bool finished = true) => new($"p/{round}", "p", Ask, round, "k", "before", "c", $"after {round}")
    {
        Finished = finished,
    };

    [Fact]
    public void AResponseIsLearnedWithItsEndTokenAndItsPromptIsNot()
    {
        var plain = TrainingText.From(new Tiny.Letters(), HhFormat.Instance, "x", Ask, "ok");
        var prompt = "\n\nHuman: q\n\nAssistant:";
        Assert.Equal(prompt.Length, plain.PromptLength);
        Assert.Equal([.. new Tiny.Letters().Encode(prompt + " ok"), 1], plain.Ids);
        var begun = TrainingText.From(new Tiny.Letters(bos: 0), HhFormat.Instance, "x", Ask, "ok");
        Assert.Equal([0, .. plain.Ids], begun.Ids);
        Assert.Equal(prompt.Length + 1, begun.PromptLength);
        var document = TrainingText.Document(new Tiny.Letters(bos: 0), "d", "ab");
        Assert.Equal([0, .. new Tiny.Letters().Encode("ab"), 1], document.Ids);
        Assert.Equal(0, document.PromptLength);
    }

    [Fact]
    public void AllRoundsUpToNAndTheHelpfulSamplesAreLearned()
    {
        Revision[] revisions = [Round(1), Round(2), Round(3, finished: false), Round(4)];
        Sample[] helpful = [new("h/m/0", "h", Ask, " yes", "m", 0, true), new("h/m/1", "h", Ask, "cut", "m", 1, false)];
        string[] Ids(int upTo, bool finished = true) =>
            [.. SlCaiData.Build(new Tiny.Letters(), HhFormat.Instance, revisions, helpful, upTo, finished).Select(t => t.Id)];
        Assert.Equal(["p/1", "p/2", "h/m/0"], Ids(2));
        Assert.Equal(["p/1", "p/2", "p/4", "h/m/0"], Ids(4));
        Assert.Equal(["p/1", "p/2", "p/3", "p/4", "h/m/0", "h/m/1"], Ids(4, finished: false));
        Assert.Throws<CaiException>(() => Ids(0));
    }

    [Fact]
    public void EmptyTextsAreLeftOutAndCounted()
    {
        var ask = Dialogue.Ask("q");
        Revision Revised(string id, string after, bool finished = true) => new(id, id, ask, 1, "p", "x", "c", after) { Finished = finished };
        Sample Sampled(string id, string response) => new(id, id, ask, response, "m", 0, true);
        var texts = SlCaiData.Build(new Tiny.Letters(), HhFormat.Instance,
            [Revised("a", ""), Revised("b", " \n "), Revised("c", "fine"), Revised("d", "cut", false)],
            [Sampled("e", "good"), Sampled("f", " ")], out var leftOut);
        Assert.Equal(["c", "e"], texts.Select(t => t.Id));
        Assert.Equal(new SlCaiLeftOut(Unfinished: 1, Empty: 3), leftOut);
        Assert.Contains("2 empty", Assert.Throws<CaiException>(
            () => SlCaiData.Build(new Tiny.Letters(), HhFormat.Instance, [Revised("a", ""), Revised("b", "  ")], [])).Message);
    }
}
