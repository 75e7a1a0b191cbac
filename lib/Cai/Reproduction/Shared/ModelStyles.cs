namespace Cai.Reproduction;

/// <summary>How a model is called and drawn: the same words, colour and marker in every figure of every notebook.</summary>
/// <param name="Name">As in <see cref="ModelFolder.Name"/>, records and file names.</param>
/// <param name="Display">As in legends and tables.</param>
/// <param name="Index">For <see cref="Figures.Series.Style"/>.</param>
public sealed record ModelStyle(string Name, string Display, int Index);

/// <summary>The cast of the paper (1.2, 4.2) in the order in which the models are made.</summary>
public static class ModelStyles
{
    public static IReadOnlyList<ModelStyle> All { get; } =
    [
        new("pretrained", "Pretrained", 0),
        new("helpful", "Helpful-only", 1),
        new("sl-cai", "SL-CAI", 2),
        new("helpful-rlhf", "Helpful RLHF", 3),
        new("hh-rlhf", "HH RLHF", 4),
        new("rl-cai", "RL-CAI", 5),
        new("rl-cai-cot", "RL-CAI with CoT", 6),
    ];

    /// <summary>The style of a model of the cast; a snapshot (`rl-cai.23`) looks like its run.</summary>
    /// <exception cref="CaiException">The name is not in the cast.</exception>
    public static ModelStyle Of(string name) => All.FirstOrDefault(s => s.Name == name.Split('.')[0])
        ?? throw new CaiException($"'{name}' is no model of the reproduction.", $"Use one of {string.Join(", ", All.Select(s => s.Name))}.");

    /// <inheritdoc cref="Of(string)"/>
    public static ModelStyle Of(ModelFolder model) => Of(model.Name);
}
