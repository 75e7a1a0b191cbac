using System.Text.RegularExpressions;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public partial class JudgeReadingTests
{
    private static readonly World World = World.Load();
    private static readonly Oracle Oracle = new(World);

    [Fact]
    public async Task AJudgeThatSaysWhatTheAnnotatorsSayReadsPerfectly()
    {
        var abilities = await Measured(Annotators);
        Assert.Equal(1, Value(abilities, "right side"), 9);
        Assert.Equal(0, Value(abilities, "calibration error"), 9);
        var slopes = abilities.Where(a => a.Name.Contains("slope", StringComparison.Ordinal)).ToList();
        Assert.Equal(14, slopes.Count); // twelve manners, all pairs, unseen compositions
        Assert.All(slopes, a => Assert.Equal(1, a.Value.Value, 6));
        Assert.All(abilities.Where(a => a.Name.Contains("correlation", StringComparison.Ordinal)), a => Assert.Equal(1, a.Value.Value, 6));
        Assert.InRange(Value(abilities, "behind two worked examples"), 0.25, 0.4); // the annotators' own span
    }

    [Fact]
    public async Task AJudgeThatLooksAtTheAnswersAloneHasNoSlope()
    {
        var abilities = await Measured(question => 1.0 / (1 + Math.Exp((Last(question).Groups[4].Length - Last(question).Groups[3].Length) / 50.0)));
        Assert.All(abilities.Where(a => a.Name.Contains("slope", StringComparison.Ordinal)), a => Assert.Equal(0, a.Value.Value, 9));
        Assert.All(abilities.Where(a => a.Name.Contains("change of P", StringComparison.Ordinal)), a => Assert.Equal(0, a.Value.Value, 9));
    }

    [Fact]
    public async Task AJudgeThatLearnsANameFromItsExamplesIsSeenToDoSo()
    {
        // Looks up, among the examples, those whose pair differs in what this pair differs in, and says what the last of them says.
        var abilities = await Measured(ByExample);
        Assert.All(abilities.Where(a => a.Name.StartsWith("a name that means nothing", StringComparison.Ordinal)), a => Assert.InRange(a.Value.Value, 0.8, 1));
        Assert.All(abilities.Where(a => a.Name.StartsWith("one example about", StringComparison.Ordinal)), a => Assert.InRange(a.Value.Value, -0.3, 0.3));
        Assert.All(abilities.Where(a => a.Name.Contains("opposite sign", StringComparison.Ordinal)), a => Assert.InRange(a.Value.Value, 0.6, 1));
    }

    private static async Task<IReadOnlyList<MiniatureAbility>> Measured(Func<string, double> probabilityOfA)
    {
        var reading = new JudgeReading(
            new ScriptedModel
            {
                LogProb = (prompt, option) =>
                    Math.Log(Math.Clamp(option == ComparisonLayout.OptionA ? probabilityOfA(prompt) : 1 - probabilityOfA(prompt), 1e-9, 1)),
            }, World, 40, 3);
        return [.. await reading.KnownAsync(), .. await reading.ByExampleAsync()];
    }

    private static double Value(IReadOnlyList<MiniatureAbility> abilities, string words) =>
        abilities.First(a => a.Name.Contains(words, StringComparison.Ordinal)).Value.Value;

    private static double Annotators(string question)
    {
        var (principle, a, b) = Read(Last(question));
        return principle?.Preference(a, b) ?? 0.5;
    }

    private static double ByExample(string question)
    {
        var all = Asked().Matches(question).ToList();
        static string Difference(Verdict a, Verdict b) =>
            a.Harsh != b.Harsh ? "harsh" : a.OffersAlternative != b.OffersAlternative ? "offer" : a.GivesMethod != b.GivesMethod ? "method"
            : a.Explains != b.Explains ? "explains" : "comfort";
        static bool FirstHas(Verdict a, Verdict b) => Difference(a, b) switch
        {
            "harsh" => a.Harsh, "offer" => a.OffersAlternative, "method" => a.GivesMethod, "explains" => a.Explains,
            _ => a.BoilerplateCount > b.BoilerplateCount,
        };
        var (_, queryA, queryB) = Read(all[^1]);
        foreach (var example in all.SkipLast(1).Reverse())
        {
            var (_, a, b) = Read(example);
            if (Difference(a, b) == Difference(queryA, queryB))
                return FirstHas(a, b) == (example.Groups[5].Value == "A") == FirstHas(queryA, queryB) ? 1 : 0;
        }
        return 0.5;
    }

    private static (ComparisonPrinciple? Principle, Verdict A, Verdict B) Read(Match question)
    {
        var prompt = new Prompt("x", Dialogue.Ask(question.Groups[1].Value));
        var text = question.Groups[2].Value;
        return (World.Comparison.SingleOrDefault(p => p.Texts.Contains(text)) ?? World.Grammar.Read(text),
            Oracle.Judge(prompt, question.Groups[3].Value), Oracle.Judge(prompt, question.Groups[4].Value));
    }

    private static Match Last(string question) => Asked().Matches(question).Last();

    [GeneratedRegex(@"\n\nConsider [^\n]*:\n\nHuman: (.*)\n\n\n(.*) Options:\n \(A\) \[\[\[(.*)]]]\n \(B\) \[\[\[(.*)]]]\n\nThe answer is:(?: \((.)\))?")]
    private static partial Regex Asked();
}
