using Cai.Models;
using Cai.Reinforcement;
using Cai.Text;

namespace Cai.Tests.Reinforcement;

/// <summary>Everything that a run of PPO on the smallest models needs, from one seed. The reward counts token 2.</summary>
internal sealed class PpoSetup : IDisposable
{
    public static readonly PpoOptions Options = new()
    {
        Iterations = 4, RolloutsPerIteration = 8, MaxNewTokens = 6, LearningRate = 3e-3, CriticLearningRate = 3e-3, MissingEos = MissingEos.None,
            TokensPerMicroBatch = 100,
    };

    public PpoSetup(PpoOptions options, long seed = 1, RewardFunction? reward = null)
    {
        Policy = Decoder.Create(Tiny.Config, seed);
        Reference = Decoder.Create(Tiny.Config, 1);
        Critic = ScalarModel.FromLanguageModel(Policy, seed);
        Trainer = new(Policy, Reference, Critic, new Tiny.Letters(), reward ?? CountTwos, options);
    }

    public Decoder Policy { get; }
    public Decoder Reference { get; }
    public ScalarModel Critic { get; }
    public PpoTrainer Trainer { get; }

    public static List<Prompt> Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => new Prompt($"p{i}", Dialogue.Ask(new string('a', 1 + i % 5))))];

    public static IReadOnlyList<double> CountTwos(IReadOnlyList<PolicyResponse> responses) => [.. responses.Select(r => (double)r.Ids.Count(id => id == 2))];

    public void Dispose()
    {
        Trainer.Dispose();
        Policy.Dispose();
        Reference.Dispose();
        Critic.Dispose();
    }
}
