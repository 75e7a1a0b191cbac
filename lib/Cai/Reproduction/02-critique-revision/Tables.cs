using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class RevisionStudy
{
    /// <summary>The numbers behind the figures, one row a kind of revision and round.</summary>
    public Table Summary()
    {
        var groups = new[] { ("critique, then revision", Critiqued), ("direct revision", Direct) }
            .SelectMany(kind => kind.Item2.GroupBy(r => r.Round).OrderBy(g => g.Key).Where(g => g.Key > 0 || kind.Item2 == Critiqued)
                .Select(g => (Kind: g.Key == 0 ? "first answer" : kind.Item1, Round: g.Key, Rows: g.ToList()))).ToList();
        return Table.Of(groups,
            new("made by", g => g.Kind), new("revision", g => g.Round), new("n", g => g.Rows.Count),
            new("harmfulness", g => g.Rows.Mean(Measures.Harmfulness), "0.00"),
            new("helpfulness", g => g.Rows.Mean(Measures.Helpfulness), "0.00"),
            new("engagement", g => g.Rows.Mean(Measures.Engagement), "0.00"),
            new("evasive", g => g.Rows.Mean(Measures.Evasive), "0.00"),
            new("incoherent", g => g.Rows.Mean(Measures.Incoherent), "0.00"),
            new("words", g => g.Rows.Average(r => r.Words), "0.0"));
    }
}
