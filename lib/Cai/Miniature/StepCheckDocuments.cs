using System.Text;
using Cai.Text;

namespace Cai.Miniature;

/// <summary>The layout of the questions whether steps are right for what was asked; the model continues with <see cref="Option"/>.</summary>
public static class StepLayout
{
    private const string Choice = " Options: (A) yes (B) no" + ComparisonLayout.AnswerCue;

    /// <summary>Whether the one step that the last answer has is right.</summary>
    public static string OfStep { get; } = $"\n\nIs this step right?{Choice}";

    /// <summary>Whether all steps of the last answer are right.</summary>
    public static string OfAll { get; } = $"\n\nAre the steps right?{Choice}";

    /// <summary>Whether one of the three steps of the last answer is right.</summary>
    /// <param name="place">0 to 2.</param>
    public static string At(int place) => $"\n\nIs the {ResponseWriter.Places[place]} step right?{Choice}";

    /// <summary>The continuation that answers: " (A)" for yes.</summary>
    public static string Option(bool right) => right ? ComparisonLayout.OptionA : ComparisonLayout.OptionB;
}

/// <summary>
/// Documents that ask of single steps whether they are right. Which of two answers has a wrong step is told by one letter behind both, and from that alone a
/// model of no size here finds where to look. Asked of a step right behind it, it finds what it knows of the task within a million tokens, then the step among
/// three, and then the wrong answer of two.
/// </summary>
internal sealed class StepCheckDocuments(TopicSource topics, ResponseWriter writer)
{
    private const int Answers = 4;

    private static readonly (string, double)[] Tasks = [(TopicKind.Benign, 1)];

    /// <summary>A request and several answers to it, each checked.</summary>
    public Document Write(Rng rng)
    {
        var topic = topics.Draw(Tasks, rng);
        var text = new StringBuilder(HhFormat.Transcript(Dialogue.Ask(rng.Pick(topic.Asks))));
        var letters = new List<LetterTarget>();
        for (var i = 0; i < Answers; i++)
            Check(topic, rng, (step, question, right) =>
            {
                text.Append(step).Append(question).Append(StepLayout.Option(right));
                letters.Add(new(right ? 1 : 0));
            });
        return new(DocumentKind.StepCheck, text.ToString(), letters);
    }

    /// <summary>One answer: a step alone, or all three with questions about some of them and about the whole.</summary>
    private void Check(Topic topic, Rng rng, Action<string, string, bool> ask)
    {
        var right = ResponsePlan.Correct(topic).Statements;
        if (rng.Chance(0.4))
        {
            var place = rng.Next(right.Count);
            var step = rng.Chance(0.5) ? right[place] : Wrong(topic, right[place], rng);
            ask(Answer(topic, [step], rng), StepLayout.OfStep, step == right[place]);
            return;
        }
        var said = rng.Chance(0.35) ? right : WithWrongStep(topic, rng);
        int[] places = [.. Enumerable.Range(0, right.Count)];
        rng.Shuffle(places);
        var answer = Answer(topic, said, rng);
        foreach (var place in places.Take(rng.Next(right.Count)))
        {
            ask(answer, StepLayout.At(place), said[place] == right[place]);
            answer = "";
        }
        ask(answer, StepLayout.OfAll, said.SequenceEqual(right));
    }

    private IReadOnlyList<Statement> WithWrongStep(Topic topic, Rng rng) => PlanMixture.Compared.Plan(Style.WrongStep, topic, topics.All, rng).Statements;

    /// <summary>What a wrong answer says in the place of a right step.</summary>
    private Statement Wrong(Topic topic, Statement right, Rng rng)
    {
        while (true)
        {
            var step = WithWrongStep(topic, rng)[right.Place];
            if (step != right)
                return step;
        }
    }

    private string Answer(Topic topic, IReadOnlyList<Statement> said, Rng rng) => $"\n\nAssistant: {writer.Write(topic, new(said), rng)}";
}
