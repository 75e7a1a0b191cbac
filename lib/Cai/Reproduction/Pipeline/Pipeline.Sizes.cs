namespace Cai.Reproduction;

/// <summary>The same pipeline with models of another size, for figures against parameters.</summary>
public sealed partial class Pipeline
{
    private readonly Dictionary<string, Pipeline> sizes = [];

    /// <summary>This pipeline with another size of shipped model: same seed, prompts and counts, but only the first <see cref="Reproduction.Scale.StudyPrompts"/> red-team prompts. Disposed with this one. Where a model of another origin plays the parts, all sizes are still the miniature's.</summary>
    public Pipeline OfSize(string size)
    {
        if (size == Scale.Size && own is null)
            return this;
        if (!sizes.TryGetValue(size, out var pipeline))
            sizes[size] = pipeline = new Pipeline(Scale with { Size = size, RedTeamPrompts = Scale.StudyPrompts }, Seed, Out, host);
        return pipeline;
    }

    /// <summary>Weights of a model, embeddings included.</summary>
    public long ParametersOf(ModelFolder model) => Load(model).Decoder.Parameters.Count;
}
