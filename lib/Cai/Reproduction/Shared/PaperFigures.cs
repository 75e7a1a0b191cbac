using System.Globalization;
using System.Text.Json;

namespace Cai.Reproduction;

/// <summary>
/// Points of the paper's Figures 2, 3, 4, 5, 8 and 10, digitised (`data/paper/figures.json`): its own models, Elo from human
/// crowdworkers, SL-CAI at (0, 0). They stand beside our numbers for the order and the shape only.
/// </summary>
public sealed class PaperFigures
{
    private const string Figure2 = "fig2_52B_helpfulness_harmlessness_elo";

    private static readonly Dictionary<string, string> Keys = new()
    {
        [ModelNames.Pretrained] = "pretrained_base",
        [ModelNames.SlCai] = "SL-CAI",
        [ModelNames.HelpfulRlhf] = "helpful_RLHF",
        [ModelNames.HhRlhf] = "HH_RLHF",
        [ModelNames.RlCai] = "RL-CAI",
        [ModelNames.RlCaiCot] = "RL-CAI_CoT",
    };

    private readonly JsonElement root;
    private readonly IReadOnlyDictionary<string, double[][]> points;

    private PaperFigures(JsonElement root) => (this.root, points) = (root, root.GetProperty(Figure2).Deserialize<Dictionary<string, double[][]>>()!);

    /// <summary>Reads the file beside this assembly.</summary>
    /// <exception cref="CaiException">It is missing or has no Figure 2.</exception>
    public static PaperFigures Load()
    {
        var path = Path.Combine(ShippedFiles.Folder, "data", "paper", "figures.json");
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllText(path));
            return new PaperFigures(file.RootElement.Clone());
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException)
        {
            throw new CaiException($"The paper's digitised figures cannot be read: {e.Message}", "Restore data/paper/figures.json and build again.", path, e);
        }
    }

    /// <summary>Helpfulness Elo of each snapshot of a model; empty for models that are not in the figure.</summary>
    public IReadOnlyList<double> Helpful(string model) => Axis(model, 0);

    /// <summary>Harmlessness Elo of each snapshot.</summary>
    public IReadOnlyList<double> Harmless(string model) => Axis(model, 1);

    /// <summary>A row of numbers in the file, NaN where the paper shows none; a single number is a row of one.</summary>
    /// <param name="path">Keys from the outermost; names of our models stand for the file's.</param>
    /// <exception cref="CaiException">There is no such row.</exception>
    public IReadOnlyList<double> Row(params ReadOnlySpan<string> path)
    {
        var at = root;
        foreach (var key in path)
            if (!at.TryGetProperty(Keys.GetValueOrDefault(key, key), out at))
                throw new CaiException($"The paper's digitised figures have no '{string.Join('/', path)}'.",
                    "Restore data/paper/figures.json and build again.");
        return at.ValueKind == JsonValueKind.Array ? [.. at.EnumerateArray().Select(Number)] : [Number(at)];

        static double Number(JsonElement e) => e.ValueKind == JsonValueKind.Number ? e.GetDouble() : double.NaN;
    }

    /// <summary>
    /// What a reference says: the number, or `-64 to -11` where it names several. A reference is a path into the file, keys and places with `/` between them
    /// (`-1` is the last place, `*` are all), and a number format behind `:` where two decimals are not wanted: `fig10_absolute_harmfulness/RL-CAI/T1/-1:0.0`.
    /// </summary>
    /// <exception cref="CaiException">There is nothing there.</exception>
    public string Resolve(string reference)
    {
        var (path, format) = reference.Split(':', 2) is [var left, var right] ? (left, right) : (reference, "0.##");
        IEnumerable<JsonElement> at = [root];
        foreach (var step in path.Split('/'))
            at = at.SelectMany(e => Step(e, step)).ToList();
        var numbers = at.Where(e => e.ValueKind == JsonValueKind.Number).Select(e => e.GetDouble()).ToList();
        if (numbers.Count == 0)
            throw new CaiException($"The paper's digitised figures have no number at '{path}'.",
                "Correct the path; data/paper/figures.json has its keys.", reference);
        var (low, high) = (numbers.Min().ToString(format, CultureInfo.InvariantCulture), numbers.Max().ToString(format, CultureInfo.InvariantCulture));
        return low == high ? low : $"{low} to {high}";
    }

    private static IEnumerable<JsonElement> Step(JsonElement at, string step)
    {
        if (at.ValueKind == JsonValueKind.Object)
            return at.TryGetProperty(step, out var found) ? [found] : [];
        if (at.ValueKind != JsonValueKind.Array)
            return [];
        if (step == "*")
            return at.EnumerateArray();
        return int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var place)
            && (place < 0 ? place + at.GetArrayLength() : place) is var i && i >= 0 && i < at.GetArrayLength()
            ? [at[i]] : [];
    }

    /// <summary>`helpful 11 to 103, harmless -4 to 77`; a dash for models that are not in the figure.</summary>
    public string Position(string model) => Harmless(model).Count == 0 ? "–" : $"helpful {Numbers(Helpful(model))}, harmless {Numbers(Harmless(model))}";

    private static string Numbers(IReadOnlyList<double> elo) => elo.Min() == elo.Max()
        ? string.Create(CultureInfo.InvariantCulture, $"{elo[0]:0}")
        : string.Create(CultureInfo.InvariantCulture, $"{elo.Min():0} to {elo.Max():0}");

    private double[] Axis(string model, int axis) =>
        Keys.TryGetValue(model, out var key) && points.TryGetValue(key, out var found) ? [.. found.Select(p => p[axis])] : [];
}
