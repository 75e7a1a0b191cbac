using Cai.Models;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;
using static TorchSharp.torch;

namespace Cai.Tests.Reproduction;

public sealed class PpoWalkthroughTests : IDisposable
{
    private static readonly PpoOptions Options = new()
    {
        RolloutsPerIteration = 6, MaxNewTokens = 5, LearningRate = 1e-2, CriticLearningRate = 1e-2, MissingEos = MissingEos.None, Epochs = 2, Gamma = 0.9,
    };

    private readonly Decoder policy, reference;
    private readonly ScalarModel critic;
    private readonly PpoTrainer trainer;
    private readonly PpoWalkthrough walk;

    public PpoWalkthroughTests()
    {
        set_num_threads(1);
        (policy, reference) = (Decoder.Create(Tiny.Config, 1), Decoder.Create(Tiny.Config, 2));
        critic = ScalarModel.FromLanguageModel(policy, 1);
        var tokenizer = new Tiny.Letters();
        trainer = new(policy, reference, critic, tokenizer, responses => [.. responses.Select(r => (double)r.Ids.Length)], Options);
        walk = new(trainer, tokenizer, Options, [.. Enumerable.Range(0, 6).Select(i => new Prompt($"p{i}", Dialogue.Ask(new string('a', 1 + i))))]);
    }

    public void Dispose()
    {
        walk.Dispose();
        trainer.Dispose();
        critic.Dispose();
        reference.Dispose();
        policy.Dispose();
    }

    [Fact]
    public void TheTracedNumbersAddUpToWhatPPOComputed()
    {
        var rollout = walk.Collect();
        for (var row = 0; row < rollout.Responses.Count; row++)
        {
            var tokens = walk.Tokens(rollout, row);
            Assert.Equal(rollout.Responses[row].Ids.Length, tokens.Count);
            Assert.All(tokens, t => Assert.Equal(t.LogProb - t.RefLogProb, t.Kl, 5));
            Assert.InRange(PpoWalkthrough.LargestDisagreement(tokens), 0, 1e-4);
            // The score is the response's length; the rest of the rewards is the price of KL.
            Assert.Equal(tokens.Count - Options.KlCoefficient * tokens.Sum(t => t.Kl), tokens.Sum(t => t.Reward), 4);
        }
    }

    [Fact]
    public void AWrongReturnIsSeen()
    {
        var rollout = walk.Collect();
        using var wrong = rollout.Returns + 0.5;
        var tokens = walk.Tokens(rollout with { Returns = wrong }, 0);
        Assert.Equal(0.5, PpoWalkthrough.LargestDisagreement(tokens), 3);
    }

    [Fact]
    public void TheFirstRatioIsOneUntilThePolicyHasMovedSinceTheRollout()
    {
        var rollout = walk.Collect();
        Assert.Null(Assert.Single(Claimed(walk)).Value); // nothing was updated yet
        var fresh = walk.Update();
        var claim = Assert.Single(Claimed(walk));
        Assert.Equal(("rl-1", true), (claim.Id, claim.Holds));
        Assert.Equal((null, null), (claim.Low, claim.High));
        Assert.Equal(rollout.Responses.Sum(r => r.Ids.Length), claim.N);
        var tokens = walk.Updated(rollout, fresh, 0);
        Assert.All(tokens, t => Assert.Equal(1, t.FirstRatio, 4));
        Assert.Contains(tokens, t => Math.Abs(t.LastRatio - 1) > 1e-3);
        walk.Update(); // on a rollout that is stale by now
        walk.Dispose();
        Assert.False(Assert.Single(Claimed(walk)).Holds); // measured, and so kept
    }

    [Fact]
    public void AnUpdateNeedsARollout() => Assert.Throws<CaiException>(walk.Update);

    [Fact]
    public void FiguresAndTablesCanBeDrawn()
    {
        var rollout = walk.Collect();
        var step = walk.Update();
        Assert.Contains("response tokens of 6 responses", walk.Ratios(rollout, step).Checked().Caption);
        Assert.Equal(rollout.Tensors.Count, PpoWalkthrough.Tensors(rollout).RowCount);
        Assert.Equal(4, PpoWalkthrough.Responses(rollout, 4).RowCount);
        Assert.Equal(11, walk.Settings().RowCount);
        Assert.True(PpoWalkthrough.Metrics(step).RowCount > 0);
    }
}
