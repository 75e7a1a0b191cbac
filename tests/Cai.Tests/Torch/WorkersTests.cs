using Cai.Finetuning;
using Cai.Generation;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

/// <summary>Batches side by side, seen from outside: by what samplers, scorers and trainers give on one thread and on three.</summary>
public sealed class WorkersTests : IDisposable
{
    private static readonly Tiny.Letters Letters = new();

    public void Dispose() => set_num_threads(1);

    private static List<TokenPrompt> Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => new TokenPrompt(Tiny.Ids(3 + i % 5, i), i))];

    private static (T One, T Three) OnOneThreadAndThree<T>(Func<T> work)
    {
        set_num_threads(1);
        var one = work();
        set_num_threads(3);
        return (one, work());
    }

    [Fact]
    public void SamplesAndScoresAreTheSameToTheLastBit()
    {
        using var model = Tiny.Model();
        var options = new SamplerOptions { MaxTokens = 9, EndIds = [1], BatchSize = 7 };
        var samples = OnOneThreadAndThree(() => new Sampler(model).Sample(Prompts(40), options));
        Assert.Equal(samples.One.Select(s => s.Ids), samples.Three.Select(s => s.Ids));
        Assert.Equal(samples.One.Select(s => s.LogProbs), samples.Three.Select(s => s.LogProbs));
        var requests = Prompts(40).Select(p => new TokenScoreRequest(p.Ids, [[3], [4, 5]])).ToList();
        var scores = OnOneThreadAndThree(() => new Scorer(model, batchSize: 7).Score(requests));
        Assert.Equal(scores.One, scores.Three);
    }

    [Fact]
    public void SupervisedTrainingIsTheSameToTheLastBit()
    {
        var texts = Enumerable.Range(0, 30).Select(i => new TrainingText($"{i}", Tiny.Ids(6 + i % 9, i), 2)).ToList();
        var weights = OnOneThreadAndThree(() =>
        {
            using var model = Tiny.Model();
            using var trainer = new SupervisedTrainer(model, new SupervisedOptions { MaxLength = 24, TokensPerBatch = 120, TokensPerMicroBatch = 20 });
            trainer.Train(texts);
            return Tiny.Numbers(model.Parameters.Flat);
        });
        Assert.Equal(weights.One, weights.Three);
        using var untrained = Tiny.Model();
        Assert.NotEqual(Tiny.Numbers(untrained.Parameters.Flat), weights.One);
    }

    /// <summary>Gradients of micro-batches that several lanes computed are those of one batch with all texts.</summary>
    [Fact]
    public void LanesAddUpToTheGradientOfTheWholeBatch()
    {
        set_num_threads(2);
        var texts = Enumerable.Range(0, 12).Select(i => new TrainingText($"{i}", Tiny.Ids(8, i), 2)).ToList();
        double[] Trained(int tokensPerMicroBatch)
        {
            using var model = Tiny.Model();
            // One plain step: with so large an epsilon AdamW moves along the gradient itself.
            using var trainer = new SupervisedTrainer(model, new SupervisedOptions
            {
                MaxLength = 24, TokensPerBatch = 1000, TokensPerMicroBatch = tokensPerMicroBatch, LearningRate = 1000,
                AdamW = new() { Epsilon = 1e3, ClipNorm = 0 },
            });
            trainer.Train(texts);
            return Tiny.Numbers(model.Parameters.Flat);
        }
        Models.DecoderTests.Close(Trained(1000), Trained(14), 1e-5);
    }

    [Fact]
    public void PreferenceTrainingAndPpoAreTheSameToTheLastBit()
    {
        var comparisons = Enumerable.Range(0, 24).Select(i => new Comparison($"{i}", $"{i}", Dialogue.Ask($"a{i}"), $"yes {i}", $"no {i} no", "harmless",
            LabelKind.Soft, (i % 5) / 4.0)).ToList();
        var trained = OnOneThreadAndThree(() =>
        {
            using var language = Tiny.Model();
            using var judge = new PreferenceModel(ScalarModel.FromLanguageModel(language, 1), Letters, batchTokens: 40);
            using (var trainer = new PreferenceTrainer(judge, new PreferenceOptions { MaxLength = 64, TokensPerBatch = 400, TokensPerMicroBatch = 100 }))
                trainer.Train(comparisons);
            using var policy = Tiny.Model();
            using var critic = judge.Model.Clone();
            using var ppo = new PpoTrainer(policy, language, critic, Letters,
                answers => judge.ScoreTokens([.. answers.Select(a => a.PromptIds)], [.. answers.Select(a => a.AnswerIds)]),
                new PpoOptions { Iterations = 2, RolloutsPerIteration = 36, MaxNewTokens = 8, TokensPerMicroBatch = 60, Minibatches = 2 });
            ppo.Train([.. Enumerable.Range(0, 9).Select(i => new Prompt($"{i}", Dialogue.Ask($"q{i}")))]);
            return (double[])[.. Tiny.Numbers(judge.Model.Parameters.Flat), .. Tiny.Numbers(policy.Parameters.Flat), .. Tiny.Numbers(critic.Parameters.Flat)];
        });
        Assert.Equal(trained.One, trained.Three);
    }

    [Fact]
    public void ProgressIsToldOnTheCallingThreadAndAnExceptionReachesIt()
    {
        set_num_threads(2);
        using var model = Tiny.Model();
        var options = new SamplerOptions { MaxTokens = 5, BatchSize = 4 };
        var caller = Environment.CurrentManagedThreadId;
        var log = new Log<int>(_ => Assert.Equal(caller, Environment.CurrentManagedThreadId));
        new Sampler(model).Sample(Prompts(30), options, progress: log);
        Assert.Equal(Enumerable.Range(1, 30), log.Items);
        var problem = Assert.Throws<InvalidOperationException>(() => new Sampler(model).Sample(Prompts(30), options,
            (row, _) => row == 17 ? throw new InvalidOperationException("row 17") : false));
        Assert.Equal("row 17", problem.Message);
        Assert.Equal(2, get_num_threads());
    }
}
