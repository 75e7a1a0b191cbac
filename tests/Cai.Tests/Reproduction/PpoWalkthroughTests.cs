using Cai.Reproduction;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Reproduction;

public sealed class PpoWalkthroughTests : IDisposable
{
    private static readonly PpoOptions Options = new() { RolloutsPerIteration = 6, MaxNewTokens = 5, LearningRate = 1e-2, CriticLearningRate = 1e-2, MissingEos = MissingEos.None, Epochs = 2, Gamma = 0.9 };

    private readonly Decoder policy, reference;
    private readonly ScalarModel critic;
    private readonly PpoTrainer trainer;
    private readonly Tiny.Letters tokenizer = new();

    public PpoWalkthroughTests()
    {
        set_num_threads(1);
        (policy, reference) = (Decoder.Create(Tiny.Config, 1), Decoder.Create(Tiny.Config, 2));
        critic = ScalarModel.FromLanguageModel(policy, 1);
        trainer = new(policy, reference, critic, tokenizer, responses => [.. responses.Select(r => (double)r.Ids.Length)], Options);
    }

    public void Dispose()
    {
        trainer.Dispose();
        critic.Dispose();
        reference.Dispose();
        policy.Dispose();
    }

    private Rollout Collect() => trainer.Collect([.. Enumerable.Range(0, 6).Select(i => new Prompt($"p{i}", Dialogue.Ask(new string('a', 1 + i))))]);

    [Fact]
    public void TheTracedNumbersAddUpToWhatPPOComputed()
    {
        using var rollout = Collect();
        for (var row = 0; row < rollout.Responses.Count; row++)
        {
            var tokens = PpoWalkthrough.Tokens(rollout, row, tokenizer, Options);
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
        using var rollout = Collect();
        using var wrong = rollout.Returns + 0.5;
        var tokens = PpoWalkthrough.Tokens(rollout with { Returns = wrong }, 0, tokenizer, Options);
        Assert.Equal(0.5, PpoWalkthrough.LargestDisagreement(tokens), 3);
    }

    [Fact]
    public void TheFirstRatioIsOneUntilThePolicyHasMovedSinceTheRollout()
    {
        using var rollout = Collect();
        using var fresh = trainer.Step(rollout);
        using var stale = trainer.Step(rollout);
        var claim = PpoWalkthrough.FirstRatioClaim(rollout, fresh, [1]);
        Assert.True(claim.Holds);
        Assert.Equal(rollout.Responses.Sum(r => r.Ids.Length), claim.N);
        Assert.False(PpoWalkthrough.FirstRatioClaim(rollout, stale, [1]).Holds);
        var tokens = PpoWalkthrough.Update(rollout, fresh, 0, tokenizer);
        Assert.All(tokens, t => Assert.Equal(1, t.FirstRatio, 4));
        Assert.Contains(tokens, t => Math.Abs(t.LastRatio - 1) > 1e-3);
    }

    [Fact]
    public void FiguresAndTablesCanBeDrawn()
    {
        using var rollout = Collect();
        using var step = trainer.Step(rollout);
        Assert.Contains("response tokens of 6 responses", PpoWalkthrough.Ratios(rollout, step, Options).Checked().Caption);
        Assert.Equal(rollout.Tensors.Count, PpoWalkthrough.Tensors(rollout).RowCount);
        Assert.Equal(4, PpoWalkthrough.Responses(rollout, 4).RowCount);
    }
}
