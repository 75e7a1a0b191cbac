using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>What a notebook opens with.</summary>
public sealed partial class Pipeline
{
    /// <summary>
    /// The settings that decide every number below it: scale, seed, model size and parameters. Nothing about the machine,
    /// so that the committed outputs of a notebook differ only when its results do.
    /// </summary>
    public Table Header()
    {
        var model = Load(Helpful);
        return Table.Of<(string Name, object Value)>(
        [
            ("scale", Scale.Name),
            ("seed", Seed),
            ("seeds of the claims", string.Join(", ", ClaimSeeds)),
            own is null ? ("model size", Scale.Size) : ("model", $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(own))}; sizes beside it are the miniature's"),
            ("parameters", model.Decoder.Parameters.Count.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)),
            ("vocabulary", model.Decoder.Config.VocabularySize),
            .. Shots(null) is 0 ? [("worked examples", $"none, since the model's context is {model.Decoder.Config.MaxPositions}")] : Array.Empty<(string, object)>(),
            ("red-team prompts", Scale.RedTeamPrompts),
            ("rounds of critique and revision", Scale.Rounds),
            ("principles (critique / comparison)", $"{Constitution.Critique.Count} / {Constitution.Comparison.Count}"),
            ("held-out prompts of each kind", Scale.EvalPrompts),
        ],
            new("setting", r => r.Name), new("value", r => r.Value));
    }
}
