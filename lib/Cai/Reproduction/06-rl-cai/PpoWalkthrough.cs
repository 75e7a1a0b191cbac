using Cai.Evaluation;
using Cai.Reinforcement;
using Cai.Text;
using static TorchSharp.torch;

namespace Cai.Reproduction;

/// <summary>
/// The loop of PPO, one phase at a time, and every tensor of it made readable: one response, token by token (paper 4.1; Schulman et al. 2017). What it gives
/// out lives as long as it does; what it measured stays after that.
/// </summary>
public sealed partial class PpoWalkthrough : IStudy<PpoWalkthrough>, IDisposable
{
    private readonly PpoTrainer trainer;
    private readonly ITokenizer tokenizer;
    private readonly PpoOptions options;
    private readonly IReadOnlyList<Prompt> prompts;
    private readonly List<IDisposable> owned = [];
    private Rollout? collected;
    private Interval? firstRatio;

    /// <summary>A walk over a trainer, which stays the caller's.</summary>
    /// <param name="options">The trainer's.</param>
    /// <param name="prompts">What every rollout answers.</param>
    public PpoWalkthrough(PpoTrainer trainer, ITokenizer tokenizer, PpoOptions options, IReadOnlyList<Prompt> prompts) =>
        (this.trainer, this.tokenizer, this.options, this.prompts) = (trainer, tokenizer, options, prompts);

    /// <summary>The four networks of RL-CAI before its first iteration; nothing is collected yet.</summary>
    public static async Task<PpoWalkthrough> OpenAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var arm = pipeline.Arms.RlCai;
        var start = await pipeline.Reinforcement.StartAsync(arm, cancel);
        var judge = await pipeline.Preferences.ModelAsync(arm, cancel: cancel);
        var options = Recipes.WalkthroughPpo(pipeline.Scale, pipeline.Seed);
        var session = PpoSession.Open(start.Folder, judge.Folder, options);
        var walk = new PpoWalkthrough(session.Trainer, session.Policy.Tokenizer, options, session.Trainer.Draw(pipeline.Prompts.Rl, 0));
        walk.owned.Add(session);
        return walk;
    }

    /// <summary>One iteration: a rollout and the update on it.</summary>
    public static async Task<PpoWalkthrough> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var walk = await OpenAsync(pipeline, cancel);
        walk.Collect(cancel);
        walk.Update();
        return walk;
    }

    /// <summary>One: an identity holds for every seed or for none.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>First phase: the policy answers the prompts (<see cref="PpoTrainer.Collect"/>).</summary>
    public Rollout Collect(CancellationToken cancel = default)
    {
        collected = trainer.Collect(prompts, cancel: cancel);
        owned.Add(collected);
        return collected;
    }

    /// <summary>Second phase: policy and critic learn from the last rollout (<see cref="PpoTrainer.Step"/>).</summary>
    /// <exception cref="CaiException">Nothing was collected.</exception>
    public PpoStep Update()
    {
        var rollout = collected ?? throw new CaiException("There is no rollout to learn from.", "Call Collect before Update.");
        var step = trainer.Step(rollout);
        owned.Add(step);
        var ratios = Masked(step.First.Ratio, rollout.ResponseMask);
        firstRatio = new Interval(ratios.Max(r => Math.Abs(r - 1)), double.NaN, double.NaN, ratios.Length, ratios.Length);
        return step;
    }

    /// <summary>
    /// Largest |ratio - 1| over all response tokens of the first minibatch of the last update. The update recomputes log-probabilities as the
    /// rollout did; were they off, PPO would clip and weigh tokens for a change that never happened.
    /// </summary>
    public IEnumerable<Measurement> Measure() => [new("rl-1", firstRatio)];

    /// <summary>Every token of the last rollout; look at it before <see cref="Dispose"/>.</summary>
    public StudyData Data() => new()
    {
        { "tokens", "Response", collected?.Responses.Select((r, i) => (r.Prompt.Id, Tokens(collected, i).AsEnumerable())) ?? [] },
    };

    /// <summary>Disposes all rollouts and updates that it gave out, and the networks that it opened.</summary>
    public void Dispose()
    {
        foreach (var one in Enumerable.Reverse(owned))
            one.Dispose();
        owned.Clear();
    }

    private string TokenText(int id) => id == tokenizer.EosId ? "<end>" : tokenizer.TokenText(id);

    private static double[] Numbers(Tensor tensor, int row, int count)
    {
        using var scope = NewDisposeScope();
        return [.. tensor.select(0, row).detach().to(ScalarType.Float64).cpu().contiguous().data<double>().Take(count)];
    }

    private static double[] Masked(Tensor tensor, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().masked_select(mask).to(ScalarType.Float64).cpu().data<double>().ToArray();
    }
}
