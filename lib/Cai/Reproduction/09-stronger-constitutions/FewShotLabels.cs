using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Labels of one judge under one constitution, every pair asked in both orders.</summary>
/// <param name="Examples">Worked examples of the asked principle before each query.</param>
/// <param name="Author">Who answered them; null without examples.</param>
/// <param name="Labels">As made: the mean over both orders, with the position bias.</param>
/// <param name="Once">The same readings as two labels a pair, one an order: what asking once gives, without the luck of the order.</param>
public sealed record FewShotLabels(
    string Size, long Parameters, int Examples, ExampleAuthor? Author, IReadOnlyList<Comparison> Labels, LabelVariant Once)
{
    /// <summary>Labels beside the truth.</summary>
    public static FewShotLabels Of(
        Oracle oracle, IReadOnlyList<string> principles, string size, long parameters, int examples, ExampleAuthor? author, IReadOnlyList<Comparison> labels) =>
        new(size, parameters, examples, author, labels,
            LabelVariant.Of(Words(examples, author), 0, oracle, principles, [.. labels.SelectMany(BothOrders.Labels)]));

    /// <summary>Share of pairs whose verdict turns with the order.</summary>
    public Interval? Flips() => Bootstrap.TryMean(Read, c => BothOrders.Of(c)!.Flips ? 1 : 0, c => c.PromptId);

    /// <summary>Mean probability of the letter (A) less one half: 0 without position bias, since every answer is shown under both letters.</summary>
    public Interval? ExcessOfA() => Bootstrap.TryMean(Read, c => c.PositionBias!.Value / 2, c => c.PromptId);

    /// <summary>Mean distance of the two orders' labels of a pair, this judge's minus another's on the pairs that both labelled.</summary>
    public Interval? BiasMinus(FewShotLabels other)
    {
        var theirs = other.Read.ToDictionary(c => c.Id, c => Math.Abs(c.PositionBias!.Value));
        return Bootstrap.TryMean([.. Read.Where(c => theirs.ContainsKey(c.Id))], c => Math.Abs(c.PositionBias!.Value) - theirs[c.Id], c => c.PromptId);
    }

    private IReadOnlyList<Comparison> Read => [.. Labels.Where(c => c.PositionBias is not null)];

    private static string Words(int examples, ExampleAuthor? author) =>
        author is null ? "no examples" : $"{examples} {author.ToString()!.ToLowerInvariant()} examples";
}
