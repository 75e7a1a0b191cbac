using Cai.Torch;

namespace Cai.Tool.Commands;

/// <summary>The optimiser's settings, which every record of a training holds.</summary>
internal static class AdamWFlags
{
    public static OptionFlags<T> AdamW<T>(this OptionFlags<T> flags, Func<T, AdamWOptions> get, Func<T, AdamWOptions, T> set)
    {
        return flags
            .Number("beta1", o => get(o).Beta1, (o, v) => set(o, get(o) with { Beta1 = v }), "AdamW: decay of the mean of gradients.")
            .Number("beta2", o => get(o).Beta2, (o, v) => set(o, get(o) with { Beta2 = v }), "AdamW: decay of the mean of their squares.")
            .Number("epsilon", o => get(o).Epsilon, (o, v) => set(o, get(o) with { Epsilon = v }), "AdamW: added to the root of that mean.")
            .Number("weight-decay", o => get(o).WeightDecay, (o, v) => set(o, get(o) with { WeightDecay = v }), "AdamW: decoupled weight decay of matrices.")
            .Number("clip-norm", o => get(o).ClipNorm, (o, v) => set(o, get(o) with { ClipNorm = v }), "Gradients are scaled down to this L2 norm; 0: never.");
    }
}
