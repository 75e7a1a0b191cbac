using System.Globalization;
using Cai.Finetuning;
using Cai.Models;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>
/// Peak memory of loading a model and of training one with each option. Every case
/// has a process of its own: what one leaves behind must not hide another's peak.
/// </summary>
public static class MemoryReport
{
    private const int Steps = 1; // the peak is in the first: the optimiser's state is there from its start
    private const int TextTokens = 256;
    private const int Texts = 2;

    private static readonly DecoderConfig Large = new()
    {
        VocabularySize = 32000, HiddenSize = 2048, Layers = 4, Heads = 16, KvHeads = 16, IntermediateSize = 5632, MaxPositions = 2048, TiedHead = true,
    };

    private static readonly DecoderConfig LargeGpt2 = Large with
    {
        Family = "gpt2", Norm = NormKind.Layer, Activation = Activation.GeluTanh, GatedMlp = false, LearnedPositions = true, IntermediateSize = 8192,
        AttentionBias = true, OutputBias = true, MlpBias = true,
    };

    // Small, because processors without bf16 instructions emulate them, some twenty times as slow as float32.
    private static readonly DecoderConfig Trained = new()
    {
        VocabularySize = 8192, HiddenSize = 384, Layers = 8, Heads = 6, KvHeads = 6, IntermediateSize = 1024, MaxPositions = 512,
    };

    private static readonly (string Name, DecoderConfig Config, ScalarType File, ScalarType Memory, long Shard)[] Loads =
    [
        ("llama, float32 file", Large, ScalarType.Float32, ScalarType.Float32, long.MaxValue),
        ("llama, bf16 file to float32", Large, ScalarType.BFloat16, ScalarType.Float32, long.MaxValue),
        ("llama, float32 file to bf16", Large, ScalarType.Float32, ScalarType.BFloat16, long.MaxValue),
        ("llama, float32 shards of 200 MB", Large, ScalarType.Float32, ScalarType.Float32, 200_000_000),
        ("gpt2 (transposed), float32 file", LargeGpt2, ScalarType.Float32, ScalarType.Float32, long.MaxValue),
    ];

    private static readonly (string Name, ScalarType Weights, TuningOptions Tuning)[] Trainings =
    [
        ("all weights, float32", ScalarType.Float32, new()),
        ("all weights, float32, checkpointing", ScalarType.Float32, new() { GradientCheckpointing = true }),
        ("all weights, bf16 with float32 master", ScalarType.BFloat16, new()),
        ("all weights, bf16 with master, checkpointing", ScalarType.BFloat16, new() { GradientCheckpointing = true }),
        ("LoRA rank 8, float32", ScalarType.Float32, new() { Lora = new() }),
        ("LoRA rank 8, bf16", ScalarType.BFloat16, new() { Lora = new() }),
        ("LoRA rank 8, bf16, checkpointing", ScalarType.BFloat16, new() { Lora = new(), GradientCheckpointing = true }),
    ];

    /// <summary>Prints both tables, or one of them (`load`, `train`).</summary>
    public static void Run(string? only)
    {
        if (only is null or "load")
        {
            Console.WriteLine("| loading a folder | weights, MB | peak, MB | peak / weights |\n|---|---:|---:|---:|");
            for (var i = 0; i < Loads.Length; i++)
                Load(i);
        }
        if (only is null or "train")
        {
            Console.WriteLine($"\nTraining {Decoder.Shapes(Trained).Sum(s => s.Count) / 1e6:F0} million parameters, {Texts} x {TextTokens} tokens a step\n");
            Console.WriteLine("| training | trained, million | peak, MB | seconds, first step |\n|---|---:|---:|---:|");
            for (var i = 0; i < Trainings.Length; i++)
            {
                var result = Child("train", $"{i}");
                Line($"| {Trainings[i].Name} | {double.Parse(result[0], CultureInfo.InvariantCulture) / 1e6:F1} | "
                    + $"{double.Parse(result[1], CultureInfo.InvariantCulture) / 1e6:F0} | {result[2]} |");
            }
        }
    }

    /// <summary>What a child process does: prints its figures, separated by blanks.</summary>
    public static void RunChild(string kind, string number, string? folder)
    {
        var index = int.Parse(number, CultureInfo.InvariantCulture);
        if (kind == "load")
        {
            var peak = PeakMemory.Of(() => HuggingFaceFolder.LoadDecoder(folder!, new LoadOptions { DType = Loads[index].Memory }));
            Line($"{peak}");
            return;
        }
        var (_, dtype, tuning) = Trainings[index];
        long trained = 0;
        var seconds = new List<double>();
        var bytes = PeakMemory.Of(() =>
        {
            var parameters = new ParameterSet(Decoder.Shapes(Trained), dtype);
            parameters.Initialise(1, Trained.Layers);
            using var model = new Decoder(Trained, parameters);
            var options = new SupervisedOptions
            {
                LearningRate = 1e-4, TokensPerBatch = Texts * TextTokens, TokensPerMicroBatch = Texts * TextTokens, MaxLength = TextTokens, MaskPrompt = false,
                MaxSteps = Steps, Tuning = tuning,
            };
            using var trainer = new SupervisedTrainer(model, options);
            var texts = Enumerable.Range(0, Steps * Texts).Select(
                i => new TrainingText($"{i}", [.. Enumerable.Range(0, TextTokens).Select(t => Seeds.Rng(i, t).Next(Trained.VocabularySize))], 0)).ToList();
            trainer.Train(texts, progress: new Seen(s => seconds.Add(Texts * TextTokens / s.TokensPerSecond)));
            trained = model.Adapter?.Parameters.Count ?? parameters.Count;
        });
        Line($"{trained} {bytes} {seconds.Min():F1}");
    }

    private static void Load(int index)
    {
        var (name, config, file, memory, shard) = Loads[index];
        var folder = Directory.CreateTempSubdirectory("cai-memory-").FullName;
        try
        {
            var parameters = new ParameterSet(Decoder.Shapes(config));
            using (var model = new Decoder(config, parameters))
            {
                parameters.Flat.fill_(0.01);
                HuggingFaceFolder.Save(folder, model, new NoTokenizer(), dtype: file, shardBytes: shard);
            }
            var weights = parameters.Shapes.Sum(s => s.Count) * (memory == ScalarType.Float32 ? 4 : 2);
            var peak = long.Parse(Child("load", $"{index}", folder)[0], CultureInfo.InvariantCulture);
            Line($"| {name} | {weights / 1e6:F0} | {peak / 1e6:F0} | {(double)peak / weights:F3} |");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Child(params IEnumerable<string> arguments) => ChildProcess.Output(["memory-child", .. arguments]);

    private static void Line(string text) => Console.WriteLine(text);

    private sealed class Seen(Action<TrainStep> action) : IProgress<TrainStep>
    {
        public void Report(TrainStep value) => action(value);
    }

    /// <summary>Weights alone are measured; the folder still states an end token.</summary>
    private sealed class NoTokenizer : ITokenizer
    {
        public int VocabularySize => 1;
        public int? BosId => null;
        public int EosId => 0;
        public int[] Encode(string text, bool parseSpecial = false) => [];
        public string Decode(IReadOnlyList<int> ids) => "";
        public string TokenText(int id) => "";
    }
}
