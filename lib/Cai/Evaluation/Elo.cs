using Cai.Text;

namespace Cai.Evaluation;

/// <summary>How ratings are fitted.</summary>
public sealed record EloOptions
{
    /// <summary>
    /// Penalty on squared log-odds. 0.1 is far weaker than one game and keeps a model that won every comparison finite;
    /// at a few hundred comparisons a model it moves ratings by less than one point.
    /// </summary>
    public double L2 { get; init => field = InRange.Number(value, 0, 1e9, nameof(EloOptions)); } = 0.1;

    /// <summary>Bootstrap over prompts; 500 resamples, since each is a whole fit.</summary>
    public BootstrapOptions Bootstrap { get; init; } = new() { Resamples = 500 };
}

/// <summary>One model's rating.</summary>
/// <param name="Elo">Points above the anchor; N counts the judgements that the model took part in.</param>
public sealed record EloRating(string Model, Interval Elo);

/// <summary>
/// Elo ratings as in the paper (3.3): Bradley-Terry strengths times 400/ln 10, so that a model 400 points ahead wins ten
/// times in eleven, with one named model at 0. Only differences mean anything.
/// </summary>
public sealed class EloTable
{
    private readonly Dictionary<string, int> index;
    private readonly double[] elo;
    private readonly double[][] resamples;
    private readonly string[] prompts; // that were resampled, in order
    private readonly long seed; // of the resampling
    private readonly double[,] games;
    private readonly double level;
    private readonly bool[,] beats; // directly or through others
    private readonly double[] cautious;

    /// <param name="cautious">Ratings if those who won everything had lost as often as the judgements cannot exclude.</param>
    private EloTable(
        string[] models, string anchor, double[] elo, double[] cautious, double[][] resamples, double[,] games, bool[,] beats, string[] prompts,
        BootstrapOptions bootstrap, string? note)
    {
        (this.elo, this.cautious, this.resamples, this.games, this.beats) = (elo, cautious, resamples, games, beats);
        (this.prompts, seed, level) = (prompts, bootstrap.Seed, bootstrap.Level);
        (Anchor, Note) = (anchor, note);
        index = models.Select((model, i) => (model, i)).ToDictionary(m => m.model, m => m.i, StringComparer.Ordinal);
        Ratings = models.Select(model => new EloRating(model, Difference(model, anchor) with { N = GamesOf(index[model]) }))
            .OrderByDescending(r => r.Elo.Value).ThenBy(r => r.Model, StringComparer.Ordinal).ToArray();
    }

    /// <summary>Elo points per unit of log-odds (or of preference-model score): about 174.</summary>
    public static double PerLogOdds { get; } = 400 / Math.Log(10);

    /// <summary>The model at 0.</summary>
    public string Anchor { get; }

    /// <summary>Prompts that the judgements came from.</summary>
    public int Prompts => prompts.Length;

    /// <summary>Best first.</summary>
    public IReadOnlyList<EloRating> Ratings { get; }

    /// <summary>What a reader must know: set when only the penalty keeps a rating finite.</summary>
    public string? Note { get; }

    /// <summary>Rating of one model.</summary>
    /// <exception cref="CaiException">The model was never judged.</exception>
    public Interval this[string model]
    {
        get
        {
            Known(model);
            return Ratings.First(r => r.Model == model).Elo;
        }
    }

    /// <summary>
    /// Rating of <paramref name="a"/> minus rating of <paramref name="b"/>, both refitted on the same resampled prompts. This
    /// is the interval a claim "A above B" needs: the single ratings' intervals both contain the anchor's noise.
    /// N counts the judgements between the two directly. Where b never beat a, directly or through others, no judgement bounds the difference from
    /// above: the interval is one-sided, "at least"; likewise from below.
    /// </summary>
    public Interval Difference(string a, string b)
    {
        var (i, j) = (index[Known(a)], index[Known(b)]);
        var value = elo[i] - elo[j];
        var n = (int)games[i, j];
        if (Prompts < 2)
            return new Interval(value, double.NaN, double.NaN, n, Prompts);
        var drawn = Drawn(resamples.Select(r => r[i] - r[j]));
        var (low, high) = Evaluation.Bootstrap.Percentiles(drawn.Values, level);
        if (i == j || (beats[i, j] && beats[j, i]))
            return new Interval(value, low, high, n, Prompts) { Resamples = drawn };
        var careful = cautious[i] - cautious[j];
        return new Interval(value, beats[i, j] ? Math.Min(low, careful) : double.NegativeInfinity,
            beats[j, i] ? Math.Max(high, careful) : double.PositiveInfinity, n, Prompts);
    }

    /// <summary>
    /// <see cref="Difference"/> of two models here minus the same in another table that judged the same answers in another way, both on
    /// the same resampled prompts: what the way of judging does to the gap.
    /// </summary>
    /// <exception cref="CaiException">The tables are not of the same prompts and resamples, or a model was never judged in one.</exception>
    public Interval DifferenceAgainst(EloTable other, string a, string b)
    {
        var (here, there) = ((I: index[Known(a)], J: index[Known(b)]), (I: other.index[other.Known(a)], J: other.index[other.Known(b)]));
        if (other.Prompts != Prompts || other.resamples.Length != resamples.Length)
            throw new CaiException(
                $"One table is of {Prompts} prompts and {resamples.Length} resamples, the other of {other.Prompts} and {other.resamples.Length}.",
                "Judge the same answers twice, with the same bootstrap.");
        var value = elo[here.I] - elo[here.J] - (other.elo[there.I] - other.elo[there.J]);
        var n = (int)games[here.I, here.J];
        if (Prompts < 2)
            return new Interval(value, double.NaN, double.NaN, n, Prompts);
        var drawn = Drawn(resamples.Zip(other.resamples, (r, s) => r[here.I] - r[here.J] - (s[there.I] - s[there.J])));
        var (low, high) = Evaluation.Bootstrap.Percentiles(drawn.Values, level);
        var (mine, theirs) = (Difference(a, b), other.Difference(a, b));
        var bounded = beats[here.I, here.J] && beats[here.J, here.I] && other.beats[there.I, there.J] && other.beats[there.J, there.I];
        // Where nothing bounds a distance in one table its resamples say nothing: what both tables' own ends leave.
        return bounded ? new Interval(value, low, high, n, Prompts) { Resamples = drawn }
            : new Interval(value, mine.Low - theirs.High, mine.High - theirs.Low, n, Prompts);
    }

    /// <summary>Fits ratings to judgements of one axis.</summary>
    /// <param name="anchor">The model that is 0 by definition (SL-CAI in the paper).</param>
    /// <exception cref="DisconnectedComparisonsException">Some models were never compared with the rest, directly or through others.</exception>
    /// <exception cref="CaiException">No judgements, several axes, an outcome outside 0 to 1, or an unknown anchor.</exception>
    public static EloTable Fit(IReadOnlyList<Judgement> judgements, string anchor, EloOptions? options = null)
    {
        var settings = options ?? new EloOptions();
        Check(judgements);
        var models = judgements.SelectMany(j => new[] { j.ModelA, j.ModelB }).Distinct().Order(StringComparer.Ordinal).ToArray();
        var index = models.Select((model, i) => (model, i)).ToDictionary(m => m.model, m => m.i, StringComparer.Ordinal);
        if (!index.ContainsKey(anchor))
            throw new CaiException($"The anchor '{anchor}' was never judged.", $"Choose one of: {string.Join(", ", models)}.", nameof(anchor));
        var byPrompt = judgements.GroupBy(j => j.PromptId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
        var prompts = Array.ConvertAll(byPrompt, g => Wins(g, index));
        var wins = Sum(prompts, models.Length);
        if (!BradleyTerry.IsConnected(wins))
            throw new DisconnectedComparisonsException("The models fall apart into groups that were never compared with each other.",
                "Judge pairs that link the groups.");
        var note = BradleyTerry.HasFiniteMaximum(wins) ? null
            : "Some models won or lost every comparison with the rest: only the penalty keeps their distance finite.";
        var elo = Rate(wins, settings.L2);
        var resamples = prompts.Length < 2 ? []
            : Evaluation.Bootstrap.Draws(prompts, settings.Bootstrap).Select(drawn => Rate(Sum(drawn, models.Length), settings.L2)).ToArray();
        var games = new double[models.Length, models.Length];
        for (var i = 0; i < models.Length; i++)
            for (var j = 0; j < models.Length; j++)
                games[i, j] = Math.Round(wins[i, j] + wins[j, i]);
        var beats = BradleyTerry.Beats(wins);
        return new EloTable(models, anchor, elo, note is null ? elo : Rate(Cautious(prompts, wins, beats, settings.Bootstrap.Level), settings.L2),
            resamples, games, beats, Array.ConvertAll(byPrompt, g => g.Key), settings.Bootstrap, note);
    }

    /// <summary>
    /// The wins if every model that nobody behind it ever beat had lost as large a share to those it met as so many prompts cannot exclude (exact, see
    /// <see cref="Proportion"/>); the two of a prompt's judgements count once.
    /// </summary>
    private static double[,] Cautious(double[][,] prompts, double[,] wins, bool[,] beats, double level)
    {
        var cautious = (double[,])wins.Clone();
        for (var i = 0; i < wins.GetLength(0); i++)
            for (var j = 0; j < wins.GetLength(0); j++)
                if (i != j && beats[i, j] && !beats[j, i] && wins[i, j] > 0)
                {
                    var lost = wins[i, j] * Proportion.Reach(prompts.Count(p => p[i, j] > 0), level);
                    cautious[i, j] -= lost;
                    cautious[j, i] += lost;
                }
        return cautious;
    }

    private static double[] Rate(double[,] wins, double l2)
    {
        // A resample may lose the only win of a model; then plain maximum likelihood has no answer and counts as unknown.
        if (l2 == 0 && !BradleyTerry.HasFiniteMaximum(wins))
            return Enumerable.Repeat(double.NaN, wins.GetLength(0)).ToArray();
        return BradleyTerry.Fit(wins, l2).Select(theta => theta * PerLogOdds).ToArray();
    }

    private static void Check(IReadOnlyList<Judgement> judgements)
    {
        if (judgements.Count == 0)
            throw new CaiException("There are no judgements to rate.", "Run the tournament first.", nameof(judgements));
        foreach (var j in judgements)
        {
            if (!(j.Outcome is >= 0 and <= 1))
                throw new CaiException($"The outcome is {j.Outcome}, but must be 1 (A), 0 (B) or 0.5 (tie).", "Mend or drop the judgement.", j.Id);
            if (j.Axis != judgements[0].Axis)
                throw new CaiException($"The judgements mix the axes '{judgements[0].Axis}' and '{j.Axis}'.", "Rate one axis at a time.", j.Id);
            if (j.ModelA == j.ModelB)
                throw new CaiException($"'{j.ModelA}' is compared with itself.", "Leave such pairs out.", j.Id);
        }
    }

    private static double[,] Wins(IEnumerable<Judgement> judgements, Dictionary<string, int> index)
    {
        var wins = new double[index.Count, index.Count];
        foreach (var j in judgements)
        {
            var (a, b) = (index[j.ModelA], index[j.ModelB]);
            wins[a, b] += j.Outcome;
            wins[b, a] += 1 - j.Outcome;
        }
        return wins;
    }

    private static double[,] Sum(IEnumerable<double[,]> tables, int n)
    {
        var sum = new double[n, n];
        foreach (var table in tables)
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++)
                    sum[i, j] += table[i, j];
        return sum;
    }

    private Resamples Drawn(IEnumerable<double> values) => new(prompts, seed, [.. values]);

    private int GamesOf(int model) => Enumerable.Range(0, elo.Length).Where(j => j != model).Sum(j => (int)games[model, j]);

    private string Known(string model) => index.ContainsKey(model) ? model
        : throw new CaiException($"The model '{model}' was never judged.", $"Choose one of: {string.Join(", ", index.Keys)}.", nameof(model));
}
