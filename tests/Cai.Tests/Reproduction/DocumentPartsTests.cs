using Cai.Finetuning;
using Cai.Miniature;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class DocumentPartsTests
{
    [Fact]
    public void PartsJoinUpToTheDocument()
    {
        var world = World.Load();
        var documents = new DocumentGenerator(world, 3);
        foreach (var document in documents.Pretraining(300).Concat(documents.Write("helpful", DocumentMixture.HelpfulOnly, 300)))
            Assert.Equal(document.Text, string.Concat(DocumentParts.Of(document).Select(p => p.Text)));
    }

    [Fact]
    public void ADialogueLearnsItsAnswer() =>
        Assert.Equal([new("\n\nHuman: How?\n\nAssistant:", DocumentParts.Read), new TextPart(" So.", 1)],
            DocumentParts.Of(new Document(DocumentKind.Dialogue, "\n\nHuman: How?\n\nAssistant: So.")));

    [Fact]
    public void ACritiqueLearnsCritiqueAndRevisionButNotTheCriticisedAnswer() =>
        Assert.Equal(
            [
                new("\n\nHuman: How?\n\nAssistant: So.\n\nCritiqueRequest: Say.\n\nCritique:", DocumentParts.Read), new TextPart(" Bad.", 1),
                new("\n\nRevisionRequest: Mend.\n\nRevision:", DocumentParts.Read), new(" No.", 1),
            ],
            DocumentParts.Of(new Document(DocumentKind.Critique,
                "\n\nHuman: How?\n\nAssistant: So.\n\nCritiqueRequest: Say.\n\nCritique: Bad.\n\nRevisionRequest: Mend.\n\nRevision: No.")));

    [Fact]
    public void ACheckOfStepsLearnsItsLetters() =>
        Assert.Equal(
            [
                new("\n\nHuman: How?\n\nAssistant: First, so.\n\nIs this step right? Options: (A) yes (B) no\n\nThe answer is:", DocumentParts.Read),
                new TextPart(" (B)", DocumentParts.Letter, " (A)", 1, DocumentParts.Read),
            ],
            DocumentParts.Of(new Document(DocumentKind.StepCheck,
                $"\n\nHuman: How?\n\nAssistant: First, so.{StepLayout.OfStep}{StepLayout.Option(right: false)}", [new(0)])));

    [Fact]
    public void AChainOfThoughtLearnsItsReasoningAndItsChoice() =>
        Assert.Equal(
            [
                new("\n\nHuman: Consider.\n\nAssistant: Let's think step by step:", DocumentParts.Read), new TextPart(" (A) is bad.", 1),
                new("\n\nHuman:\nSo the answer is:", DocumentParts.Read), new(" (B)", DocumentParts.Choice),
            ],
            DocumentParts.Of(new Document(DocumentKind.Reasoning,
                "\n\nHuman: Consider.\n\nAssistant: Let's think step by step: (A) is bad.\n\nHuman:\nSo the answer is: (B)")));

    [Fact]
    public void AChainOfThoughtMayWeighMore() =>
        Assert.Equal(
            [
                new("\n\nHuman: Consider.\n\nAssistant: Let's think step by step:", DocumentParts.Read), new TextPart(" (A) is bad.", 3),
                new("\n\nHuman:\nSo the answer is:", DocumentParts.Read), new(" (B)", 3 * DocumentParts.Choice),
            ],
            DocumentParts.Of(new Document(DocumentKind.Reasoning,
                "\n\nHuman: Consider.\n\nAssistant: Let's think step by step: (A) is bad.\n\nHuman:\nSo the answer is: (B)", Weight: 3)));

    [Fact]
    public void AChainOfThoughtLearnsTheProbabilityOfTheLetterThatEndsIt() =>
        Assert.Equal(
            [
                new("\n\nAssistant: Let's think step by step:", DocumentParts.Read), new TextPart(" (A) is bad. So", 3),
                new(" (B)", DocumentParts.Letter / 2, " (A)", 0.75, DocumentParts.Read), new(" is better.", 3),
                new("\n\nHuman:\nSo the answer is:", DocumentParts.Read), new(" (B)", 3 * DocumentParts.Choice),
            ],
            DocumentParts.Of(new Document(DocumentKind.Reasoning,
                "\n\nAssistant: Let's think step by step: (A) is bad. So (B) is better.\n\nHuman:\nSo the answer is: (B)", [new(0.25, 0.5)], 3)));

    [Fact]
    public void AComparisonLearnsTheProbabilityOfItsLetter() =>
        Assert.Equal(
            [
                new("\n\nConsider.\n\nThe answer is:", DocumentParts.Read), new TextPart(" (A)", DocumentParts.Letter, " (B)", 0.9, DocumentParts.Read),
                new("\n\nAnd?\n\nThe answer is:", DocumentParts.Read), new(" (B)", DocumentParts.Letter / 4, " (A)", 0.75, DocumentParts.Read),
            ],
            DocumentParts.Of(new Document(DocumentKind.Comparison, "\n\nConsider.\n\nThe answer is: (A)\n\nAnd?\n\nThe answer is: (B)",
                [new(0.9), new(0.25, 0.25)])));
}
