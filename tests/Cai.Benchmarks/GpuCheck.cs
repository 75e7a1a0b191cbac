using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Text;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>
/// Whether a GPU computes what the CPU does, and how fast: log-probabilities in float32 and bf16, greedy tokens, one PPO
/// iteration, tokens a second. `--device cpu` puts the CPU in the GPU's place and shows that the check itself runs.
/// </summary>
public sealed class GpuCheck
{
    private const double Float32Bound = 2e-4;  // what the references of model folders are held to
    private const double Bf16Ratio = 1.5;      // a GPU sums in another order, but may not round worse than the CPU's bf16 by more
    private const double RatioBound = 1e-5;
    private const int Texts = 64;
    private const int Requests = 16;
    private const int SampleTokens = 32;
    private const int Rounds = 3;
    private readonly string folder;
    private readonly Device device;
    private readonly string name;
    private readonly PretrainedModel reference;
    private bool good = true;

    private GpuCheck(string folder, Device device, string name)
    {
        (this.folder, this.device, this.name) = (folder, device, name);
        reference = HuggingFaceFolder.Load(folder);
    }

    /// <summary>Prints a line for each check, then rates; gives the exit code: 1 when a check failed.</summary>
    /// <exception cref="CaiException">An unknown argument, a device that is not there, or a folder that does not load.</exception>
    public static int Run(string[] args)
    {
        var (name, folder) = ("cuda:0", Path.Combine(Workload.Miniature, "L", MiniatureTraining.Helpful));
        for (var i = 0; i < args.Length; i++)
            if (args[i] == "--device" && i + 1 < args.Length)
                name = args[++i];
            else if (!args[i].StartsWith('-'))
                folder = args[i];
            else
                throw new CaiException($"'{args[i]}' is not understood.", "gpu takes --device NAME and a model folder.");
        var device = Devices.Named(name);
        Report.Header(Rounds);
        Console.WriteLine($"model {folder}, native library {TorchNative.State}");
        if (device.type == DeviceType.CPU)
            Console.WriteLine("THE CPU STANDS IN FOR A GPU: this shows that the check runs, and nothing about any GPU.");
        var check = new GpuCheck(folder, device, name);
        check.Parity();
        check.Greedy();
        check.Ppo();
        check.Speed();
        check.reference.Dispose();
        Console.WriteLine(check.good ? "\nall checks passed" : "\nA CHECK FAILED");
        return check.good ? 0 : 1;
    }

    private Decoder Load(Device where, ScalarType dtype) => HuggingFaceFolder.LoadDecoder(folder, new LoadOptions { Device = where, DType = dtype });

    private void Parity()
    {
        var exact = LogProbs(CPU, ScalarType.Float32);
        var gpu = LogProbs(device, ScalarType.Float32);
        var worst = Distances(exact, gpu).Max();
        Say(worst <= Float32Bound, $"float32: largest difference of {exact.Length:N0} token log-probabilities {worst:E1} nats (at most {Float32Bound:E0}); "
            + $"mean NLL {-exact.Average():F5} cpu, {-gpu.Average():F5} {name}");
        var (rounded, gpuRounded) = (LogProbs(CPU, ScalarType.BFloat16), LogProbs(device, ScalarType.BFloat16));
        var (own, theirs) = (Distances(exact, rounded).Average(), Distances(exact, gpuRounded).Average());
        Say(theirs <= Bf16Ratio * own, $"bf16: mean distance from float32 {own:E2} nats cpu, {theirs:E2} {name} (at most {Bf16Ratio} times the cpu's); largest "
            + $"between the two {Distances(rounded, gpuRounded).Max():E1}");
    }

    private static IEnumerable<double> Distances(double[] a, double[] b) =>
        a.Zip(b, (x, y) => double.IsFinite(x - y) ? Math.Abs(x - y) : double.PositiveInfinity);

    /// <summary>Log-probability of every token of the texts after the first.</summary>
    private double[] LogProbs(Device where, ScalarType dtype)
    {
        using var guard = no_grad();
        using var model = Load(where, dtype);
        List<double> all = [];
        foreach (var document in new DocumentGenerator(World.Load(), 1).Pretraining(Texts))
        {
            using var scope = NewDisposeScope();
            int[] ids = [.. reference.Tokenizer.Encode(document.Text).Take(model.Config.MaxPositions)];
            var values = model.TokenLogProbs(TokenBatch.Of([ids], where).Ids).to(ScalarType.Float32).cpu();
            all.AddRange(values.data<float>().Select(x => (double)x));
        }
        return [.. all];
    }

    private void Greedy()
    {
        var (own, theirs) = (GreedyIds(CPU), GreedyIds(device));
        var differing = own.Zip(theirs).Count(p => !p.First.SequenceEqual(p.Second));
        Say(differing == 0, $"greedy: {Requests - differing} of {Requests} answers of up to {SampleTokens} tokens are the same, id by id");
    }

    private IReadOnlyList<IReadOnlyList<int>> GreedyIds(Device where)
    {
        using var model = Load(where, ScalarType.Float32);
        var requests = Prompts(Requests).Select(p => new SampleRequest(p.Id, HhFormat.Instance.Prompt(p.Dialogue))).ToList();
        return [.. new LocalModel(model, reference.Tokenizer).SampleAsync(requests, new SampleOptions { MaxTokens = SampleTokens, Temperature = 0 })
            .GetAwaiter().GetResult().Select(c => c.TokenIds)];
    }

    private static List<Prompt> Prompts(int count) => [.. World.Load().Sample(TopicKind.Harmful, World.Train, count, 1)];

    private void Ppo()
    {
        using var start = Load(device, ScalarType.Float32);
        using var policy = new Decoder(start.Config, start.Parameters.Clone());
        using var judge = ScalarModel.FromLanguageModel(start, 1);
        using var critic = judge.Clone();
        var scorer = new PreferenceModel(judge, reference.Tokenizer);
        var options = new PpoOptions { Iterations = 1, RolloutsPerIteration = Requests, MaxNewTokens = SampleTokens, Epochs = 2, Seed = 1 };
        using var trainer = new PpoTrainer(policy, start, critic, reference.Tokenizer,
            answers => scorer.ScoreTokens([.. answers.Select(a => a.PromptIds)], [.. answers.Select(a => a.AnswerIds)]), options);
        using var rollout = trainer.Collect(Prompts(Requests));
        using var step = trainer.Step(rollout);
        using var scope = NewDisposeScope();
        var ratio = (step.First.Ratio.masked_select(rollout.ResponseMask) - 1).abs().max().ToDouble();
        var change = (policy.Parameters.Flat.detach() - start.Parameters.Flat).abs().max().ToDouble();
        var odd = step.Metrics.Where(m => !double.IsFinite(m.Value)).Select(m => m.Key).ToList();
        var finite = odd.Count == 0 ? "all finite" : $"NOT FINITE: {string.Join(", ", odd)}";
        Say(odd.Count == 0 && ratio <= RatioBound && change > 0 && double.IsFinite(change),
            $"PPO: {step.Metrics.Count} metrics {finite}; first minibatch's ratio within {ratio:E1} of 1 (at most {RatioBound:E0}); sampler within "
                + $"{step.Metrics["val/sampler_mismatch"]:E1} nats; weights moved by up to {change:E1}");
    }

    private void Speed()
    {
        foreach (var (label, where) in ((string, Device)[])[("cpu", CPU), (name, device)])
        {
            using var workload = new Workload(label, Load(where, ScalarType.Float32), reference.Tokenizer);
            Console.WriteLine($"\n{label}, float32");
            Report.Rates(workload, Rounds, where);
        }
    }

    private void Say(bool passed, string text)
    {
        Console.WriteLine($"{(passed ? "ok  " : "FAIL")} {text}");
        good &= passed;
    }
}
