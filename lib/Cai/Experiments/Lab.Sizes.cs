namespace Cai.Experiments;

/// <summary>The same lab with models of another size, for figures against parameters.</summary>
public sealed partial class Lab
{
    private readonly Dictionary<string, Lab> sizes = [];

    /// <summary>This lab with another size of shipped model: same seed, prompts and counts, but only the first <see cref="Experiments.Scale.StudyPrompts"/> red-team prompts. Disposed with this one. Where a model of another origin plays the parts, all sizes are still the miniature's.</summary>
    public Lab OfSize(string size)
    {
        if (size == Scale.Size && own is null)
            return this;
        if (!sizes.TryGetValue(size, out var lab))
            sizes[size] = lab = new Lab(Scale with { Size = size, RedTeamPrompts = Scale.StudyPrompts }, Seed, Out, host);
        return lab;
    }

    /// <summary>Weights of a model, embeddings included.</summary>
    public long ParametersOf(ModelFolder model) => Load(model).Decoder.Parameters.Count;
}
