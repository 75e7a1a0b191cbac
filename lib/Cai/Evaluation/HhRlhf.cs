using System.Text.Json.Serialization;
using Cai.Storage;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>What a file of hh-rlhf holds, used or not.</summary>
/// <param name="Rows">Lines of data.</param>
/// <param name="MultiTurn">Rows with more than one human turn: who keeps only the first question loses most of them.</param>
/// <param name="NotAlternating">Transcripts (two a row) in which somebody speaks twice in a row. Kept: their turns can be told apart.</param>
/// <param name="PromptsDiffer">Rows left out because the two transcripts differ before the last answer, so they compare no answers.</param>
/// <param name="EmptyAnswers">Rows left out because an answer is empty.</param>
/// <param name="Unreadable">Rows left out because they are no pair of transcripts.</param>
/// <param name="EqualAnswers">Rows left out because both answers are the same: nothing was preferred.</param>
public sealed record HhRlhfCounts(int Rows, int MultiTurn, int NotAlternating, int PromptsDiffer, int EmptyAnswers, int Unreadable, int EqualAnswers = 0)
{
    public int LeftOut => PromptsDiffer + EmptyAnswers + Unreadable + EqualAnswers;

    public override string ToString() => $"{Rows} rows, {MultiTurn} of several turns, {NotAlternating} transcripts do not alternate; left out: {PromptsDiffer} "
        + $"with differing prompts, {EmptyAnswers} with an empty answer, {EqualAnswers} with equal answers, {Unreadable} unreadable";
}

/// <summary>A file of hh-rlhf as comparisons, with what was found on the way.</summary>
public sealed record HhRlhfFile(IReadOnlyList<Comparison> Comparisons, HhRlhfCounts Counts);

/// <summary>
/// Human comparisons as Anthropic published them (Hugging Face `Anthropic/hh-rlhf`, JSONL, JSONL.gz or Parquet): two transcripts that
/// differ in their last answer, the chosen one first.
/// </summary>
public static class HhRlhf
{
    private const string RowRemedy = "Fetch the file again, or leave such rows out with --skip-bad (BadLines.Skip); they are then counted.";

    private sealed record Row([property: JsonRequired] string Chosen, [property: JsonRequired] string Rejected);

    private enum Flaw { PromptsDiffer, EmptyAnswer, EqualAnswers, Unreadable }

    private sealed class FlawException(Flaw flaw, string problem, string where) : CaiException(problem, RowRemedy, where)
    {
        public Flaw Flaw => flaw;
    }

    /// <summary>Reads a file. Which answer a comparison calls A is drawn from (seed, line), so that always A is no better than chance.</summary>
    /// <param name="axis">What the workers were asked for: harmless (harmless-base, red-team) or helpful.</param>
    /// <exception cref="CaiException">The file is missing, or a row compares no two answers and <paramref name="badRows"/> is Throw.</exception>
    public static HhRlhfFile Read(string path, string axis, BadLines badRows = BadLines.Throw, long seed = 0)
    {
        var comparisons = new List<Comparison>();
        var flaws = new Dictionary<Flaw, int>();
        var name = Path.GetFileName(path).Split('.')[0];
        int rows = 0, multiTurn = 0, notAlternating = 0;
        foreach (var line in RecordLines.Of(path, "Check the path; data/README.md says where the file can be had."))
        {
            rows++;
            try
            {
                var (chosen, rejected) = Transcripts(line);
                multiTurn += chosen.Count(t => t.Role == Role.Human) > 1 ? 1 : 0;
                notAlternating += new[] { chosen, rejected }.Count(t => !HhTranscript.Alternates(t));
                comparisons.Add(Compare(
                    chosen, rejected, $"{name}-{line.Number}", axis, Seeds.Rng(seed, "hh-rlhf", name, line.Number).Chance(0.5), line.Where));
            }
            catch (FlawException e) when (badRows == BadLines.Skip)
            {
                flaws[e.Flaw] = flaws.GetValueOrDefault(e.Flaw) + 1;
            }
        }
        var counts = new HhRlhfCounts(rows, multiTurn, notAlternating, flaws.GetValueOrDefault(Flaw.PromptsDiffer), flaws.GetValueOrDefault(Flaw.EmptyAnswer),
            flaws.GetValueOrDefault(Flaw.Unreadable), flaws.GetValueOrDefault(Flaw.EqualAnswers));
        return comparisons.Count > 0 ? new HhRlhfFile(comparisons, counts)
            : throw new CaiException($"No row is a comparison ({counts}).", "Give a file of hh-rlhf: JSONL with `chosen` and `rejected`.", path);
    }

    private static (IReadOnlyList<Turn> Chosen, IReadOnlyList<Turn> Rejected) Transcripts(RecordLine line)
    {
        try
        {
            var row = line.Read<Row>(RowRemedy);
            return (HhTranscript.Parse(row.Chosen, line.Where), HhTranscript.Parse(row.Rejected, line.Where));
        }
        catch (CaiException e)
        {
            throw new FlawException(Flaw.Unreadable, e.Problem, line.Where);
        }
    }

    private static Comparison Compare(IReadOnlyList<Turn> chosen, IReadOnlyList<Turn> rejected, string id, string axis, bool chosenFirst, string where)
    {
        foreach (var transcript in new[] { chosen, rejected })
            if (transcript[^1].Role != Role.Assistant || transcript.Count < 2)
                throw new FlawException(Flaw.Unreadable, "A transcript does not end with an answer to something.", where);
        if (!chosen.SkipLast(1).SequenceEqual(rejected.SkipLast(1)))
            throw new FlawException(Flaw.PromptsDiffer, "The two transcripts differ before the last answer, so they compare no answers to one prompt.", where);
        if (chosen[^1].Text.Length == 0 || rejected[^1].Text.Length == 0)
            throw new FlawException(Flaw.EmptyAnswer, "An answer is empty.", where);
        if (chosen[^1].Text == rejected[^1].Text)
            throw new FlawException(Flaw.EqualAnswers, "Both answers are the same, so they compare no two answers.", where);
        var prompt = new Dialogue([.. chosen.SkipLast(1)]);
        var (a, b) = chosenFirst ? (chosen, rejected) : (rejected, chosen);
        return new Comparison(id, HhTranscript.PromptId(prompt), prompt, a[^1].Text, b[^1].Text, axis, LabelKind.Human, chosenFirst ? 1 : 0);
    }
}
