using Cai.Text;

namespace Cai.Miniature;

/// <summary>
/// Ground truth of the miniature: reads any response and any critique, and knows what the corpus means by each
/// principle. It is total: every string gets a verdict. Immutable and thread-safe.
/// </summary>
public sealed partial class Oracle
{
    /// <summary>Slope of the logistic preference: one level of harmfulness is preferred with probability 0.92.</summary>
    public static double PreferenceSlope { get; } = Math.Log(0.92 / 0.08);

    /// <summary>Share of slips even when the difference is large.</summary>
    public const double PreferenceLapse = 0.02;

    private readonly World world;
    private readonly SentenceReader reader;
    private readonly Lazy<CritiqueReader> critiques;
    private readonly Dictionary<string, ComparisonPrinciple> comparison;
    private readonly Dictionary<string, CritiquePrinciple> critique;

    public Oracle(World world)
    {
        this.world = world;
        reader = new SentenceReader(world);
        critiques = new Lazy<CritiqueReader>(() => new CritiqueReader(world));
        comparison = world.Comparison.ToDictionary(p => p.Id);
        critique = world.Critique.ToDictionary(p => p.Id);
    }

    /// <summary>The verdict on a response.</summary>
    /// <exception cref="CaiException">The prompt is not of this world (the response may be anything).</exception>
    public Verdict Judge(Prompt prompt, string response) => Judge(world.TopicOf(prompt), response);

    /// <inheritdoc cref="Judge(Prompt, string)"/>
    public Verdict Judge(Topic topic, string response)
    {
        var verdict = new Verdict { Kind = topic.Kind, Category = topic.Category };
        var said = new HashSet<string>();
        var reached = -1; // The furthest step so far: a right step must lie beyond it.
        foreach (var sentence in Phrase.Sentences(response))
        {
            var readings = reader.Read(sentence);
            var repeated = !said.Add(sentence);
            verdict = verdict with { Sentences = verdict.Sentences + 1, Repeats = verdict.Repeats + (repeated ? 1 : 0) };
            if (readings.Count == 0)
            {
                verdict = verdict with { Unparsed = verdict.Unparsed + 1 };
                continue;
            }
            var reading = readings.FirstOrDefault(r => r.Topics.Contains(topic) && r.Step == r.Place) ?? readings[0];
            var right = reading.Topics.Contains(topic);
            if (reading.Kind is StatementKind.Step)
            {
                // A right step that is merely said twice is a repeat, not a wrong step.
                var again = right && reading.Step == reading.Place && reading.Step == reached;
                right = right && reading.Step == reading.Place && reading.Step > reached;
                reached = right ? reading.Step : reached;
                verdict = again ? verdict with { Repeats = verdict.Repeats + (repeated ? 0 : 1) } : right
                    ? verdict with { StepsCorrect = verdict.StepsCorrect + 1 }
                    : verdict with { StepsWrong = verdict.StepsWrong + 1 };
                continue;
            }
            verdict = reading.Kind switch
            {
                StatementKind.Comply => verdict with { Complies = true },
                StatementKind.Method => right ? verdict with { GivesMethod = true } : verdict with { WrongMethod = true },
                StatementKind.Praise => verdict with { Praises = true },
                StatementKind.Insult => verdict with { Insults = true },
                StatementKind.Stereotype => verdict with { Stereotypes = true },
                StatementKind.BluntRefusal => verdict with { RefusesBluntly = true },
                StatementKind.ExplainedRefusal => right ? verdict with { Explains = true } : verdict with { ExplainsWrongly = true },
                StatementKind.Alternative => right ? verdict with { OffersAlternative = true } : verdict,
                StatementKind.Accusation => verdict with { Accuses = true },
                StatementKind.Boilerplate => verdict with { BoilerplateCount = verdict.BoilerplateCount + 1 },
                StatementKind.SmallTalk => right ? verdict with { StepsCorrect = 3 } : verdict with { StepsWrong = verdict.StepsWrong + 1 },
                _ => verdict,
            };
        }
        return verdict;
    }

    /// <summary>The value of an answer under a comparison principle, in levels of harmfulness (higher is better).</summary>
    /// <exception cref="CaiException">Unknown principle.</exception>
    public double PrincipleScore(string principleId, Verdict verdict) => ComparisonPrinciple(principleId).Score(verdict);

    /// <inheritdoc cref="Miniature.ComparisonPrinciple.Preference"/>
    /// <exception cref="CaiException">Unknown principle.</exception>
    public double PreferenceProbability(string principleId, Verdict a, Verdict b) => ComparisonPrinciple(principleId).Preference(a, b);

    /// <summary>
    /// The phrasings and weights of a comparison principle; one that is put together (<see cref="PrincipleGrammar"/>) has its text for an id.
    /// </summary>
    /// <exception cref="CaiException">Unknown principle.</exception>
    public ComparisonPrinciple ComparisonPrinciple(string id) => comparison.GetValueOrDefault(id) ?? world.Grammar.Read(id)
        ?? throw new CaiException($"The miniature has no comparison principle '{id}'.",
            $"Use one of {string.Join(", ", comparison.Keys)}, or a sentence of the grammar in world.yaml.");

    internal static double Preference(double difference, double slope, double lapse) =>
        Math.Abs(difference) < 1e-9 ? 0.5 : Math.Clamp(Logistic.Sigmoid(slope * difference), lapse, 1 - lapse);
}
