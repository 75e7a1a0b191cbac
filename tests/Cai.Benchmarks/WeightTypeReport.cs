using System.Globalization;
using Cai.Benchmarks.Table;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Reproduction;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>
/// What a type of weights gains and costs: tokens a second of a model that answers alone, in the shape of Qwen2-0.5B with random weights, and how far the
/// next token's probabilities of a trained model move, over answers that it writes in float32.
/// </summary>
public static class WeightTypeReport
{
    private const int Threads = 1;
    private const int Written = 32;
    private const int Answers = 100;

    private static readonly (string Name, int Bytes, LoadOptions Load)[] Types =
    [
        ("f32", 4, new()), ("bf16", 2, new() { DType = ScalarType.BFloat16 }), ("int8", 1, new() { DType = ScalarType.BFloat16, EightBit = true }),
    ];

    /// <summary>Prints both tables.</summary>
    public static void Run(int rounds)
    {
        Report.Header(rounds, Threads);
        Speed(rounds);
        Closeness();
    }

    private static void Speed(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("cai-types-").FullName;
        var models = new List<Decoder>();
        try
        {
            using (var drawn = Decoder.Create(TableRows.Qwen2, 1))
                HuggingFaceFolder.Save(folder, drawn, new TableRows.Numerals(TableRows.Qwen2.VocabularySize), dtype: ScalarType.BFloat16);
            foreach (var (_, _, load) in Types)
                models.Add(HuggingFaceFolder.LoadDecoder(folder, load));
            var measured = Timing.Interleaved([.. Types.Zip(models, (type, model) => new Case(type.Name, () => Answer(model)))], rounds);
            Console.WriteLine($"\nQwen2-0.5B's shape, batch 1, 1 + {Written} tokens, {get_num_threads()} thread");
            // Each token reads every weight once: the embeddings are the head, too.
            foreach (var (m, type) in measured.Zip(Types))
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{m.Case.Name,-6} {m.Rate,8:F1} tokens/s [{m.Slowest:F1}, {m.Fastest:F1}], "
                    + $"{m.Rate * models[0].Parameters.Count * type.Bytes / 1e9,5:F1} GB of weights a second"));
        }
        finally
        {
            models.ForEach(m => m.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Answer(Decoder model)
    {
        new Sampler(model).Sample([new TokenPrompt([1], 1)], new SamplerOptions { MaxTokens = Written });
        return Written;
    }

    private static void Closeness()
    {
        using var guard = no_grad();
        var folder = ShippedModels.Of("L", MiniatureTraining.Helpful).Folder;
        using var exact = HuggingFaceFolder.Load(folder);
        var prompts = World.Load().Sample(TopicKind.Benign, World.Eval, Answers, 1)
            .Select((p, i) => new TokenPrompt(exact.Tokenizer.Encode(exact.Format.Prompt(p.Dialogue)), i)).ToList();
        var answers = new Sampler(exact.Decoder).Sample(prompts, new SamplerOptions { MaxTokens = 64, EndIds = [exact.EosId] });
        Console.WriteLine($"\nMiniature L, next tokens of {Answers} answers to held-out requests, against f32");
        foreach (var (name, _, load) in Types.Skip(1))
        {
            using var other = HuggingFaceFolder.LoadDecoder(folder, load);
            var (kl, same) = (new List<double>(), new List<double>());
            foreach (var (prompt, answer) in prompts.Zip(answers))
            {
                using var scope = NewDisposeScope();
                var ids = tensor(prompt.Ids.Concat(answer.Ids).Select(id => (long)id).ToArray()).unsqueeze(0);
                var (p, q) = (After(exact.Decoder), After(other));
                kl.Add((p.exp() * (p - q)).sum(-1).mean().ToDouble());
                same.Add(p.argmax(-1).eq(q.argmax(-1)).to(ScalarType.Float64).mean().ToDouble());

                Tensor After(Decoder decoder) => nn.functional.log_softmax(
                    decoder.Logits(decoder.Hidden(ids))[0].narrow(0, prompt.Ids.Count - 1, answer.Ids.Count).to(ScalarType.Float64), -1);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-6} KL {kl.Average():0.000000} nats a token, the same token most likely {same.Average():P2}"));
        }
    }
}
