using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

public sealed partial class OwnModelStudy
{
    /// <summary>What is being looked at.</summary>
    public Table Setup()
    {
        var local = opened.Pretrained?.Decoder;
        return Table.Of<(string Name, object Value)>(
        [
            ("model", local is not null && Options.Model.Length == 0 ? "the miniature (nothing else was named)" : Model.Name),
            ("from", local is null ? "a server" : "a folder"),
            ("parameters", local is null ? "known to the server" : NumberText.Count(local.Parameters.Count)),
            ("context in tokens", local is null ? "known to the server" : NumberText.Count(local.Config.MaxPositions)),
            ("layout of conversations", opened.Pretrained?.Format.Name ?? (Options.Load.ChatTemplate ? "the server's chat template" : HhFormat.Instance.Name)),
            ("constitution", constitution.Name),
            ("worked examples before a critique (of those there are)", $"{CritiqueShots} ({constitution.CritiqueExamples.Count})"),
            ("requests, two answers each", Prompts.Count),
            ("preference model starts from", PreferenceStart.Described),
        ],
            new("setting", r => r.Name), new("value", r => r.Value));
    }

    /// <summary>What a server was asked, and about what it cost where prices are known; for a folder that there is none.</summary>
    public Table Cost() => opened.Usage is not { } usage
        ? Table.Of<(string Name, string Value)>([("server", "none: the model is a folder on this computer")],
            new("cost", r => r.Name), new("value", r => r.Value))
        : Table.Of<(string Name, long Value)>(
        [
            ("answers", usage.Requests), ("from the cache", usage.Cached), ("retries", usage.Retries), ("prompt tokens", usage.PromptTokens),
            ("sampled tokens", usage.CompletionTokens),
        ],
            new("cost", r => r.Name), new("value", r => r.Value));
}
