namespace Cai.Figures;

/// <summary>
/// The marker of a series, none a cross, which error bars are; shape and colour both tell series apart, so that print and colour-blind readers lose nothing.
/// </summary>
public enum MarkerKind { Circle, Square, TriangleUp, Diamond, TriangleDown, OpenCircle, OpenSquare }

/// <summary>Eight colours that people with any common colour vision can tell apart (Okabe and Ito 2008), yellow last because it is faint on white.</summary>
public static class Palette
{
    private static readonly string[] Hex = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442"];

    /// <summary>Reference lines and whatever else is no series of its own.</summary>
    public const string Neutral = "#8A8A8A";

    private static readonly MarkerKind[] Shapes = Enum.GetValues<MarkerKind>();

    /// <summary>Colour of the i-th series as #RRGGBB; the eighth follows the first again.</summary>
    public static string Color(int i) => Hex[i % Hex.Length];

    /// <summary>Colour of a series.</summary>
    public static string Color(Series series, int style) => series.Neutral ? Neutral : Color(style);

    /// <summary>Marker of the i-th series. Seven shapes against eight colours: 56 series differ.</summary>
    public static MarkerKind Marker(int i) => Shapes[i % Shapes.Length];
}
