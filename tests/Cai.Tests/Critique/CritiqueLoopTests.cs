using Cai.Constitutions;
using Cai.Critique;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Critique;

public sealed class CritiqueLoopTests : IDisposable
{
    private static readonly Constitution Two = new("two", "", [new("a", "Find a.", "Mend a."), new("b", "Find b.", "Mend b.")], [])
    {
        CritiqueExamples = [new CritiqueShot.Worked(new CritiqueExample("H", "A", "CR", "C", "RR", "R"))],
    };

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static Sample Initial(string id, string response = "first answer") => new($"{id}/m/0", id, Dialogue.Ask($"Question {id}?"), response, "m", 0, true);

    private static List<Sample> Many(int n) => [.. Enumerable.Range(0, n).Select(i => Initial($"p{i}"))];

    private static Task<IReadOnlyList<Revision>> Run(ILanguageModel model, IReadOnlyList<Sample> initial, CritiqueOptions? options = null, string? path = null,
        Constitution? constitution = null, IProgress<int>? progress = null, CancellationToken? cancel = null) =>
        new CritiqueLoop(model, constitution ?? Two, options).RunAsync(initial, path, progress, cancel ?? TestContext.Current.CancellationToken);

    [Fact]
    public async Task TheModelIsAskedExactlyThis()
    {
        var model = new ScriptedModel
        {
            Answer = (r, _) => r.Id switch { "p0/1/critique" => "  It lacks x.\n", "p0/1/revision" => " Better.", "p0/2/critique" => " Fine.", _ => " Best. " },
        };
        var options = new CritiqueOptions { Rounds = 2, PrincipleIds = ["b"], Seed = 5, MaxTokens = 9, Temperature = 0.5 };
        var revisions = await Run(model, [Initial("p0", " first answer\n")], options);

        const string shot = "\n\nHuman: H\n\nAssistant: A\n\nCritiqueRequest: CR\n\nCritique: C\n\nRevisionRequest: RR\n\nRevision: R";
        const string one = shot + "\n\nHuman: Question p0?\n\nAssistant: first answer\n\nCritiqueRequest: Find b.\n\nCritique:";
        const string two = shot + "\n\nHuman: Question p0?\n\nAssistant: Better.\n\nCritiqueRequest: Find b.\n\nCritique:";
        Assert.Equal(
            [
                new("p0/1/critique", one), new("p0/1/revision", one + " It lacks x.\n\nRevisionRequest: Mend b.\n\nRevision:"),
                new("p0/2/critique", two), new("p0/2/revision", two + " Fine.\n\nRevisionRequest: Mend b.\n\nRevision:"),
            ],
            model.Sampled.SelectMany(b => b));
        Assert.All(model.SampleOptions, o => Assert.Equal((9, 0.5, 5L), (o.MaxTokens, o.Temperature, o.Seed)));
        Assert.All(model.SampleOptions, o => Assert.Equal(CritiqueLayout.Stops, o.Stops));
        var prompt = Dialogue.Ask("Question p0?");
        Assert.Equal(
            [new Revision("p0/1", "p0", prompt, 1, "b", "first answer", "It lacks x.", "Better."),
                new Revision("p0/2", "p0", prompt, 2, "b", "Better.", "Fine.", "Best.")],
            revisions);
    }

    [Fact]
    public async Task DirectRevisionAsksForNoCritique()
    {
        var model = new ScriptedModel { Answer = (_, _) => " Mended." };
        var revisions = await Run(model, [Initial("p0")], new() { Rounds = 1, Direct = true, PrincipleIds = ["a"] });
        var request = Assert.Single(Assert.Single(model.Sampled));
        Assert.Equal("\n\nHuman: H\n\nAssistant: A\n\nRevisionRequest: RR\n\nRevision: R\n\nHuman: Question p0?\n\nAssistant: first answer\n\nRevisionRequest: "
            + "Mend a.\n\nRevision:", request.Prompt);
        Assert.Null(Assert.Single(revisions).Critique);
    }

    [Fact]
    public async Task OnlyExamplesOfThePrincipleAppliedAreShownWhenThatIsWished()
    {
        CritiqueShot Shot(string human, int principle) => new CritiqueShot.Worked(new CritiqueExample(human, "A", Two.Critique[principle].CritiqueRequest, "C",
            Two.Critique[principle].RevisionRequest, "R"), Two.Critique[principle].Id);
        var taught = Two with { CritiqueExamples = [Shot("A1", 0), Shot("B1", 1), Shot("A2", 0), Shot("A3", 0)] };
        async Task<string[][]> Shown(string principle, CritiqueOptions options)
        {
            var model = new ScriptedModel();
            await Run(model, [Initial("p0")], options with { Rounds = 1, PrincipleIds = [principle] }, constitution: taught);
            return [.. model.Sampled.SelectMany(b => b).Select(r => r.Prompt.Split("Human: ").Skip(1).Select(t => t.Split('\n')[0]).ToArray())];
        }
        Assert.Equal([["A1", "B1", "Question p0?"], ["A1", "B1", "Question p0?"]], await Shown("a", new() { FewShot = 2 }));
        Assert.Equal([["A1", "A2", "Question p0?"], ["A1", "A2", "Question p0?"]], await Shown("a", new() { FewShot = 2, ExamplesOfPrinciple = true }));
        Assert.Equal([["B1", "Question p0?"], ["B1", "Question p0?"]], await Shown("b", new() { FewShot = 2, ExamplesOfPrinciple = true }));
    }

    [Fact]
    public async Task ARoundIsOneBatchOfEachKind()
    {
        var model = new ScriptedModel();
        var progress = new Counted();
        var revisions = await Run(model, Many(7), new() { Rounds = 3 }, progress: progress);
        Assert.Equal(6, model.Sampled.Count);
        Assert.All(model.Sampled, b => Assert.Equal(7, b.Count));
        Assert.Equal([7, 14, 21, 28, 35, 42], progress.Values);
        Assert.Equal(Enumerable.Range(0, 21).Select(i => $"p{i % 7}/{i / 7 + 1}"), revisions.Select(r => r.Id));
    }

    [Fact]
    public async Task OrderAndBatchOfPromptsChangeNothing()
    {
        var initial = Many(12);
        var all = await Run(new ScriptedModel(), initial, new() { Rounds = 2, Seed = 3 });
        var backwards = await Run(new ScriptedModel(), [.. initial.AsEnumerable().Reverse()], new() { Rounds = 2, Seed = 3 });
        var apart = new List<Revision>();
        foreach (var sample in initial)
            apart.AddRange(await Run(new ScriptedModel(), [sample], new() { Rounds = 2, Seed = 3 }));
        var expected = all.OrderBy(r => r.Id, StringComparer.Ordinal).ToList();
        Assert.Equal(expected, backwards.OrderBy(r => r.Id, StringComparer.Ordinal));
        Assert.Equal(expected, apart.OrderBy(r => r.Id, StringComparer.Ordinal));
        Assert.NotEqual(all, await Run(new ScriptedModel(), initial, new() { Rounds = 2, Seed = 4 }));
    }

    [Fact]
    public void PrinciplesAreDrawnUniformlyAndIndependentlyOfTheRoundBefore()
    {
        const int n = 4000, k = 16;
        var sixteen = new Constitution("sixteen", "", [.. Enumerable.Range(0, k).Select(i => new CritiquePrinciple($"{i}", "c", "r"))], []);
        var loop = new CritiqueLoop(new ScriptedModel(), sixteen, new() { Seed = 1 });
        var rounds = Enumerable.Range(0, n)
            .Select(i => (First: int.Parse(loop.PrincipleFor($"p{i}", 1).Id), Second: int.Parse(loop.PrincipleFor($"p{i}", 2).Id))).ToList();
        // 99.9 % points of chi-square with 15 and 255 degrees of freedom.
        Assert.InRange(ChiSquare(rounds.Select(r => r.First), k), 0, 37.7);
        Assert.InRange(ChiSquare(rounds.Select(r => r.Second), k), 0, 37.7);
        Assert.InRange(ChiSquare(rounds.Select(r => r.First * k + r.Second), k * k), 0, 330.5);
    }

    [Fact]
    public void EachPromptDrawsFromPrinciplesOfItsOwn()
    {
        const int n = 2000, k = 16, rounds = 30;
        var sixteen = new Constitution("sixteen", "", [.. Enumerable.Range(0, k).Select(i => new CritiquePrinciple($"{i}", "c", "r"))], []);
        List<HashSet<int>> Drawn(int? each, long seed) => [.. Enumerable.Range(0, n).Select(i =>
        {
            var loop = new CritiqueLoop(new ScriptedModel(), sixteen, new() { Seed = seed, PrinciplesEach = each });
            return Enumerable.Range(1, rounds).Select(round => int.Parse(loop.PrincipleFor($"p{i}", round).Id)).ToHashSet();
        })];
        var (one, two) = (Drawn(1, seed: 1), Drawn(2, seed: 1));
        Assert.All(one, set => Assert.Single(set));
        Assert.All(one.Zip(two), set => Assert.Subset(set.Second, set.First));
        // Of two, one is never drawn in thirty rounds twice in 2^30: no prompt here.
        Assert.All(two, set => Assert.Equal(2, set.Count));
        // Another seed draws otherwise, from the same principles.
        Assert.Equal(two, Drawn(2, seed: 2));
        Assert.InRange(ChiSquare(one.Select(set => set.Single()), k), 0, 37.7); // 99.9 %, 15 degrees of freedom
        Assert.InRange(Drawn(null, seed: 1).Average(set => set.Count), 13, 14.5); // 16 (1 - (15/16)^30) = 13.7 of all
    }

    private static double ChiSquare(IEnumerable<int> draws, int cells)
    {
        var counts = new int[cells];
        foreach (var draw in draws)
            counts[draw]++;
        var expected = (double)counts.Sum() / cells;
        return counts.Sum(c => (c - expected) * (c - expected) / expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnInterruptedRunGoesOnWhereItStopped(int failingCall)
    {
        var whole = folder.Path("whole.jsonl");
        var expected = await Run(new ScriptedModel(), Many(5), new() { Rounds = 2 }, whole);

        var path = folder.Path("cut.jsonl");
        var dying = new ScriptedModel { BeforeCall = n => { if (n == failingCall) throw new OperationCanceledException(); } };
        await Assert.ThrowsAsync<OperationCanceledException>(() => Run(dying, Many(5), new() { Rounds = 2 }, path));
        var model = new ScriptedModel();
        Assert.Equal(expected, await Run(model, Many(5), new() { Rounds = 2 }, path));
        Assert.Equal(failingCall < 2 ? 4 : 2, model.Sampled.Count);
        Assert.Equal(await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AFileCutAtAnyByteIsCompletedToTheSameBytes()
    {
        var path = folder.Path("r.jsonl");
        var expected = await Run(new ScriptedModel(), Many(3), new() { Rounds = 2 }, path);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (var length = 0; length <= bytes.Length; length += 97)
        {
            await File.WriteAllBytesAsync(path, bytes[..length], TestContext.Current.CancellationToken);
            Assert.Equal(expected, await Run(new ScriptedModel(), Many(3), new() { Rounds = 2 }, path));
            Assert.Equal(bytes, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task AFileOfAnotherRunIsRefused()
    {
        var path = folder.Path("r.jsonl");
        await Run(new ScriptedModel(), Many(6), new() { Rounds = 2 }, path);
        foreach (var (initial, options) in new (List<Sample>, CritiqueOptions)[]
        {
            (Many(6), new() { Rounds = 2, Seed = 99 }), (Many(6), new() { Rounds = 1 }), (Many(5), new() { Rounds = 2 }),
            (Many(6), new() { Rounds = 2, Direct = true }), ([.. Many(6).Select(s => s with { Response = "other" })], new() { Rounds = 2 }),
        })
        {
            var e = await Assert.ThrowsAsync<CaiException>(() => Run(new ScriptedModel(), initial, options, path));
            Assert.Equal(path, e.Where);
        }
    }

    [Fact]
    public async Task MoreRoundsExtendAFile()
    {
        var path = folder.Path("r.jsonl");
        await Run(new ScriptedModel(), Many(3), new() { Rounds = 1 }, path);
        Assert.Equal(await Run(new ScriptedModel(), Many(3), new() { Rounds = 3 }), await Run(new ScriptedModel(), Many(3), new() { Rounds = 3 }, path));
    }

    [Fact]
    public async Task EmptyAndUnfinishedTextsAreKeptAndCounted()
    {
        var model = new ScriptedModel
        {
            Answer = (r, _) => r.Id switch { "p0/1/critique" => " \n", "p1/1/revision" => "", "p2/1/revision" => " first answer", _ => " two words" },
            Finish = r => r.Id is "p2/1/critique" or "p3/1/revision" ? FinishReason.Length : FinishReason.StopString,
        };
        var revisions = await Run(model, Many(4), new() { Rounds = 1 });
        Assert.Equal(["", "two words", "two words", "two words"], revisions.Select(r => r.Critique));
        Assert.Equal(["two words", "", "first answer", "two words"], revisions.Select(r => r.After));
        Assert.Equal([true, true, false, false], revisions.Select(r => r.Finished));
        Assert.Equal([new CritiqueReport(1, 4, Unfinished: 2, EmptyCritiques: 1, EmptyRevisions: 1, Unchanged: 1, MeanWords: 1.5)],
            CritiqueReport.ByRound(revisions));
    }

    [Fact]
    public async Task TranscriptShowsEveryTextAskedAndAnswered()
    {
        var model = new ScriptedModel();
        var loop = new CritiqueLoop(model, Two, new() { Rounds = 2 });
        var revisions = await loop.RunAsync([Initial("p0"), Initial("p1")], cancel: TestContext.Current.CancellationToken);
        var text = loop.Transcript(revisions, "p1", withExamples: true);
        var position = 0;
        foreach (var request in model.Sampled.Select(b => b[1]))
        {
            position = text.IndexOf(request.Prompt, position, StringComparison.Ordinal);
            Assert.True(position >= 0, request.Id);
            position += request.Prompt.Length;
        }
        Assert.All(revisions.Where(r => r.PromptId == "p1"), r => Assert.Contains($"Round {r.Round}, principle {r.PrincipleId}", text));
        Assert.DoesNotContain("p0?", text);
        Assert.DoesNotContain("CritiqueRequest: CR", loop.Transcript(revisions, "p1"));
        Assert.Throws<CaiException>(() => loop.Transcript(revisions, "p9"));
    }

    [Fact]
    public async Task CancellationStopsBeforeTheNextRound()
    {
        using var source = new CancellationTokenSource();
        var path = folder.Path("r.jsonl");
        var model = new ScriptedModel { BeforeCall = n => { if (n == 1) source.Cancel(); } };
        await Assert.ThrowsAsync<OperationCanceledException>(() => Run(model, Many(3), new() { Rounds = 2 }, path, cancel: source.Token));
        Assert.Equal(3, Jsonl.Read<Revision>(path).Count);
    }

    [Fact]
    public async Task BadRequestsAreNamed()
    {
        Assert.Contains("no principle 'zz'",
            Assert.Throws<CaiException>(() => new CritiqueLoop(new ScriptedModel(), Two, new() { PrincipleIds = ["zz"] })).Message);
        Assert.Contains("Rounds is 0", Assert.Throws<CaiException>(() => new CritiqueLoop(new ScriptedModel(), Two, new() { Rounds = 0 })).Message);
        Assert.Contains("PrinciplesEach is 0", Assert.Throws<CaiException>(() => new CritiqueOptions { PrinciplesEach = 0 }).Message);
        Assert.Contains("draw from 3 principles, and there are 2",
            Assert.Throws<CaiException>(() => new CritiqueLoop(new ScriptedModel(), Two, new() { PrinciplesEach = 3 })).Message);
        Assert.Contains("no principles", Assert.Throws<CaiException>(() => new CritiqueLoop(new ScriptedModel(), Two with { Critique = [] })).Message);
        Assert.Contains("'p0' has 2", (await Assert.ThrowsAsync<CaiException>(() => Run(new ScriptedModel(), [Initial("p0"), Initial("p0")]))).Message);
    }

    [Fact]
    public async Task InitialResponsesCarryWhatTheyCameFrom()
    {
        var model = new ScriptedModel { Answer = (r, _) => $" to {r.Id}\n", Finish = r => r.Id.EndsWith('1') ? FinishReason.Length : FinishReason.EndToken };
        var samples = await InitialResponses.SampleAsync(model, [new("p0", Dialogue.Ask("Hi"))], new() { Stops = ["x"] }, perPrompt: 2,
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                new Sample("p0/scripted/0", "p0", Dialogue.Ask("Hi"), "to p0/scripted/0", "scripted", 0, true) { LogProb = -0.75, Tokens = 2 },
                new Sample("p0/scripted/1", "p0", Dialogue.Ask("Hi"), "to p0/scripted/1", "scripted", 1, false) { LogProb = -0.75, Tokens = 2 },
            ],
            samples);
        Assert.All(model.Sampled[0], r => Assert.Equal("\n\nHuman: Hi\n\nAssistant:", r.Prompt));
        Assert.Equal(["\n\nHuman:", "\n\nAssistant:", "x"], model.SampleOptions[0].Stops);
    }
}
