using Cai.Constitutions;
using Cai.Feedback;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Feedback;

public sealed class LabellerTests : IDisposable
{
    private static readonly Constitution Two = new("two", "", [], [new("kind", "Choose the kinder one."), new("safe", "Choose the safer one.")]);

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static ResponsePair Pair(string id, string a = "good", string b = "bad") =>
        new(id, new Prompt($"prompt-{id}", Dialogue.Ask($"Question {id}?")), a, b);

    private static List<ResponsePair> Many(int n) => [.. Enumerable.Range(0, n).Select(i => Pair($"{i}", $"answer {i} of a", $"answer {i} of b"))];

    private static Task<IReadOnlyList<Comparison>> Run(
        ILanguageModel model, IReadOnlyList<ResponsePair> pairs, LabelOptions? options = null, string? path = null, Constitution? constitution = null) =>
        new Labeller(model, constitution ?? Two, options).RunAsync(pairs, path, cancel: TestContext.Current.CancellationToken);

    private static async Task<Comparison> One(ILanguageModel model, LabelOptions options) => Assert.Single(await Run(model, [Pair("1")], options));

    /// <summary>Reads as log-probability -1 for the option that holds "good" and -2 for the other; position adds <paramref name="lean"/> to (A).</summary>
    private static double? Judge(string prompt, string option, double lean = 0)
    {
        var goodIsA = prompt.LastIndexOf("(A) [[[good", StringComparison.Ordinal) > prompt.LastIndexOf("(B) [[[good", StringComparison.Ordinal);
        return (option == " (A)" == goodIsA ? -1 : -2) + (option == " (A)" ? lean : 0);
    }

    /// <summary>A model whose opinion of each response is a hash of its text, and which leans to (A).</summary>
    private static ScriptedModel Opinionated() => new()
    {
        LogProb = (prompt, option) =>
        {
            var start = prompt.LastIndexOf(option + " [[[", StringComparison.Ordinal);
            var text = prompt[(start + option.Length)..prompt.IndexOf("]]]", start, StringComparison.Ordinal)];
            return -0.1 - 5 * Seeds.Rng(0, text).NextDouble() - (option == " (B)" ? 0.7 : 0);
        },
    };

    [Fact]
    public async Task TheModelIsAskedExactlyThis()
    {
        var model = new ScriptedModel { LogProb = (p, o) => Judge(p, o) };
        var label = await One(model, new() { Principle = PrincipleSelector.Fixed("safe"), ShuffleOrder = false });
        var request = Assert.Single(Assert.Single(model.Scored));
        Assert.Equal("\n\nConsider the following conversation between a human and an assistant:\n\nHuman: Question 1?\n\n\nChoose the safer one. Options:\n "
            + "(A) [[[good]]]\n (B) [[[bad]]]\n\nThe answer is:", request.Prompt);
        Assert.Equal([" (A)", " (B)"], request.Continuations);
        // 1 / (1 + e^-1)
        Assert.Equal(0.7310585786, label.ProbabilityA!.Value, 9);
        Assert.Equal(["safe"], label.PrincipleIds);
        Assert.Equal((-1.0, -2.0, false, null, null), (label.LogProbA, label.LogProbB, label.Swapped, label.Unclamped, label.PositionBias));
        Assert.Equal(("1", "prompt-1", "harmless", LabelKind.Soft), (label.Id, label.PromptId, label.Axis, label.Kind));
    }

    [Fact]
    public void OnlyExamplesOfThePrincipleAskedAboutAreShownWhenThatIsWished()
    {
        ComparisonShot Shot(string human, int principle) =>
            new ComparisonShot.Worked(Dialogue.Ask(human), "b", "w", Two.Comparison[principle], BetterIsA: true);
        var taught = Two with { ComparisonExamples = [Shot("Kind 1", 0), Shot("Safe 1", 1), Shot("Kind 2", 0), Shot("Kind 3", 0)] };
        string[] Shown(string principle, LabelOptions options) =>
        [
            .. new Labeller(new ScriptedModel(), taught, options with { Principle = PrincipleSelector.Fixed(principle), ShuffleOrder = false })
                .Queries(Pair("1"))[0].Text
                .Split("Human: ").Skip(1).Select(t => t.Split('\n')[0]),
        ];
        Assert.Equal(["Kind 1", "Safe 1", "Question 1?"], Shown("kind", new() { FewShot = 2 }));
        Assert.Equal(["Kind 1", "Kind 2", "Question 1?"], Shown("kind", new() { FewShot = 2, ExamplesOfPrinciple = true }));
        Assert.Equal(["Safe 1", "Question 1?"], Shown("safe", new() { FewShot = 2, ExamplesOfPrinciple = true }));
    }

    [Fact]
    public async Task TheOrderShownIsDrawnAndUndone()
    {
        var model = new ScriptedModel { LogProb = (p, o) => Judge(p, o) };
        var labels = await Run(model, [.. Enumerable.Range(0, 400).Select(i => Pair($"{i}"))], new() { Seed = 2 });
        Assert.All(labels, l => Assert.Equal(0.7310585786, l.ProbabilityA!.Value, 9));
        Assert.All(labels, l => Assert.Equal((-1.0, -2.0), (l.LogProbA, l.LogProbB)));
        // Five standard deviations of a fair coin.
        Assert.InRange(labels.Count(l => l.Swapped), 150, 250);
        Assert.Equal(labels.Select(l => l.Swapped), model.Scored.SelectMany(b => b).Select(r => r.Prompt.Contains("(A) [[[bad]]]")));
    }

    [Fact]
    public async Task SwappingTheResponsesGivesTheComplement()
    {
        foreach (var options in new LabelOptions[] { new() { BothOrders = true }, new() { BothOrders = true, Principle = PrincipleSelector.Averaged(2) },
            new() { BothOrders = true, Kind = LabelKind.ChainOfThought, Clamp = ClampRange.None } })
        {
            var labels = await Run(Opinionated(), Many(50), options);
            var swapped = await Run(Opinionated(), [.. Many(50).Select(p => p with { ResponseA = p.ResponseB, ResponseB = p.ResponseA })], options);
            Assert.All(labels.Zip(swapped), x => Assert.Equal(1 - x.First.ProbabilityA!.Value, x.Second.ProbabilityA!.Value, 12));
            Assert.All(labels, l => Assert.InRange(l.ProbabilityA!.Value, 0, 1));
        }
        // Asked once, a judge without position bias gives the complement as well, whichever order is drawn.
        var unbiased = new ScriptedModel { LogProb = (p, o) => Judge(p, o) };
        Assert.Equal(1 - 0.7310585786, Assert.Single(await Run(unbiased, [Pair("1", "bad", "good")], new())).ProbabilityA!.Value, 9);
    }

    [Fact]
    public async Task BothOrdersAverageProbabilitiesAndShowTheBias()
    {
        var model = new ScriptedModel { LogProb = (p, o) => Judge(p, o, lean: 0.5) };
        var label = await One(model, new() { BothOrders = true });
        // Good first: sigmoid(1 + 0.5) = 0.817574; good second: sigmoid(1 - 0.5) = 0.622459.
        Assert.Equal((0.8175744762 + 0.6224593312) / 2, label.ProbabilityA!.Value, 9);
        Assert.Equal(0.8175744762 - 0.6224593312, label.PositionBias!.Value, 9);
        // log of the mean of e^-0.5 and e^-1 for A's strings; of e^-2 and e^-1.5 for B's.
        Assert.Equal(Math.Log((Math.Exp(-0.5) + Math.Exp(-1)) / 2), label.LogProbA!.Value, 9);
        Assert.Equal(Math.Log((Math.Exp(-2) + Math.Exp(-1.5)) / 2), label.LogProbB!.Value, 9);
        Assert.False(label.Swapped);
    }

    [Fact]
    public async Task PrinciplesAreAveragedAsProbabilities()
    {
        var model = new ScriptedModel { LogProb = (p, o) => o == " (A)" ? (p.Contains("kinder") ? -1 : -4) : -2 };
        var label = await One(model, new() { Principle = PrincipleSelector.Averaged(2), ShuffleOrder = false });
        // sigmoid(1) and sigmoid(-2)
        Assert.Equal((0.7310585786 + 0.1192029220) / 2, label.ProbabilityA!.Value, 9);
        Assert.Equal(["kind", "safe"], label.PrincipleIds.Order());
    }

    [Theory]
    [InlineData(-1.0, -2.0, 1.0)]
    [InlineData(-2.0, -1.0, 0.0)]
    [InlineData(-1.5, -1.5, 0.5)]
    [InlineData(-3.0, double.NegativeInfinity, 1.0)]
    public async Task HardLabelsAreTheMoreProbableOption(double a, double b, double expected)
    {
        var label = await One(new ScriptedModel { LogProb = (_, o) => o == " (A)" ? a : b }, new() { Kind = LabelKind.Hard, ShuffleOrder = false });
        Assert.Equal(expected, label.ProbabilityA);
        Assert.Equal(LabelKind.Hard, label.Kind);
        Assert.Null(label.Unclamped);
    }

    [Theory]
    [InlineData(null, -1.0)]
    [InlineData(-1.0, null)]
    [InlineData(double.NaN, -1.0)]
    [InlineData(double.NegativeInfinity, double.NegativeInfinity)]
    public async Task AnUnreadableAnswerIsMissingAndNeverGuessed(double? a, double? b)
    {
        var path = folder.Path("labels.jsonl");
        foreach (var kind in new[] { LabelKind.Soft, LabelKind.Hard, LabelKind.ChainOfThought })
        {
            var labels = await Run(new ScriptedModel { LogProb = (p, o) => p.Contains("Question 1?") ? (o == " (A)" ? a : b) : -1 }, Many(3),
                new() { Kind = kind, BothOrders = true }, path);
            Assert.Equal([0.5, null, 0.5], labels.Select(l => l.ProbabilityA));
            Assert.NotNull(labels[1].Missing);
            Assert.Null(labels[1].PositionBias);
            var report = LabelReport.Of(labels);
            Assert.Equal((3, 1, 0.5, 0.0), (report.Count, report.Missing, report.MeanProbabilityA!.Value, report.MeanPositionBias!.Value));
            Assert.Equal(2.0 / 3, report.Coverage);
            Assert.Equal(1, report.MissingReasons[labels[1].Missing!]);
            File.Delete(path);
        }
    }

    [Fact]
    public async Task OneUnreadableOrderMakesTheLabelMissing()
    {
        var label = await One(new ScriptedModel { LogProb = (p, o) => p.Contains("(A) [[[bad]]]") ? null : Judge(p, o) }, new() { BothOrders = true });
        Assert.Null(label.ProbabilityA);
    }

    [Theory]
    [InlineData(-0.1, -9.0, 0.60)]
    [InlineData(-9.0, -0.1, 0.40)]
    [InlineData(-1.0, -1.0, 0.50)]
    public async Task ChainOfThoughtLabelsAreClamped(double a, double b, double expected)
    {
        var model = new ScriptedModel { Answer = (_, _) => " Because.\n", LogProb = (_, o) => o == " (A)" ? a : b };
        var label = await One(model,
            new() { Kind = LabelKind.ChainOfThought, Principle = PrincipleSelector.Fixed("kind"), ShuffleOrder = false, Seed = 4, MaxReasoningTokens = 7 });
        const string question = "\n\nHuman: Consider the following conversation between a human (H) and an assistant (A):\n\nH: Question 1?\n\nChoose the "
            + "kinder one. Options:\n (A) [[[good]]]\n (B) [[[bad]]]\n\nAssistant: Let's think step by step:";
        Assert.Equal([new("1/kind/AB/0", question)], Assert.Single(model.Sampled));
        Assert.Equal(question + " Because.\n\nHuman:\nSo the answer is:", Assert.Single(Assert.Single(model.Scored)).Prompt);
        Assert.Equal((7, 1.0, 4L), (model.SampleOptions[0].MaxTokens, model.SampleOptions[0].Temperature, model.SampleOptions[0].Seed));
        Assert.Equal(ComparisonLayout.Stops, model.SampleOptions[0].Stops);
        Assert.Equal(expected, label.ProbabilityA!.Value, 12);
        Assert.Equal(1 / (1 + Math.Exp(b - a)), label.Unclamped!.Value, 12);
        Assert.Equal("Because.", label.Reasoning);
    }

    [Fact]
    public async Task SeveralChainsOfThoughtAreAveragedBeforeClamping()
    {
        var model = new ScriptedModel
        {
            Answer = (r, _) => r.Id.EndsWith("/0") ? "for A" : "for B", LogProb = (p, o) => o == " (A)" ? (p.Contains("for A") ? -0.01 : -3) : -2,
        };
        var label = await One(model, new() { Kind = LabelKind.ChainOfThought, CotSamples = 3, ShuffleOrder = false, Clamp = new(0.2, 0.8) });
        Assert.Equal(3, Assert.Single(model.Sampled).Select(r => r.Id).Distinct().Count());
        var mean = (1 / (1 + Math.Exp(-1.99)) + 2 / (1 + Math.Exp(1))) / 3;
        Assert.Equal(mean, label.ProbabilityA!.Value, 12);
        Assert.Equal(mean, label.Unclamped!.Value, 12);
        Assert.Contains("for A", label.Reasoning);
        Assert.Contains("for B", label.Reasoning);
    }

    [Fact]
    public async Task OrderAndChunksOfPairsChangeNothing()
    {
        var options = new LabelOptions { Kind = LabelKind.ChainOfThought, Seed = 6 };
        var pairs = Many(23);
        var lines = Lines(await Run(Opinionated(), pairs, options));
        Assert.Equal(lines, Lines(await Run(Opinionated(), pairs, options with { ChunkSize = 4 })));
        Assert.Equal(lines, Lines((await Run(Opinionated(), [.. pairs.AsEnumerable().Reverse()], options)).Reverse()));
        Assert.NotEqual(lines, Lines(await Run(Opinionated(), pairs, options with { Seed = 7 })));
    }

    private static List<string> Lines(IEnumerable<Comparison> labels) => [.. labels.Select(l => CaiJson.Write(l))];

    [Fact]
    public void PrinciplesAreDrawnUniformly()
    {
        const int n = 4000, k = 16;
        var sixteen = new Constitution("sixteen", "", [], [.. Enumerable.Range(0, k).Select(i => new ComparisonPrinciple($"{i}", $"P{i}"))]);
        foreach (var (choice, each) in new[] { (PrincipleSelector.Drawn, 1), (PrincipleSelector.Averaged(4), 4) })
        {
            var labeller = new Labeller(new ScriptedModel(), sixteen, new() { Seed = 1, Principle = choice });
            var counts = new int[k];
            for (var i = 0; i < n; i++)
            {
                var drawn = labeller.PrinciplesFor($"pair{i}");
                Assert.Equal(each, drawn.Distinct().Count());
                foreach (var principle in drawn)
                    counts[int.Parse(principle.Id)]++;
            }
            var expected = (double)n * each / k;
            // 99.9 % point of chi-square with 15 degrees of freedom.
            Assert.InRange(counts.Sum(c => (c - expected) * (c - expected) / expected), 0, 37.7);
        }
    }

    [Fact]
    public void OrderAndPrincipleAreDrawnIndependently()
    {
        var labeller = new Labeller(new ScriptedModel(), Two, new() { Seed = 1 });
        var cells = Enumerable.Range(0, 2000).Select(i => Assert.Single(labeller.Queries(Pair($"pair{i}")))).GroupBy(q => (q.PrincipleId, q.Swapped))
            .Select(g => g.Count()).ToList();
        Assert.Equal(4, cells.Count);
        // 99.9 % point of chi-square with 3 degrees of freedom.
        Assert.InRange(cells.Sum(c => (c - 500.0) * (c - 500.0) / 500), 0, 16.3);
    }

    [Theory]
    [InlineData(LabelKind.Soft)]
    [InlineData(LabelKind.ChainOfThought)]
    public async Task AnInterruptedRunGoesOnWhereItStopped(LabelKind kind)
    {
        var options = new LabelOptions { Kind = kind, ChunkSize = 3 };
        var whole = folder.Path("whole.jsonl");
        var expected = Lines(await Run(Opinionated(), Many(10), options, whole));
        for (var call = 0; call < 4; call++)
        {
            var path = folder.Path($"{call}.jsonl");
            var model = Opinionated();
            var dying = new ScriptedModel { LogProb = model.LogProb, BeforeCall = n => { if (n == call) throw new OperationCanceledException(); } };
            await Assert.ThrowsAsync<OperationCanceledException>(() => Run(dying, Many(10), options, path));
            Assert.Equal(3 * call, Jsonl.Read<Comparison>(path).Count);
            Assert.Equal(expected, Lines(await Run(model, Many(10), options, path)));
            Assert.Equal(10 - 3 * call, model.Scored.Sum(b => b.Count));
            Assert.Equal(await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken),
                await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task AFileOfAnotherRunIsRefused()
    {
        var path = folder.Path("labels.jsonl");
        await Run(Opinionated(), Many(8), new(), path);
        foreach (var options in new LabelOptions[] { new() { Seed = 1 }, new() { Kind = LabelKind.Hard }, new() { Axis = "helpful" } })
            Assert.Equal(path, (await Assert.ThrowsAsync<CaiException>(() => Run(Opinionated(), Many(8), options, path))).Where);
        await Assert.ThrowsAsync<CaiException>(() => Run(Opinionated(), Many(7), new(), path));
    }

    [Fact]
    public void SamplesArePairedByIndex()
    {
        static Sample S(string prompt, int index, string text) => new($"{prompt}/m/{index}", prompt, Dialogue.Ask(prompt), text, "m", index, true);
        var pairs = ResponsePair.FromSamples(
            [S("p", 1, "b"), S("q", 0, "same"), S("q", 1, "same"), S("p", 0, "a"), S("q", 3, "d"), S("q", 2, "c"), S("p", 2, "alone")]);
        Assert.Equal([("p/0", "p", "a", "b"), ("q/1", "q", "c", "d")], pairs.Select(p => (p.Id, p.Prompt.Id, p.ResponseA, p.ResponseB)));
        Assert.Equal(Dialogue.Ask("q"), pairs[1].Prompt.Dialogue);
    }

    [Fact]
    public void ExamplesArePutBeforeTheQueryAndRedrawnAPair()
    {
        var constitution = Two with { ComparisonExamples = [new ComparisonShot.Worked(Dialogue.Ask("E"), "yes", "no"),
            new ComparisonShot.Worked(Dialogue.Ask("F"), "yes", "no", Reasoning: "so {better}")] };
        string Prefix(LabelOptions options, string id)
        {
            var text = Assert.Single(new Labeller(new ScriptedModel(), constitution, options).Queries(Pair(id))).Text;
            return text[..text.LastIndexOf("\n\nConsider", StringComparison.Ordinal)];
        }
        Assert.Equal(4, Enumerable.Range(0, 60).Select(i => Prefix(new(), $"{i}")).Distinct().Count());
        Assert.Single(Enumerable.Range(0, 60).Select(i => Prefix(new() { ExampleDraws = 1 }, $"{i}")).Distinct());
        Assert.Equal("", Prefix(new() { FewShot = 0 }, "1"));
        Assert.Contains("H: F",
            Assert.Single(new Labeller(new ScriptedModel(), constitution, new() { Kind = LabelKind.ChainOfThought }).Queries(Pair("1"))).Text);
    }

    /// <summary>Eight examples, each with two orders and two principles, can be drawn in 65,536 ways; pairs share as few as the options say.</summary>
    [Fact]
    public void PairsShareDrawsOfTheExamples()
    {
        var examples = Enumerable.Range(0, 8).Select(i => new ComparisonShot.Worked(Dialogue.Ask($"E{i}"), "yes", "no"));
        var constitution = Two with { ComparisonExamples = [.. examples] };
        int Prefixes(LabelOptions options) => Enumerable.Range(0, 100).Select(i =>
        {
            var text = Assert.Single(new Labeller(new ScriptedModel(), constitution, options).Queries(Pair($"{i}"))).Text;
            return text[..text.LastIndexOf("\n\nConsider", StringComparison.Ordinal)];
        }).Distinct().Count();
        Assert.Equal(16, Prefixes(new()));
        Assert.Equal(3, Prefixes(new() { ExampleDraws = 3 }));
        Assert.Equal(1, Prefixes(new() { ExampleDraws = 1 }));
        Assert.InRange(Prefixes(new() { ExampleDraws = null }), 98, 100);
    }

    [Fact]
    public async Task BadRequestsAreNamed()
    {
        static CaiException Fails(Func<LabelOptions> options) => Assert.Throws<CaiException>(() => new Labeller(new ScriptedModel(), Two, options()));
        Assert.Contains("no principle 'kinds'", Fails(() => new() { Principle = PrincipleSelector.Fixed("kinds") }).Message);
        Assert.Contains("over 3 principles", Fails(() => new() { Principle = PrincipleSelector.Averaged(3) }).Message);
        Assert.Contains("Clamp is 0.6 to 0.4", Fails(() => new() { Clamp = new(0.6, 0.4) }).Message);
        Assert.Contains("ExampleDraws is 0", Fails(() => new() { ExampleDraws = 0 }).Message);
        Assert.Contains("Human", Fails(() => new() { Kind = LabelKind.Human }).Message);
        Assert.Contains("at least 1", Fails(() => new() { CotSamples = 0 }).Message);
        Assert.Contains("chains of a query would be the same", Fails(() => new() { Kind = LabelKind.ChainOfThought, CotSamples = 5, Temperature = 0 }).Message);
        Assert.Contains("no principles for comparisons",
            Assert.Throws<CaiException>(() => new Labeller(new ScriptedModel(), Two with { Comparison = [] })).Message);
        Assert.Contains("occurs 2 times", (await Assert.ThrowsAsync<CaiException>(() => Run(new ScriptedModel(), [Pair("1"), Pair("1")]))).Message);
    }
}
