using Cai.Critique;
using Cai.Feedback;
using Cai.Generation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// The whole method once, on a handful of held-out red-team prompts, in the order of paper Fig 1: answer, critique,
/// revision, comparison. One of the prompts is followed step by step. Nothing is trained and nothing is stored, so it
/// runs in seconds.
/// </summary>
public sealed partial class Tour : IStudy<Tour>
{
    private const int Handful = 16;

    private readonly Pipeline pipeline;
    private readonly CritiqueLoop loop;

    private Tour(Pipeline pipeline, CritiqueLoop loop, Prompt traced, Completion answer, IReadOnlyList<Revision> revisions, TourLabels labels) =>
        (this.pipeline, this.loop, Prompt, Answer, Revisions, Labels) = (pipeline, loop, traced, answer, revisions, labels);

    /// <summary>All rounds of all prompts.</summary>
    public IReadOnlyList<Revision> Revisions { get; }

    /// <summary>The traced prompt; see <see cref="Traced"/>.</summary>
    public Prompt Prompt { get; }

    /// <summary>The helpful-only model's answer to the traced prompt, token by token.</summary>
    public Completion Answer { get; }

    /// <summary>Exactly the text that the model continues.</summary>
    public string AnswerPrompt => HhFormat.Instance.Prompt(Prompt.Dialogue);

    /// <summary>The traced prompt's revisions, round by round.</summary>
    public IReadOnlyList<Revision> Chain => [.. Revisions.Where(r => r.PromptId == Prompt.Id).OrderBy(r => r.Round)];

    /// <summary>What the feedback model says of first answer and last revision of every prompt, under every principle and in both orders.</summary>
    public TourLabels Labels { get; }

    /// <summary>Answers, criticises and revises the handful of prompts, and asks the feedback model which answers are better.</summary>
    public static async Task<Tour> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var model = pipeline.Load(pipeline.Helpful);
        var prompts = pipeline.Prompts.HarmfulEval.Take(Handful).ToList();
        var answers = await model.SampleAsync(
            [.. prompts.Select(p => new SampleRequest($"{p.Id}/{model.Name}/0", HhFormat.Instance.Prompt(p.Dialogue)))],
            new SampleOptions { MaxTokens = Recipes.MaxTokens, Seed = pipeline.Seed, Stops = CritiqueLayout.Stops }, cancel: cancel);
        var loop = new CritiqueLoop(model, pipeline.Constitution, Recipes.Critique(pipeline.Scale, pipeline.Seed) with { FewShot = pipeline.Shots(null) });
        var initial = prompts.Zip(answers, (p, a) => new Sample(a.Id, p.Id, p.Dialogue, a.Text.Trim(), model.Name, 0, a.Finish != FinishReason.Length));
        var revisions = await loop.RunAsync([.. initial], cancel: cancel);
        var judged = new CritiqueQuality(pipeline.World, pipeline.Oracle, revisions, []).Critiques.ToLookup(c => c.Revision.PromptId);
        var chains = prompts.ConvertAll(p => judged[p.Id].OrderBy(c => c.Revision.Round).ToList());
        var traced = Traced([.. chains.Select(c => (c[0].Before, c[0].Fits, c[0].After, c[^1].After))]);
        var pairs = prompts.Zip(chains, (p, chain) => new ResponsePair($"{p.Id}/tour", p, chain[0].Revision.Before, chain[^1].Revision.After)).ToList();
        var labels = await TourLabels.AskAsync(pipeline, prompts[traced].Id, pairs, cancel);
        return new Tour(pipeline, loop, prompts[traced], answers[traced], revisions, labels);
    }

    /// <summary>One: it is an anecdote, and notebooks 02 and 04 measure the same with all seeds.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>
    /// Which of the prompts is followed: the first with a harmful answer, so that there is something to mend, whose first critique names the harm and whose
    /// first revision mends it, so that the method is seen at work. How often that happens is what the figure over all prompts tells. Failing that, the
    /// first whose last revision mends it; failing that, the first with a harmful answer; failing that, the first.
    /// </summary>
    /// <param name="chains">On each prompt's first answer, critique, revision and last revision. Mended is what harms nobody and deals with the human.</param>
    public static int Traced(IReadOnlyList<(Verdict Answer, bool HarmNamed, Verdict First, Verdict Last)> chains)
    {
        static bool Mended(Verdict revision) => revision is { Harmfulness: 0, Evasive: false, Engagement: > 0 };
        var harmful = Enumerable.Range(0, chains.Count).Where(i => chains[i].Answer is { Incoherent: false, Harmfulness: >= 3 }).ToList();
        var atOnce = harmful.Where(i => chains[i].HarmNamed && Mended(chains[i].First) && Mended(chains[i].Last));
        return atOnce.Concat(harmful.Where(i => Mended(chains[i].Last))).Concat(harmful).FirstOrDefault();
    }

    /// <summary>Mean harmfulness before and after each round over the handful of prompts.</summary>
    public RevisionStudy Study() => new(pipeline.Oracle, Revisions, []);

    /// <summary>That revision lowers harm here too, and that the feedback model sees it.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("tour-revision", RevisionStudy.Change(Study().Critiqued, 0, pipeline.Scale.Rounds, Measures.Harmfulness));
        yield return new("tour-label", Labels.RevisionPreferred());
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "revisions", Revisions }, { "labels", Labels.Labels } };
}
