namespace Cai.Figures;

/// <summary>The dash of a reference line.</summary>
internal enum Dash { Solid, Dashed, Dotted, DashDot, LongDash }

/// <summary>
/// Reference lines with different labels have different dashes, the same label the same one in every panel. A line without a label looks like a
/// labelled one of its direction (the other end of a range), or is a plain axis.
/// </summary>
internal sealed class Dashes(IReadOnlyList<Figure> figures)
{
    private static readonly Dash[] Order = [Dash.Dashed, Dash.Dotted, Dash.DashDot, Dash.LongDash];

    private readonly string[] labels = [.. figures.SelectMany(f => f.References).Select(r => r.Label).OfType<string>().Distinct()];

    public Dash Of(Figure figure, ReferenceLine line) =>
        (line.Label ?? figure.References.LastOrDefault(r => r.Label is not null && r.Kind == line.Kind)?.Label) is { } label
            ? Order[Array.IndexOf(labels, label) % Order.Length] : Dash.Solid;
}
