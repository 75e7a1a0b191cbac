using System.Globalization;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>The axis of figures against the number of parameters: log, with a tick at each size that says its name and its parameters.</summary>
public static class SizeAxis
{
    /// <param name="sizes">Names and parameters; each size once or more.</param>
    public static Axis Of(IEnumerable<(string Size, long Parameters)> sizes) => new("size and its parameters", AxisScale.Log)
    {
        Ticks = [.. sizes.DistinctBy(s => s.Parameters).OrderBy(s => s.Parameters).Select(s => new AxisTick(s.Parameters, $"{s.Size}\n{Words(s.Parameters)}"))],
    };

    /// <summary>The paper's, in billions.</summary>
    public static Axis OfBillions(IEnumerable<double> sizes) => new("parameters (paper)", AxisScale.Log)
    {
        Ticks = [.. sizes.Select(b => new AxisTick(b, string.Create(CultureInfo.InvariantCulture, $"{(b < 20 ? b.ToString("0.#", CultureInfo.InvariantCulture)
            : b.ToString("0", CultureInfo.InvariantCulture))}B")))],
    };

    /// <summary>Colour of a size in figures with a line a size, by its rank from the largest: our largest looks as the paper's largest of four.</summary>
    public static int Style(int place, int count) => Math.Max(0, 4 - count) + place;

    /// <summary>`182k`, `1.7M`.</summary>
    public static string Words(long parameters) => parameters >= 1_000_000
        ? (parameters / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + "M"
        : parameters >= 1000 ? (parameters / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k" : parameters.ToString(CultureInfo.InvariantCulture);
}
