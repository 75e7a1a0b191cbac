using Cai.Miniature;
using Cai.Models;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Playground;

/// <summary>Prompts that a newcomer can begin with.</summary>
/// <param name="Name">Where they come from.</param>
internal sealed record SamplePrompts(string Name, IReadOnlyList<string> Prompts)
{
    private const string TokenizerFile = "tokenizer.json";

    /// <summary>Some of data/prompts; before them some that no miniature model has met, where all models are of the miniature.</summary>
    /// <param name="models">The models on this machine, null for one on a server.</param>
    /// <param name="seed">Of the miniature's draw.</param>
    public static IReadOnlyList<SamplePrompts> For(IReadOnlyCollection<PretrainedModel?> models, long seed)
    {
        var plain = Texts(OwnPrompts.Shipped("harmful").Take(2), OwnPrompts.Shipped("benign").Take(2));
        if (!models.All(IsMiniature))
            return [new SamplePrompts("Sample prompts", plain)];
        var world = World.Load();
        IReadOnlyList<Prompt> HeldOut(string kind, int count) => world.Sample(kind, World.Eval, count, seed);
        return
        [
            new SamplePrompts("From the miniature's world, held out from training",
                Texts(HeldOut(TopicKind.Harmful, 2), HeldOut(TopicKind.Borderline, 1), HeldOut(TopicKind.Benign, 1))),
            new SamplePrompts("In plain English, which the miniature hardly knows", plain),
        ];
    }

    /// <summary>A model that reads by the miniature's tokenizer was trained in its world: the shipped ones and all that come of them.</summary>
    private static bool IsMiniature(PretrainedModel? model) =>
        model is not null && Path.Combine(model.Folder, TokenizerFile) is var file && File.Exists(file)
        && ShippedModels.Sizes("pretrained").Select(s => Path.Combine(s.Model.Folder, TokenizerFile)).FirstOrDefault(File.Exists) is { } shipped
        && ContentHash.OfFile(file) == ContentHash.OfFile(shipped);

    private static IReadOnlyList<string> Texts(params IEnumerable<IEnumerable<Prompt>> prompts) =>
        [.. prompts.SelectMany(p => p).Select(p => p.Dialogue.LastHuman())];
}
