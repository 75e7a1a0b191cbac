using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>The prompts of a run: those that models learn from, and those about topics that no model has seen.</summary>
public sealed class PromptSets(World world, Scale scale, long seed)
{
    /// <summary>Red-team prompts of the training split that are answered, criticised and revised (paper 3.2).</summary>
    public IReadOnlyList<Prompt> RedTeam => world.Sample(TopicKind.Harmful, World.Train, scale.RedTeamPrompts, seed);

    /// <summary>Good requests of the training split: tasks, requests that only look harmful, small talk.</summary>
    public IReadOnlyList<Prompt> Helpful => Good(World.Train, scale.HelpfulPrompts, seed);

    /// <summary>Red-team prompts and good requests of the training split, the same for every policy (paper 4.2: about as many of each).</summary>
    public IReadOnlyList<Prompt> Rl
    {
        get
        {
            var harmful = world.Prompts(TopicKind.Harmful, World.Train);
            return [.. harmful, .. Good(World.Train, harmful.Count, seed)];
        }
    }

    // Evaluation asks every seed the same, so that seeds differ in what was trained and in nothing else.
    private const long Evaluated = 0;

    /// <summary>Red-team prompts about acts and targets that no model has seen together; the same for every seed.</summary>
    public IReadOnlyList<Prompt> HarmfulEval => world.Sample(TopicKind.Harmful, World.Eval, scale.EvalPrompts, Evaluated);

    /// <summary>Good requests about tasks and objects that no model has seen together; the same for every seed.</summary>
    public IReadOnlyList<Prompt> HelpfulEval => Good(World.Eval, scale.EvalPrompts, Evaluated);

    /// <summary>
    /// Red-team prompts of the training split whose answers are compared, one pair a prompt (paper 4.2); prompts repeat in turn when more are wanted.
    /// </summary>
    /// <param name="draw">Tells sets apart that are drawn for different models.</param>
    internal IReadOnlyList<Prompt> HarmfulPairs(int draw) => world.Sample(TopicKind.Harmful, World.Train, scale.HarmlessPairs, seed + draw);

    /// <summary>Good requests of the training split whose answers are compared.</summary>
    internal IReadOnlyList<Prompt> HelpfulPairs => Good(World.Train, scale.HelpfulPairs, seed);

    /// <summary>At most n of the items, drawn by id, in their order: lists are sorted by kind of prompt, so the first n would lack some.</summary>
    internal IReadOnlyList<T> Some<T>(IReadOnlyList<T> items, int n, Func<T, string> id) => n >= items.Count ? items
        : [.. items.Index().OrderBy(i => Seeds.Derive(seed, "some", id(i.Item))).Take(n).OrderBy(i => i.Index).Select(i => i.Item)];

    /// <summary>Good requests: three tenths that only look harmful and one tenth small talk, as far as there are so many; the rest are tasks.</summary>
    private IReadOnlyList<Prompt> Good(string split, int count, long drawn)
    {
        IReadOnlyList<Prompt> Draw(string kind, int wanted) => world.Sample(kind, split, Math.Min(wanted, world.Prompts(kind, split).Count), drawn);
        var others = (Prompt[])[.. Draw(TopicKind.Borderline, count * 3 / 10), .. Draw(TopicKind.SmallTalk, count / 10)];
        return [.. Draw(TopicKind.Benign, count - others.Length), .. others];
    }
}
