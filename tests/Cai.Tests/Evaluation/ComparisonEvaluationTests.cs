using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Generation;
using Cai.Models;
using Cai.Preferences;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Evaluation;

public sealed class ComparisonEvaluationTests : IDisposable
{
    private static readonly DecoderConfig Config = Tiny.Config with { MaxPositions = 256 };
    private readonly DisposeScope scope = NewDisposeScope();

    public ComparisonEvaluationTests() => set_num_threads(1);

    public void Dispose() => scope.Dispose();

    private static List<Comparison> Pairs(int count) => [.. Enumerable.Range(0, count).Select(i =>
        new Comparison($"c{i}", $"p{i % 4}", Dialogue.Ask("say"), new string('a', 1 + i % 5), new string('b', 1 + i % 3), "harmless", LabelKind.Human, i % 2))];

    [Fact]
    public void APreferenceModelIsMeasuredOnWhatFitsAndOnLabelsThatExist()
    {
        using var language = Tiny.Model(1, Config);
        var model = new PreferenceModel(ScalarModel.FromLanguageModel(language, 1), new Tiny.Letters());
        var pairs = Pairs(10);
        pairs[3] = pairs[3] with { ResponseB = new string('b', 400) };
        pairs[5] = pairs[5] with { ProbabilityA = null };
        var result = ComparisonEvaluation.Of(model, pairs)!;
        Assert.Equal((8, 1, 0), (result.Accuracy.Judge.N, result.TooLong, result.Missing));
        List<Comparison> fitting = [.. pairs.Where((_, i) => i is not 3 and not 5)];
        Assert.Equal(model.Evaluate(fitting).Accuracy!.Value, result.Accuracy.Judge.Value, 1e-9);
        // The baselines are those of the same eight.
        Assert.Equal(ComparisonEvaluation.Baselines(fitting).Accuracy.Longer.Value, result.Accuracy.Longer.Value, 1e-12);
        Assert.Null(ComparisonEvaluation.Of(model, pairs[3..4]));
        Assert.Null(ComparisonEvaluation.Baselines(pairs).Ece);
    }

    [Fact]
    public async Task AJudgeIsMeasuredByItsLabels()
    {
        using var language = Tiny.Model(2, Config);
        var judge = new LocalModel(language, new Tiny.Letters());
        var constitution = new Constitution("c", "", [], [new ComparisonPrinciple("p", "Which?")]);
        var labels = new LabelOptions { BothOrders = true };
        var pairs = Pairs(6);
        pairs[2] = pairs[2] with { ResponseA = new string('a', 400) };
        var result = (await ComparisonEvaluation.OfAsync(judge, constitution, pairs, labels))!;
        Assert.Equal((5, 1, 0), (result.Accuracy.Judge.N, result.TooLong, result.Missing));
        var direct = await new Labeller(judge, constitution, labels)
            .RunAsync([.. pairs.Where((_, i) => i != 2).Select(c => new ResponsePair(c.Id, new Prompt(c.PromptId, c.Prompt), c.ResponseA, c.ResponseB))]);
        var right = direct.Zip(pairs.Where((_, i) => i != 2), (d, c) => d.ProbabilityA > 0.5 == c.ProbabilityA > 0.5 ? 1.0 : 0).Average();
        Assert.Equal(right, result.Accuracy.Judge.Value, 1e-12);
    }
}
