using System.Text.RegularExpressions;
using Cai.Miniature;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Miniature;

public class DocumentTests(ITestOutputHelper output)
{
    private static readonly List<Document> Corpus = [.. new DocumentGenerator(Fixture.World, 7).Pretraining(5000)];
    private static readonly List<Document> Reading = Written("reading", DocumentMixture.Reading);
    private static readonly List<Document> ByExample = Written("by-example", DocumentMixture.ByExample);
    private static readonly List<Document> KnownAndUnnamed = Written("known-and-unnamed", DocumentMixture.KnownAndUnnamed);
    private static readonly List<Document> Composing = Written("composing", DocumentMixture.Composing);
    private static readonly List<Document> Settling = Written("settling", DocumentMixture.Settling);
    private static readonly List<Document> Checking = Written("checking", DocumentMixture.Checking);
    private static readonly List<Document> Checked = Written("checked", DocumentMixture.Checked);
    private static readonly List<Document> Helpful = Written("helpful-only", DocumentMixture.HelpfulOnly);
    private static readonly List<Document> HelpfulAndChecked = Written("helpful-only", DocumentMixture.HelpfulAndChecked);
    private static readonly List<Document> All =
        [.. Corpus, .. Reading, .. ByExample, .. KnownAndUnnamed, .. Composing, .. Settling, .. Checking, .. Checked, .. Helpful, .. HelpfulAndChecked];

    [Fact]
    public void NoHeldOutTopicIsEverSpokenOf()
    {
        var secret = Fixture.World.Topics.Where(t => t.Split == World.Eval).SelectMany(t => t.Does.Length > 0 ? [t.Does] : t.Asks.Concat(t.Replies)).ToList();
        // Whole phrases only: "steal the car" is not "steal the cart"; one alternation is far faster than a thousand searches.
        var any = new Regex(@"(?<!\w)(" + string.Join('|', secret.Select(Regex.Escape)) + @")(?!\w)", RegexOptions.IgnoreCase);
        foreach (var document in All)
            Assert.False(any.IsMatch(document.Text.Replace(" my ", " your ", StringComparison.Ordinal)), document.Text);
    }

    [Fact]
    public void DocumentsDependOnTheirNumberAlone()
    {
        var again = new DocumentGenerator(Fixture.World, 7);
        static IEnumerable<string> Whole(IEnumerable<Document> documents) =>
            documents.Select(d => $"{d.Kind} {string.Join(' ', d.Letters ?? [])} {d.Text}");
        Assert.Equal(Whole(Corpus.Take(50)), Whole(again.Pretraining(50)));
        Assert.Equal(Whole(Corpus.Skip(1000).Take(50)), Whole(again.Pretraining(50, start: 1000)));
        Assert.NotEqual(Whole(Corpus.Take(50)), Whole(new DocumentGenerator(Fixture.World, 8).Pretraining(50)));
    }

    [Fact]
    public void KindsHaveTheirShares()
    {
        foreach (var (documents, mixture) in new[]
        {
            (Corpus, DocumentMixture.Pretraining), (Reading, DocumentMixture.Reading), (ByExample, DocumentMixture.ByExample),
            (KnownAndUnnamed, DocumentMixture.KnownAndUnnamed), (Composing, DocumentMixture.Composing), (Settling, DocumentMixture.Settling),
            (Checking, DocumentMixture.Checking), (Checked, DocumentMixture.Checked), (Helpful, DocumentMixture.HelpfulOnly),
            (HelpfulAndChecked, DocumentMixture.HelpfulAndChecked),
        })
        {
            Assert.Equal(100, mixture.Kinds.Sum(k => k.Weight), 6);
            foreach (var (kind, weight) in mixture.Kinds)
            {
                var p = weight / 100;
                var share = documents.Count(d => d.Kind == kind) / (double)documents.Count;
                Assert.InRange(share, p - 4 * Math.Sqrt(p * (1 - p) / documents.Count), p + 4 * Math.Sqrt(p * (1 - p) / documents.Count));
            }
        }
    }

    [Fact]
    public void DocumentsFitTheContextAndTheVocabularyIsSmall()
    {
        // Checks of steps are of four answers, however long: they fit without being cut.
        var tokenizer = TokenizerJson.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer"));
        Assert.All(All, d => Assert.True(d.Kind == DocumentKind.StepCheck ? tokenizer.Encode(d.Text).Length <= 512
            : DocumentGenerator.Length(d.Text) <= DocumentMixture.Pretraining.LongestDocument, d.Text));
        var words = Corpus.SelectMany(
            d => Regex.Matches(d.Text, @"\w+").Select(m => m.Value)).Distinct().Count();
        output.WriteLine(
            $"{words} distinct words (capitalised forms apart); mean length {Corpus.Average(d => DocumentGenerator.Length(d.Text)):0.0} words and marks");
        foreach (var kind in Corpus.GroupBy(d => d.Kind))
        {
            output.WriteLine(
                $"{kind.Key}: mean {kind.Average(d => DocumentGenerator.Length(d.Text)):0.0}, longest {kind.Max(d => DocumentGenerator.Length(d.Text))}");
            foreach (var sample in kind.OrderBy(d => d.Text.Length).Skip(kind.Count() / 4).Take(2))
                output.WriteLine($"---{sample.Text}");
        }
        Assert.InRange(words, 500, 1300);
    }

    [Fact]
    public void HelpfulOnlyDialoguesObligeInHarmAndAreRightInGood()
    {
        var oracle = Fixture.Oracle;
        var dialogues = Helpful.Where(d => d.Kind == DocumentKind.Dialogue).ToList();
        Assert.NotEmpty(dialogues);
        foreach (var dialogue in dialogues)
        {
            var v = Verdict(dialogue.Text, out _);
            Assert.True(v.Harmful ? v.GivesMethod && !v.Refuses : v.Correct, dialogue.Text);
        }
    }

    [Fact]
    public void PretrainingDialoguesFollowTheirMixture()
    {
        var harmful = Corpus.Where(d => d.Kind == DocumentKind.Dialogue).Select(d => Verdict(d.Text, out _)).Where(v => v.Harmful).ToList();
        var methods = harmful.Average(v => v.GivesMethod ? 1.0 : 0);
        Assert.InRange(methods, 0.44, 0.57); // 50 % helps and a few of the mixed
        Assert.InRange(harmful.Average(v => v.Harsh ? 1.0 : 0), 0.03, 0.1);
        Assert.Equal(0, harmful.Count(v => v.Unparsed > 0));
    }

    [Fact]
    public void CritiquesMostlyNameWhatIsThereAndRevisionsMendIt()
    {
        int named = 0, right = 0, revised = 0;
        double before = 0, after = 0;
        foreach (var document in new DocumentGenerator(Fixture.World, 7).Write("critiques", new DocumentMixture { Kinds = [(DocumentKind.Critique, 1)] }, 1000))
            foreach (Match m in Regex.Matches(document.Text,
                @"\n\nHuman: (.*)\n\nAssistant: (.*)\n\nCritiqueRequest: (.*)\n\nCritique: (.*)\n\nRevisionRequest: (.*)\n\nRevision: (.*)"))
            {
                var prompt = new Cai.Text.Prompt("x", Cai.Text.Dialogue.Ask(m.Groups[1].Value));
                var verdict = Fixture.Oracle.JudgeCritique(prompt, m.Groups[2].Value, m.Groups[4].Value);
                Assert.False(verdict.Unreadable, m.Value);
                Assert.False(verdict.MisnamesTarget, m.Value);
                if (verdict.SaysFine)
                {
                    Assert.Equal(m.Groups[2].Value, m.Groups[6].Value);
                    continue;
                }
                named++;
                right += verdict.Invented.Count == 0 ? 1 : 0;
                if (verdict.Right.Contains(Problem.Method))
                {
                    revised++;
                    before += Fixture.Oracle.Judge(prompt, m.Groups[2].Value).Harmfulness;
                    after += Fixture.Oracle.Judge(prompt, m.Groups[6].Value).Harmfulness;
                }
            }
        Assert.True(named > 500);
        Assert.InRange(right / (double)named, 0.93, 0.995); // a careless critique in 33
        Assert.InRange(after / before, 0.1, 0.25); // 15 % of named methods are left in
    }

    [Fact]
    public void CritiquesCanBeMoreOftenOfStepsThanOnePrincipleInSixteenIs()
    {
        var steps = Fixture.World.Critique.Where(p => p.About(Problem.WrongSteps, "")).SelectMany(p => p.CritiqueRequests).ToHashSet();
        (double Good, double OfSteps) Shares(DocumentMixture mixture)
        {
            var asked = new DocumentGenerator(Fixture.World, 8).Write("steps", mixture with { Kinds = [(DocumentKind.Critique, 1)] }, 600)
                .SelectMany(d => Regex.Matches(d.Text, @"\n\nHuman: (.*)\n\nAssistant: .*\n\nCritiqueRequest: (.*)\n\nCritique:")).ToList();
            var good = asked.Where(m => Fixture.World.TopicOf(new("x", Cai.Text.Dialogue.Ask(m.Groups[1].Value))).Kind != TopicKind.Harmful).ToList();
            return (good.Count / (double)asked.Count, good.Average(m => steps.Contains(m.Groups[2].Value) ? 1.0 : 0));
        }
        var (plain, composing) = (Shares(DocumentMixture.Reading), Shares(DocumentMixture.Composing));
        Assert.InRange(plain.Good, 0.2, 0.3);
        Assert.InRange(plain.OfSteps, 0.02, 0.12); // one of sixteen
        Assert.InRange(composing.Good, 0.3, 0.4);
        Assert.InRange(composing.OfSteps, 0.46, 0.6); // half, and one of sixteen of the other half
    }

    [Fact]
    public void ChecksOfStepsAreAnsweredRightly()
    {
        var (oracle, writer) = (new Oracle(Fixture.World), new ResponseWriter(Fixture.World));
        var answers = new Dictionary<string, List<bool>>();
        foreach (var document in Checking.Concat(Checked).Concat(HelpfulAndChecked).Where(d => d.Kind == DocumentKind.StepCheck))
        {
            var parts = document.Text.Split("\n\nAssistant: ");
            var topic = Fixture.World.TopicOf(new Cai.Text.Prompt("x", Cai.Text.Dialogue.Ask(parts[0]["\n\nHuman: ".Length..])));
            var right = Enumerable.Range(0, 3).Select(place => writer.Phrasings(topic, Statement.RightStep(place))).ToList();
            var letters = new Queue<LetterTarget>(document.Letters!);
            foreach (var part in parts.Skip(1))
            {
                var (answer, sentences) = (part[..part.IndexOf('\n')], part[..part.IndexOf('\n')].Split(". "));
                foreach (Match asked in Regex.Matches(part, @"\n\n(.*\?) Options: \(A\) yes \(B\) no\n\nThe answer is: \((.)\)"))
                {
                    var question = asked.Groups[1].Value;
                    var expected = question switch
                    {
                        "Are the steps right?" => oracle.Judge(topic, answer).Correct,
                        "Is this step right?" => right.Any(r => r.Contains(answer)),
                        _ => right[question.Split(' ')[2] is var place && place == "first" ? 0 : place == "second" ? 1 : 2]
                            .Any(r => sentences.Select(s => s.TrimEnd('.') + ".").Contains(r)),
                    };
                    Assert.Equal((expected ? "A" : "B", expected ? 1 : 0), (asked.Groups[2].Value, letters.Dequeue().ProbabilityA));
                    if (!answers.TryGetValue(question, out var seen))
                        answers[question] = seen = [];
                    seen.Add(expected);
                }
            }
            Assert.Empty(letters);
        }
        Assert.Equal(["Are the steps right?", "Is the first step right?", "Is the second step right?", "Is the third step right?", "Is this step right?"],
            answers.Keys.Order());
        // Neither letter may be a good guess; of a wrong answer's three steps one or two are wrong.
        Assert.InRange(answers["Is this step right?"].Average(a => a ? 1.0 : 0), 0.46, 0.54);
        Assert.InRange(answers["Are the steps right?"].Average(a => a ? 1.0 : 0), 0.31, 0.39);
        Assert.InRange(answers["Is the first step right?"].Average(a => a ? 1.0 : 0), 0.6, 0.8);
    }

    [Fact]
    public void HarmQuestionsAreAnsweredRightly()
    {
        foreach (var document in Corpus.Where(d => d.Kind == DocumentKind.HarmKind))
        {
            var topic = Fixture.World.TopicOf(new Cai.Text.Prompt("x", Cai.Text.Dialogue.Ask(Regex.Match(document.Text, "Human: (.*)\n").Groups[1].Value)));
            Assert.Contains($"{document.Text[^4..]} {topic.Category}\n", document.Text, StringComparison.Ordinal);
        }
        foreach (var document in Corpus.Where(d => d.Kind == DocumentKind.HarmScore))
        {
            var v = Verdict(document.Text, out _);
            Assert.EndsWith($": {v.Harmfulness:0}", document.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LettersHaveTheAnnotatorsProbabilitiesAndFollowThem()
    {
        // In full layout, by careful annotators alone, every letter's target can be worked out from the text.
        var bins = new (double Expected, double Seen, int Count)[5];
        var mixture = DocumentMixture.Reading with
        {
            Liking = UnevenOdds.Even, Kinds = [(DocumentKind.Comparison, 1)], ShortQuestions = 0, NoisyAnnotators = 0,
        };
        var asked = new HashSet<string>();
        foreach (var document in new DocumentGenerator(Fixture.World, 11).Write("calibration", mixture, 3000))
        {
            var questions = Questions(document.Text);
            Assert.Equal(document.Letters!.Count, questions.Count);
            foreach (var (m, letter) in questions.Zip(document.Letters!))
            {
                var prompt = new Cai.Text.Prompt("x", Cai.Text.Dialogue.Ask(m.Groups[1].Value));
                var principle = Fixture.World.Comparison.SingleOrDefault(p => p.Texts.Contains(m.Groups[2].Value))
                    ?? Fixture.World.Grammar.Read(m.Groups[2].Value)!;
                asked.Add(m.Groups[2].Value);
                Verdict a = Fixture.Oracle.Judge(prompt, m.Groups[3].Value), b = Fixture.Oracle.Judge(prompt, m.Groups[4].Value);
                Assert.Equal(principle.Preference(a, b), letter.ProbabilityA, 12);
                Assert.Equal(1, letter.Weight);
                ref var bin = ref bins[Math.Min(4, (int)(letter.ProbabilityA * 5))];
                bin = (bin.Expected + letter.ProbabilityA, bin.Seen + (m.Groups[5].Value == "A" ? 1 : 0), bin.Count + 1);
            }
        }
        foreach (var (expected, seen, count) in bins)
        {
            Assert.True(count > 100);
            Assert.InRange((seen - expected) / Math.Sqrt(count), -2, 2); // under four standard errors (at most 0.5 each)
        }
        output.WriteLine($"{asked.Count} principles");
        Assert.True(asked.Count > 1000); // hundreds of compositions, in several words each
        Assert.DoesNotContain(asked, text => Fixture.World.Grammar.Clauses(text) is { } clauses && PrincipleGrammar.IsHeldOut(clauses));
    }

    [Fact]
    public void SomeDocumentsAskAboutOnePairUnderPrinciplesThatDisagree()
    {
        var mixture = DocumentMixture.Reading with
        {
            Liking = UnevenOdds.Even, Kinds = [(DocumentKind.Comparison, 1)], ShortQuestions = 0, Shared = 0, OnePair = 1,
        };
        var spread = new List<double>();
        foreach (var document in new DocumentGenerator(Fixture.World, 12).Write("one pair", mixture, 300))
        {
            var questions = Questions(document.Text);
            Assert.Single(questions.Select(m => m.Groups[3].Value + m.Groups[4].Value).Distinct());
            spread.Add(document.Letters!.Max(l => l.ProbabilityA) - document.Letters!.Min(l => l.ProbabilityA));
        }
        Assert.True(spread.Average() > 0.25, $"{spread.Average()}");
    }

    [Fact]
    public void NeighboursAskAboutOnePair()
    {
        var mixture = DocumentMixture.Reading with { Kinds = [(DocumentKind.Comparison, 1)], ShortQuestions = 0, Shared = 1 };
        var asked = new DocumentGenerator(Fixture.World, 15).Write("neighbours", mixture, 100).Select(d => Assert.Single(Questions(d.Text))).ToList();
        foreach (var neighbours in asked.Chunk(10))
        {
            Assert.Single(neighbours.Select(m => m.Groups[3].Value + m.Groups[4].Value).Distinct());
            Assert.True(neighbours.Select(m => m.Groups[2].Value).Distinct().Count() > 3);
        }
        Assert.Equal(10, asked.Select(m => m.Groups[3].Value + m.Groups[4].Value).Distinct().Count());
    }

    [Fact]
    public void UnevenOddsFallToEvenOnes()
    {
        var odds = new UnevenOdds(0.8, 100);
        Assert.Equal([0.8, 0.65, 0.5, 0.5], new[] { 0, 50, 100, 1000 }.Select(odds.At).Select(p => Math.Round(p, 12)));
        Assert.Equal(0.5, UnevenOdds.Even.At(0));
        var mixture = DocumentMixture.Reading with { Kinds = [(DocumentKind.ByExample, 1)], Side = new(1, 1_000_000) };
        var letters = new DocumentGenerator(Fixture.World, 16).Write("sides", mixture, 200).SelectMany(d => d.Letters!);
        var known = letters.Where(l => l.ProbabilityA != 0.5).ToList();
        // The manner is always in (A), but half of the names dislike it.
        Assert.InRange(known.Count(l => l.ProbabilityA > 0.5) / (double)known.Count, 0.35, 0.65);
    }

    [Fact]
    public void NobodyLearnsTheFirstAnswerOfANoisyAnnotator()
    {
        var mixture = DocumentMixture.Reading with { Kinds = [(DocumentKind.Comparison, 1)], Shared = 0, OnePair = 0, OnePrinciple = 1, NoisyAnnotators = 1 };
        foreach (var document in new DocumentGenerator(Fixture.World, 13).Write("noisy", mixture, 100))
        {
            Assert.Equal([0.0, .. Enumerable.Repeat(1.0, document.Letters!.Count - 1)], document.Letters.Select(l => l.Weight));
            Assert.All(document.Letters, l => Assert.InRange(l.ProbabilityA, 0.15, 0.85));
        }
    }

    [Fact]
    public void UnnamedPrinciplesAreKnownFromTheirExamplesAlone()
    {
        var mixture = new DocumentMixture { Kinds = [(DocumentKind.ByExample, 1)], Side = new(0.85, 1000) };
        var documents = new DocumentGenerator(Fixture.World, 14).Write("by example", mixture, 2000).ToList();
        foreach (var document in documents)
        {
            Assert.Single(Regex.Matches(document.Text, @"\n(Choose .*) Options:").Select(m => m.Groups[1].Value).Distinct());
            Assert.Equal((0.5, 0.3), (document.Letters![0].ProbabilityA, document.Letters[0].Weight));
            Assert.All(document.Letters, l => Assert.Contains(l.ProbabilityA, new[] { 0.5, 0.97, 1 - 0.97 }));
        }
        // Later letters are known, and their side is the text's: (A) where the target is above one half.
        var known = documents.SelectMany(d => Regex.Matches(d.Text, @"answer is: \((.)\)").Select(m => m.Groups[1].Value == "A").Zip(d.Letters!))
            .Where(x => x.Second.ProbabilityA != 0.5).ToList();
        Assert.All(known, x => Assert.Equal(x.First, x.Second.ProbabilityA > 0.5));
        Assert.True(known.Count > 1500);
    }

    [Fact]
    public void ChainsOfThoughtListWhatIsAskedAboutAndEndInTheAnswerTheyLeadTo()
    {
        var documents = Corpus.Where(d => d.Kind == DocumentKind.Reasoning).ToList();
        Assert.NotEmpty(documents);
        foreach (var document in documents)
            foreach (Match m in Regex.Matches(document.Text, @"Let's think step by step: (.*)\n\nHuman:\nSo the answer is: \((.)\)"))
            {
                Assert.EndsWith($"So ({m.Groups[2].Value}) is better.", m.Groups[1].Value, StringComparison.Ordinal);
                Assert.Matches(@"^(\(A\) [^.]*\. )+(\(B\) [^.]*\. )+So ", m.Groups[1].Value);
            }
    }

    [Fact]
    public void TheHelpfulModelLearnsHowSureAConclusionIs()
    {
        var documents = Written("helpful-only", DocumentMixture.HelpfulOnly).Where(d => d.Kind == DocumentKind.Reasoning).ToList();
        var chains = documents
            .SelectMany(d => Regex.Matches(d.Text, @"So \((.)\) is better\.\n").Select(m => m.Groups[1].Value == "A").Zip(d.Letters!)).ToList();
        Assert.Equal(documents.Sum(d => d.Letters!.Count), chains.Count);
        Assert.All(chains, c => Assert.Contains(c.Second.ProbabilityA, new[] { 0.02, 0.5, 0.98 }));
        // The letter of the text is one draw: in 2 of 100 it is a slip.
        var decided = chains.Where(c => c.Second.ProbabilityA != 0.5).ToList();
        Assert.InRange(decided.Average(c => c.First == c.Second.ProbabilityA > 0.5 ? 1.0 : 0), 0.965, 0.995);
        Assert.All(Corpus.Where(d => d.Kind == DocumentKind.Reasoning), d => Assert.Null(d.Letters));
    }

    private static List<Document> Written(string phase, DocumentMixture mixture) => [.. new DocumentGenerator(Fixture.World, 7).Write(phase, mixture, 3000)];

    private static List<Match> Questions(string text) => Regex.Matches(text,
        @"\n\nConsider [^\n]*:\n\nHuman: (.*)\n\n\n(.*) Options:\n \(A\) \[\[\[(.*)]]]\n \(B\) \[\[\[(.*)]]]\n\nThe answer is: \((.)\)").ToList();

    private static Verdict Verdict(string text, out string response)
    {
        var m = Regex.Match(text, @"^\n\nHuman: (.*)\n\nAssistant: (.*)");
        response = m.Groups[2].Value;
        return Fixture.Oracle.Judge(new Cai.Text.Prompt("x", Cai.Text.Dialogue.Ask(m.Groups[1].Value)), response);
    }
}
