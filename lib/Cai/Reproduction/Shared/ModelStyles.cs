namespace Cai.Reproduction;

/// <summary>The models of the paper (1.2, 4.2), as files, samples and ratings call them.</summary>
public static class ModelNames
{
    public const string Pretrained = "pretrained", Helpful = "helpful", SlCai = "sl-cai", HelpfulRlhf = "helpful-rlhf", HhRlhf = "hh-rlhf", RlCai = "rl-cai",
        RlCaiCot = "rl-cai-cot";
}

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
        new(ModelNames.Pretrained, "Pretrained", 0),
        new(ModelNames.Helpful, "Helpful-only", 1),
        new(ModelNames.SlCai, "SL-CAI", 2),
        new(ModelNames.HelpfulRlhf, "Helpful RLHF", 3),
        new(ModelNames.HhRlhf, "HH RLHF", 4),
        new(ModelNames.RlCai, "RL-CAI", 5),
        new(ModelNames.RlCaiCot, "RL-CAI with CoT", 6),
    ];

    /// <summary>The style of a model of the cast; a snapshot (`rl-cai.23`) looks like its run.</summary>
    /// <exception cref="CaiException">The name is not in the cast.</exception>
    public static ModelStyle Of(string name) => All.FirstOrDefault(s => s.Name == name.Split('.')[0])
        ?? throw new CaiException($"'{name}' is no model of the reproduction.", $"Use one of {string.Join(", ", All.Select(s => s.Name))}.");

    /// <inheritdoc cref="Of(string)"/>
    public static ModelStyle Of(ModelFolder model) => Of(model.Name);
}
