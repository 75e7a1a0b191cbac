using Cai.Feedback;
using Cai.Miniature;

namespace Cai.Reproduction;

/// <summary>Pairs of written answers to held-out requests that differ in one manner: what a judge is asked about to see what it reads.</summary>
internal static class MannerPairs
{
    /// <summary>Answer A has the manner. Pair i depends on the seed, the stream and the manner alone.</summary>
    /// <param name="stream">Names the draws: those of two streams are independent.</param>
    public static IReadOnlyList<ResponsePair> Of(Pipeline pipeline, Manner manner, string stream, int count)
    {
        var contrasts = new ContrastPairs(new TopicSource(pipeline.World, odd: 0, World.Eval), new ResponseWriter(pipeline.World));
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var pair = contrasts.Draw(manner, Seeds.Rng(pipeline.Seed, stream, manner, i));
            return new ResponsePair($"{manner}/{i}", pipeline.World.PromptsOf(pair.Topic).First(), pair.With, pair.Without);
        })];
    }
}
