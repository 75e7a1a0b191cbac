using Cai.Miniature;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class DocumentPartsTests
{
    [Fact]
    public void PartsJoinUpToTheDocument()
    {
        foreach (var document in new DocumentGenerator(World.Load(), 3).Pretraining(300))
            Assert.Equal(document.Text, string.Concat(DocumentParts.Of(document).Select(p => p.Text)));
    }

    [Fact]
    public void ADialogueLearnsItsAnswer() =>
        Assert.Equal([("\n\nHuman: How?\n\nAssistant:", DocumentParts.Read), (" So.", 1)],
            DocumentParts.Of(new Document(DocumentKind.Dialogue, "\n\nHuman: How?\n\nAssistant: So.")));

    [Fact]
    public void ACritiqueLearnsCritiqueAndRevisionButNotTheCriticisedAnswer() =>
        Assert.Equal(
            [
                ("\n\nHuman: How?\n\nAssistant: So.\n\nCritiqueRequest: Say.\n\nCritique:", DocumentParts.Read), (" Bad.", 1),
                ("\n\nRevisionRequest: Mend.\n\nRevision:", DocumentParts.Read), (" No.", 1),
            ],
            DocumentParts.Of(new Document(DocumentKind.Critique,
                "\n\nHuman: How?\n\nAssistant: So.\n\nCritiqueRequest: Say.\n\nCritique: Bad.\n\nRevisionRequest: Mend.\n\nRevision: No.")));

    [Fact]
    public void AChainOfThoughtLearnsItsReasoningAndItsChoice() =>
        Assert.Equal(
            [
                ("\n\nHuman: Consider.\n\nAssistant: Let's think step by step:", DocumentParts.Read), (" (A) is bad.", 1),
                ("\n\nHuman:\nSo the answer is:", DocumentParts.Read), (" (B)", DocumentParts.Choice),
            ],
            DocumentParts.Of(new Document(DocumentKind.Reasoning,
                "\n\nHuman: Consider.\n\nAssistant: Let's think step by step: (A) is bad.\n\nHuman:\nSo the answer is: (B)")));
}
