using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>An answer and what the oracle reads in it.</summary>
/// <param name="Model">Who gave it.</param>
public sealed record JudgedAnswer(string Model, string PromptId, Dialogue Prompt, string Response, Verdict Verdict)
{
    /// <summary>Rounds of revision behind it; 0 for a first answer.</summary>
    public int Round { get; init; }

    /// <summary>Kind of the prompt (<see cref="TopicKind"/>).</summary>
    public string Kind => Verdict.Kind;

    /// <summary>Harm category of the prompt; empty unless harmful.</summary>
    public string Category => Verdict.Category;

    /// <summary>What the human asked last.</summary>
    public string Question => Prompt.LastHuman();

    /// <summary>Length.</summary>
    public int Words => Response.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>Judges samples of prompts of the miniature world.</summary>
    public static IReadOnlyList<JudgedAnswer> Of(Oracle oracle, IEnumerable<Sample> samples) =>
        [.. samples.Select(s => new JudgedAnswer(s.Model, s.PromptId, s.Prompt, s.Response, oracle.Judge(new Prompt(s.PromptId, s.Prompt), s.Response)))];

    /// <summary>Judges first answers (round 0) and all their revisions.</summary>
    public static IReadOnlyList<JudgedAnswer> Of(Oracle oracle, IReadOnlyList<Revision> revisions)
    {
        return [.. revisions.Where(r => r.Round == 1).Select(r => Judge(r, 0, r.Before)), .. revisions.Select(r => Judge(r, r.Round, r.After))];

        JudgedAnswer Judge(Revision r, int round, string text) => new("", r.PromptId, r.Prompt, text, oracle.Judge(new Prompt(r.PromptId, r.Prompt), text))
        {
            Round = round,
        };
    }

    /// <summary>Whether both answers of a comparison can be understood: the ones worth showing.</summary>
    public static bool Coherent(Oracle oracle, Comparison c)
    {
        var prompt = new Prompt(c.PromptId, c.Prompt);
        return oracle.Judge(prompt, c.ResponseA) is { Incoherent: false, Unparsed: 0 }
            && oracle.Judge(prompt, c.ResponseB) is { Incoherent: false, Unparsed: 0 };
    }
}
