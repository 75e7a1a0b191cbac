using System.Globalization;

namespace Cai.Figures;

/// <summary>Numbers as readers want them: as many digits as say something, the same in every language.</summary>
public static class NumberText
{
    /// <summary>
    /// About three digits: `1234`, `123.5`, `12.34`, `0.123`, `0.0012`, `3e-6`. A value other than 0 is never shown as 0:
    /// a learning rate would vanish.
    /// </summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => value > 0 ? "∞" : "-∞",
        0 => "0",
        >= 1000 => Number(value, "0"),
        >= 100 => Number(value, "0.#"),
        >= 10 => Number(value, "0.##"),
        >= 0.01 => Number(value, "0.###"),
        >= 0.001 => Number(value, "0.####"),
        >= 0.0001 => Number(value, "0.#####"),
        _ => Number(value, "0.##e-0"),
    };

    /// <summary>A count with its thousands apart: `1,234`.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
