using Cai.Constitutions;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Text;
using Cai.Text.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>A model and the texts of the miniature world that it works on.</summary>
public sealed class Workload : IDisposable
{
    private const int TrainTokens = 8192;
    private const int Requests = 64;
    private const int SampleTokens = 32;
    private const int PpoEpochs = 2;
    private readonly ITokenizer tokenizer;
    private readonly Decoder decoder;
    private readonly List<TrainingText> texts;
    private readonly List<Prompt> prompts;
    private readonly List<string> questions;
    private readonly string fewShot;

    /// <summary>The workload owns the model.</summary>
    public Workload(string name, Decoder decoder, ITokenizer tokenizer)
    {
        Name = name;
        this.decoder = decoder;
        this.tokenizer = tokenizer;
        var world = World.Load();
        texts = [.. new DocumentGenerator(world, 1).Pretraining(400).Select((d, i) => TrainingText.Document(tokenizer, $"{i}", d.Text))];
        prompts = [.. world.Sample(TopicKind.Harmful, World.Train, Requests, 1)];
        fewShot = Constitution.Shipped("miniature").CritiquePrefix();
        questions = [.. prompts.Select(p => CritiqueLayout.CritiquePrompt("", p.Dialogue, "I can't help with that.", world.Critique[0].CritiqueRequests[0]))];
    }

    /// <summary>
    /// One size of the miniature. Weights are the shipped ones, or random ones where there are none: speed is the same but for the length of answers.
    /// </summary>
    public static Workload OfSize(string size)
    {
        var tokenizer = TokenizerJson.Load(Path.Combine(Miniature, "tokenizer"));
        var folder = Path.Combine(Miniature, size, MiniatureTraining.Helpful);
        return Directory.Exists(folder)
            ? new($"size {size}", HuggingFaceFolder.LoadDecoder(folder), tokenizer)
            : new($"size {size}, random weights", Decoder.Create(MiniatureSizes.Config(size, tokenizer.VocabularySize), 1), tokenizer);
    }

    /// <summary>Folder of the shipped miniature.</summary>
    public static string Miniature => Path.Combine(AppContext.BaseDirectory, "data", "miniature");

    public string Name { get; }

    public long Parameters => decoder.Parameters.Count;

    /// <summary>Tokens of the worked examples that a critique is asked with.</summary>
    public int PrefixTokens => tokenizer.Encode(fewShot).Length;

    public IReadOnlyList<Case> Training =>
    [
        new("training, padded rows", () => Train(packing: false), ForwardAndBackward),
        new("training, packed rows", () => Train(packing: true), ForwardAndBackward),
    ];

    /// <summary>Amounts are tokens written.</summary>
    public IReadOnlyList<Case> Generation =>
    [
        new("generation, batch 1", () => Generate(1, Bare.Take(8)), Forward),
        new("generation, batch 16", () => Generate(16, Bare), Forward),
        new("generation, batch 64", () => Generate(64, Bare), Forward),
        new("generation, batch 64, few-shot prefix shared", () => Generate(64, questions.Select(q => fewShot + q))),
        new("generation, batch 64, few-shot prefix not shared", () => Generate(64, questions.Select((q, i) => $"{i}" + fewShot + q))),
    ];

    /// <summary>Amounts are tokens of the questions, shared or not, so that the two compare.</summary>
    public IReadOnlyList<Case> Scoring =>
    [
        new("scoring (A)/(B), no prefix", () => Score(questions), 2.0 * Body),
        new("scoring (A)/(B), few-shot prefix shared", () => Score([.. questions.Select(q => fewShot + q)])),
        new("scoring (A)/(B), few-shot prefix not shared", () => Score([.. questions.Select((q, i) => $"{i}" + fewShot + q)])),
    ];

    /// <summary>Matrix product of two 1,024-square matrices in float32; amounts are floating-point operations.</summary>
    public static Case MatrixProduct(Device? device = null)
    {
        const int Side = 1024, Repeats = 8;
        return new("matrix product 1024 x 1024", () =>
        {
            using var guard = no_grad();
            using var scope = NewDisposeScope();
            var (a, b) = (ones([Side, Side], device: device), ones([Side, Side], device: device));
            for (var i = 0; i < Repeats - 1; i++)
                a.matmul(b).Dispose();
            a.matmul(b)[0, 0].ToSingle(); // a GPU works behind the program's back until a number is asked for
            return 2.0 * Side * Side * Side * Repeats;
        });
    }

    /// <summary>Seconds of each phase of PPO iterations, the first of which is left out.</summary>
    /// <param name="responseTokens">Tokens of an iteration's answers.</param>
    /// <param name="updateFlops">
    /// Floating-point operations of an iteration's update: policy and critic read prompts and answers, and the policy predicts the answers.
    /// </param>
    public IReadOnlyList<(string Phase, double Seconds)> Ppo(int iterations, out double responseTokens, out double updateFlops)
    {
        var options = new PpoOptions
        {
            Iterations = iterations + 1, RolloutsPerIteration = 64, MaxNewTokens = 48, Epochs = PpoEpochs, LearningRate = 1e-6, CriticLearningRate = 1e-6,
        };
        using var policy = new Decoder(decoder.Config, decoder.Parameters.Clone());
        using var judge = ScalarModel.FromLanguageModel(decoder, 1);
        using var critic = judge.Clone();
        var scorer = new Preferences.PreferenceModel(judge, tokenizer);
        using var trainer = new PpoTrainer(policy, decoder, critic, tokenizer,
            answers => scorer.ScoreTokens([.. answers.Select(a => a.PromptIds)], [.. answers.Select(a => a.AnswerIds)]), options);
        var metrics = new List<IReadOnlyDictionary<string, double>>();
        var read = new List<double>();
        while (trainer.Iteration < options.Iterations)
        {
            using var rollout = trainer.Collect(trainer.Draw(prompts, trainer.Iteration));
            using var step = trainer.Step(rollout);
            metrics.Add(step.Metrics);
            read.Add(rollout.Responses.Sum(r => r.PromptIds.Length + r.Ids.Length));
        }
        double Of(string name) => Timing.Median(metrics.Skip(1).Select(m => m[name]));
        responseTokens = Of("val/response_tokens") * options.RolloutsPerIteration;
        updateFlops = 6.0 * PpoEpochs * (2 * Body * Timing.Median(read.Skip(1)) + Head * responseTokens);
        return [("sample", Of("time/sample")), ("score", Of("time/score")), ("old log-probs and values", Of("time/old")),
            ($"update, {PpoEpochs} epochs", Of("time/update"))];
    }

    public void Dispose() => decoder.Dispose();

    /// <summary>Weights of the matrix that gives the next token's logits.</summary>
    private long Head => (long)decoder.Config.VocabularySize * decoder.Config.HiddenSize;

    /// <summary>
    /// Weights that every token which is read multiplies: looking a token up in a table is no arithmetic, and logits are not asked of every token.
    /// </summary>
    private long Body => Parameters - (decoder.Config.TiedHead ? 1 : 2) * Head;

    /// <summary>
    /// Floating-point operations for a token that is read and predicted from: a multiplication
    /// and an addition for each weight, and twice that again for the gradients.
    /// </summary>
    private double Forward => 2.0 * (Body + Head);

    private double ForwardAndBackward => 3 * Forward;

    private IEnumerable<string> Bare => prompts.Select(p => HhFormat.Instance.Prompt(p.Dialogue));

    private double Train(bool packing)
    {
        using var model = new Decoder(decoder.Config, decoder.Parameters.Clone());
        using var trainer = new SupervisedTrainer(model, new SupervisedOptions
        {
            LearningRate = 1e-5, MaxTokens = TrainTokens, TokensPerBatch = 4096, MaskPrompt = false, Packing = packing, Truncate = true,
        });
        return trainer.Train(texts).Tokens;
    }

    private double Generate(int batch, IEnumerable<string> asked)
    {
        var model = new LocalModel(decoder, tokenizer, new LocalModelOptions { BatchSize = batch });
        var requests = asked.Select((prompt, i) => new SampleRequest($"{i}", prompt)).ToList();
        // No stop strings and a fixed length: the end token alone ends an answer early.
        return model.SampleAsync(requests, new SampleOptions { MaxTokens = SampleTokens, Seed = 1 }).GetAwaiter().GetResult().Sum(c => c.TokenIds.Count);
    }

    private double Score(List<string> asked)
    {
        var model = new LocalModel(decoder, tokenizer);
        model.LogProbsAsync([.. asked.Select(q => new ScoreRequest(q, [ComparisonLayout.OptionA, ComparisonLayout.OptionB]))]).GetAwaiter().GetResult();
        return asked.Sum(q => tokenizer.Encode(q).Length);
    }
}
