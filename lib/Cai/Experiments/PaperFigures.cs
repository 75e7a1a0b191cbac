using System.Globalization;
using System.Text.Json;
using Cai.Storage;

namespace Cai.Experiments;

/// <summary>
/// Points of the paper's Figure 2, digitised (`data/paper/figures.json`): 52B models, Elo from human crowdworkers, SL-CAI
/// at (0, 0). They stand beside our numbers as text, for the order of models only.
/// </summary>
public sealed class PaperFigures
{
    private const string Figure2 = "fig2_52B_helpfulness_harmlessness_elo";

    private static readonly Dictionary<string, string> Keys = new()
    {
        ["pretrained"] = "pretrained_base",
        ["sl-cai"] = "SL-CAI",
        ["helpful-rlhf"] = "helpful_RLHF",
        ["hh-rlhf"] = "HH_RLHF",
        ["rl-cai"] = "RL-CAI",
        ["rl-cai-cot"] = "RL-CAI_CoT",
    };

    private readonly IReadOnlyDictionary<string, double[][]> points;

    private PaperFigures(IReadOnlyDictionary<string, double[][]> points) => this.points = points;

    /// <summary>Reads the file beside this assembly.</summary>
    /// <exception cref="CaiException">It is missing or has no Figure 2.</exception>
    public static PaperFigures Load()
    {
        var path = Path.Combine(Path.GetDirectoryName(typeof(PaperFigures).Assembly.Location)!, "data", "paper", "figures.json");
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllText(path));
            return new PaperFigures(file.RootElement.GetProperty(Figure2).Deserialize<Dictionary<string, double[][]>>()!);
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

    /// <summary>`HH RLHF 11 to 103` or `SL-CAI 0`, the range over snapshots.</summary>
    /// <param name="elo"><see cref="Helpful"/> or <see cref="Harmless"/> of the model.</param>
    public static string Range(string model, IReadOnlyList<double> elo) => elo.Count == 0 ? $"{ModelStyles.Of(model).Display} not shown"
        : elo.Min() == elo.Max() ? string.Create(CultureInfo.InvariantCulture, $"{ModelStyles.Of(model).Display} {elo[0]:0}")
        : string.Create(CultureInfo.InvariantCulture, $"{ModelStyles.Of(model).Display} {elo.Min():0} to {elo.Max():0}");

    /// <summary>`helpful 11 to 103, harmless -4 to 77`; a dash for models that are not in the figure.</summary>
    public string Position(string model) => Harmless(model).Count == 0 ? "–" : $"helpful {Numbers(Helpful(model))}, harmless {Numbers(Harmless(model))}";

    private static string Numbers(IReadOnlyList<double> elo) => elo.Min() == elo.Max()
        ? string.Create(CultureInfo.InvariantCulture, $"{elo[0]:0}")
        : string.Create(CultureInfo.InvariantCulture, $"{elo.Min():0} to {elo.Max():0}");

    private double[] Axis(string model, int axis) => Keys.TryGetValue(model, out var key) && points.TryGetValue(key, out var found) ? [.. found.Select(p => p[axis])] : [];
}
