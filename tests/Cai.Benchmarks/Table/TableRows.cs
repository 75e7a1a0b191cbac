using Cai.Finetuning;
using Cai.Generation;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Benchmarks.Table;

/// <summary>
/// The rows of the table. Weights and tokens are random and answers have a fixed length, so that every program does the same
/// amount of work. Rows of generation share one model as long as the next needs the same.
/// </summary>
public sealed class TableRows : IDisposable
{
    public const string Training = "training";
    public const string Ppo = "ppo";
    public const string Generation = "generation";
    public const string Qwen = "qwen";

    private const int PpoRollouts = 32;
    private const int PpoRead = 32; // prompt and answer of all rollouts together are one micro-batch of PpoOptions
    private const int PpoWrite = 32;
    private const int PpoEpochs = 4;

    private static readonly DecoderConfig L = Shape(2048, 160, 5, 4, 2, 416);
    private static readonly DecoderConfig Million25 = Shape(8192, 384, 10, 6, 6, 1152);
    private static readonly DecoderConfig Million125 = Shape(32000, 768, 12, 12, 12, 2048);

    /// <summary>The shape of Qwen2-0.5B.</summary>
    internal static readonly DecoderConfig Qwen2 = Shape(151936, 896, 24, 14, 2, 4864) with
    {
        Family = "qwen2", AttentionBias = true, RopeTheta = 1e6, NormEpsilon = 1e-6,
    };

    private (DecoderConfig Config, ScalarType Dtype, Decoder Decoder)? held;

    /// <summary>The rows of the groups asked for, in the order of the table.</summary>
    public IReadOnlyList<TableRow> Of(IReadOnlyCollection<string> groups) => [.. All.Where(row => groups.Contains(row.Group))];

    /// <summary>The product that shares are taken of, for comparing the programs' libraries of linear algebra; work is 10⁹ operations.</summary>
    public static TableRow Product { get; } = new("", "matrix product 1024 x 1024", "GFLOP/s", 0, new("product"),
        () => new(() => Workload.MatrixProduct().Run() / 1e9));

    private IEnumerable<TableRow> All =>
    [
        Train("L", L, 32, 128),
        Train("25M", Million25, 8, 128),
        Train("125M", Million125, 4, 128),
        Iteration("L", L),
        Generate(Generation, "L", L, 1, 1, 128, "L.gguf"),
        .. from rows in (int[])[16, 64, 128] select Generate(Generation, "L", L, rows, 32, 64, "L.gguf"),
        .. from type in ((string Name, ScalarType Dtype, string File)[])[("float32", ScalarType.Float32, "f32"), ("bf16", ScalarType.BFloat16, "bf16")]
           let name = $"Qwen2-0.5B {type.Name}"
           let file = $"qwen2-0.5b-{type.File}.gguf"
           from row in (TableRow[])
           [
               Prompt(name, Qwen2, 512, type.Dtype, file),
               Generate(Qwen, name, Qwen2, 1, 1, 32, file, type.Dtype),
               Generate(Qwen, name, Qwen2, 8, 1, 32, file, type.Dtype),
           ]
           select row,
    ];

    public void Dispose() => held?.Decoder.Dispose();

    private static DecoderConfig Shape(int vocabulary, int hidden, int layers, int heads, int kvHeads, int intermediate) => new()
    {
        VocabularySize = vocabulary, HiddenSize = hidden, Layers = layers, Heads = heads, KvHeads = kvHeads, IntermediateSize = intermediate,
        MaxPositions = 1024,
    };

    private static TableRow Train(string name, DecoderConfig config, int rows, int read)
    {
        var (body, head) = Weights(config);
        return new(Training, $"training {name}, {rows} x {read} tokens a step", "tokens/s", 6 * (body + head),
            new("train", config, Rows: rows, Read: read), () => TrainingJob(config, rows, read));
    }

    private static Job TrainingJob(DecoderConfig config, int rows, int read)
    {
        var model = Decoder.Create(config, 1);
        var trainer = new SupervisedTrainer(model, new SupervisedOptions
        {
            LearningRate = 1e-4, MaxSteps = 1, TokensPerBatch = rows * (read + 1), MaxLength = read + 1, MaskPrompt = false,
        });
        // The last token of a text is a target only and is not read.
        var texts = Ids(config, rows, read + 1).Select((ids, i) => new TrainingText($"{i}", ids, 0)).ToList();
        return new(() => rows * read * trainer.Train(texts).Steps, trainer, model);
    }

    private static TableRow Iteration(string name, DecoderConfig config)
    {
        var (body, head) = Weights(config);
        const int All = PpoRead + PpoWrite;
        var sampled = Forward(config, PpoRead, PpoWrite);
        var scored = 2 * body * All;
        var old = 2 * (3 * body * All + 2 * head * PpoWrite); // policy, reference and critic
        var updated = 6 * PpoEpochs * (2 * body * All + head * PpoWrite);
        return new(Ppo, $"PPO {name}, {PpoRollouts} x {PpoWrite} tokens, {PpoEpochs} epochs", "tokens/s", (sampled + scored + old + updated) / PpoWrite,
            new("ppo", config, Rows: PpoRollouts, Read: PpoRead, Write: PpoWrite, Epochs: PpoEpochs), () => PpoJob(config));
    }

    private static Job PpoJob(DecoderConfig config)
    {
        var reference = Decoder.Create(config, 1);
        var policy = new Decoder(config, reference.Parameters.Clone());
        var judge = ScalarModel.FromLanguageModel(reference, 1);
        var critic = judge.Clone();
        var (tokenizer, format) = (new Numerals(config.VocabularySize), new LastTurn());
        var options = new PpoOptions
        {
            RolloutsPerIteration = PpoRollouts, MaxNewTokens = PpoWrite, Epochs = PpoEpochs, LearningRate = 1e-6, CriticLearningRate = 1e-6,
            Schedule = Schedule.Constant, MissingEos = MissingEos.None,
        };
        var trainer = new PpoTrainer(policy, reference, critic, tokenizer, Scores, options, format);
        var prompts = Ids(config, PpoRollouts, PpoRead)
            .Select((ids, i) => new Prompt($"{i}", new Dialogue([new Turn(Role.Human, string.Join(' ', ids))]))).ToList();
        return new(() =>
        {
            using var rollout = trainer.Collect(prompts);
            using var step = trainer.Step(rollout);
            return rollout.Responses.Sum(r => r.Ids.Length);
        }, trainer, critic, judge, policy, reference);

        double[] Scores(IReadOnlyList<PolicyResponse> answers) // a preference model would add the end token, which is none here
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([.. answers.Select(a => (int[])[.. a.PromptIds, .. a.Ids])]);
            return [.. judge.Scores(batch.Ids, batch.Lengths).data<float>().Select(x => (double)x)];
        }
    }

    private TableRow Generate(
        string group, string name, DecoderConfig config, int rows, int read, int write, string llama, ScalarType dtype = ScalarType.Float32) =>
        new(group, $"generation {name}, batch {rows}, {read} + {write} tokens", "tokens/s", Forward(config, read, write) / write,
            new("generate", config, TorchName(dtype), rows, read, write), () => SamplingJob(config, dtype, rows, read, write, rows * write))
        {
            LlamaFile = llama,
        };

    private TableRow Prompt(string name, DecoderConfig config, int read, ScalarType dtype, string llama) =>
        new(Qwen, $"prompt {name}, {read} tokens", "tokens/s", Forward(config, read, 1) / read, new("prompt", config, TorchName(dtype), 1, read, 1),
            () => SamplingJob(config, dtype, 1, read, 1, read))
        {
            LlamaFile = llama,
        };

    private Job SamplingJob(DecoderConfig config, ScalarType dtype, int rows, int read, int write, double work)
    {
        var sampler = new Sampler(Model(config, dtype));
        var prompts = Ids(config, rows, read).Select((ids, i) => new TokenPrompt(ids, i)).ToList();
        var options = new SamplerOptions { MaxTokens = write, BatchSize = rows };
        return new(() =>
        {
            sampler.Sample(prompts, options);
            return work;
        });
    }

    private Decoder Model(DecoderConfig config, ScalarType dtype)
    {
        if (held is { } last && last.Config == config && last.Dtype == dtype)
            return last.Decoder;
        held?.Decoder.Dispose();
        held = null; // a model of gigabytes is not kept beside the next
        var parameters = new ParameterSet(Decoder.Shapes(config), dtype);
        parameters.Initialise(1, config.Layers);
        held = (config, dtype, new Decoder(config, parameters));
        return held.Value.Decoder;
    }

    /// <summary>Operations of one row: all tokens but the last are read, and those written are predicted.</summary>
    private static double Forward(DecoderConfig config, int read, int write)
    {
        var (body, head) = Weights(config);
        return 2 * (body * (read + write - 1) + head * write);
    }

    /// <summary>Weights that a token multiplies when it is read, and those that give the next token's logits.</summary>
    private static (double Body, double Head) Weights(DecoderConfig config)
    {
        var head = (double)config.VocabularySize * config.HiddenSize;
        return (Decoder.Shapes(config).Sum(s => s.Count) - (config.TiedHead ? 1 : 2) * head, head);
    }

    private static string TorchName(ScalarType dtype) => dtype == ScalarType.BFloat16 ? "bfloat16" : "float32";

    private static IEnumerable<int[]> Ids(DecoderConfig config, int rows, int length) =>
        Enumerable.Range(0, rows).Select(r => (int[])[.. Enumerable.Range(0, length).Select(t => Seeds.Rng(1, r, t).Next(config.VocabularySize))]);

    /// <summary>Tokens are spelt as their numbers, all that is no number is token 0, and none ends an answer.</summary>
    internal sealed class Numerals(int size) : ITokenizer
    {
        public int VocabularySize => size;
        public int? BosId => null;
        public int EosId => -1;
        public int[] Encode(string text, bool parseSpecial = false) => [.. text.Split(' ').Select(word => int.TryParse(word, out var id) ? id : 0)];
        public string Decode(IReadOnlyList<int> ids) => string.Join(' ', ids);
        public string TokenText(int id) => $"{id}";
    }

    private sealed class LastTurn : IPromptFormat
    {
        public string Name => "last-turn";
        public IReadOnlyList<string> Stops => [];
        public bool ControlTokens => false;
        public bool RolesAreTags => false;
        public string Prompt(Dialogue dialogue) => dialogue.Turns[^1].Text;
        public string Response(string response) => " " + response;
    }
}
