using System.Globalization;

namespace Cai.Fuzz;

/// <summary>The command line.</summary>
/// <param name="Worker">Where a process of the campaign writes how far it is; null for the campaign itself.</param>
/// <param name="From">The first case.</param>
internal sealed record FuzzOptions(string Target = "all", long Seed = 1, long N = 200, double Seconds = 600, string Out = "out/fuzz", bool List = false,
    long? Case = null,
    string? Worker = null, long From = 0)
{
    public static FuzzOptions Parse(IReadOnlyList<string> args)
    {
        var options = new FuzzOptions();
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--list")
            {
                options = options with { List = true };
                continue;
            }
            var value = i + 1 < args.Count ? args[i + 1] : throw new CaiException($"{args[i]} has no value.", "Give one.");
            options = args[i++] switch
            {
                "--target" => options with { Target = value },
                "--seed" => options with { Seed = Number(value) },
                "--n" => options with { N = Number(value) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--out" => options with { Out = value },
                "--case" => options with { Case = Number(value) },
                "--worker" => options with { Worker = value },
                "--from" => options with { From = Number(value) },
                var other => throw new CaiException($"There is no option {other}.", "See the head of tests/Cai.Fuzz/Program.cs."),
            };
        }
        return options;
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out var number) ? number : throw new CaiException($"'{text}' is no number.", "Give one.");
}
