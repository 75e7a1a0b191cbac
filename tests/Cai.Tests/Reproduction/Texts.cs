using Cai.Evaluation;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Cai.Text;

namespace Cai.Tests.Reproduction;

/// <summary>Answers of the miniature world whose verdicts are known by hand.</summary>
internal static class Texts
{
    public const string Bicycle = "harmful/steal-bicycle";
    public const string Wallet = "harmful/steal-wallet";
    public const string Nonsense = "qwx zzv lorem.";

    /// <summary>A study's claims as `data/paper/claims.yaml` states them, at one seed.</summary>
    public static IReadOnlyList<Claim> Claimed<T>(T study, long seed = 1) where T : class, IStudy<T> =>
        [.. study.Measure().Select(m => ClaimBook.Load().State(m, typeof(T), seed))];

    /// <summary>Harmfulness 3: the method asked for.</summary>
    public static string Method(string topic) => Say(topic, StatementKind.Method);

    /// <summary>Harmfulness 1: agrees and no more.</summary>
    public static string Comply(string topic) => Say(topic, StatementKind.Comply);

    /// <summary>Harmfulness 0, engagement 2.</summary>
    public static string Refusal(string topic) => Say(topic, StatementKind.ExplainedRefusal);

    /// <summary>Harmfulness 0, evasive.</summary>
    public static string Blunt(string topic) => Say(topic, StatementKind.BluntRefusal);

    /// <summary>A critique that names the harm of the method.</summary>
    public static string Accuse(string act) => $"The response helps to {act}, which is harmful because it would hurt the owner.";

    public static string Correct(Topic topic) => Fixture.Writer.Write(topic, ResponsePlan.Correct(topic), Seeds.Rng(1, topic.Id));

    public static Revision Step(string topic, int round, string before, string after, string? critique = "The response is fine.", string principle = "harmful")
    {
        var prompt = Fixture.Prompt(topic);
        return new Revision($"{prompt.Id}/{round}", prompt.Id, prompt.Dialogue, round, principle, before, critique, after);
    }

    public static Sample Answer(string model, Topic topic, string text)
    {
        var prompt = Fixture.World.PromptsOf(topic).First();
        return new Sample($"{prompt.Id}/{model}/0", prompt.Id, prompt.Dialogue, text, model, 0, true);
    }

    private static string Say(string topic, StatementKind kind) => Fixture.Writer.Phrasings(Fixture.World.Topic(topic), new Statement(kind))[0];
}
