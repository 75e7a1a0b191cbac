using System.Diagnostics;
using System.Globalization;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Tool.Notebooks;
using TorchSharp;

namespace Cai.Fuzz;

/// <summary>What must not grow however long it goes on: training's memory, and a kernel's with every cell.</summary>
internal static class Endurance
{
    private const int Warm = 200;
    private const double Megabyte = 1 << 20;

    /// <summary>PPO on size S with the smallest batches: memory after the first steps and after the last.</summary>
    public static int Ppo(int steps)
    {
        const double most = 100; // MB; the steps' own numbers and the collector's pace
        using var model = HuggingFaceFolder.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful"));
        using var reference = HuggingFaceFolder.LoadDecoder(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful"));
        using var critic = ScalarModel.FromLanguageModel(model.Decoder, 1);
        var options = new PpoOptions
        {
            Iterations = steps, RolloutsPerIteration = 2, Epochs = 1, MaxNewTokens = 4, LearningRate = 1e-6, CriticLearningRate = 1e-6,
            MissingEos = MissingEos.None,
        };
        using var trainer = new PpoTrainer(model.Decoder, reference, critic, model.Tokenizer,
            responses => [.. responses.Select(response => (double)response.Ids.Length)], options);
        List<Prompt> prompts = [.. Enumerable.Range(0, 50).Select(i => new Prompt($"p{i}", Dialogue.Ask($"How do I mend roof {i}?")))];
        return Grows("PPO steps", steps, most, () => torch.Tensor.TotalCount, i =>
        {
            using var rollout = trainer.Collect(trainer.Draw(prompts, i));
            trainer.Step(rollout).Dispose();
        });
    }

    /// <summary>Cells of a notebook in one session, each with a variable and a value to show.</summary>
    public static int Cells(int cells)
    {
        const double most = 400; // MB
        var folder = Directory.CreateTempSubdirectory("cai-cells-").FullName;
        using var session = new ScriptSession(new HostReferences(), folder);
        try
        {
            return Grows("cells", cells, most, () => session.Number, i =>
            {
                var code = $"var x{i} = Enumerable.Range(0, 1000).Select(n => n * {i}).ToList();\nx{i}.Count + {i}";
                var outcome = session.ExecuteAsync(code).GetAwaiter().GetResult();
                if (outcome.Error is { } error)
                    throw new CaiException($"Cell {i} failed: {error.Message}", "This is a fault of the kernel.");
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Grows(string what, int count, double most, Func<long> kept, Action<int> step)
    {
        var (clock, start, first) = (Stopwatch.StartNew(), 0.0, 0L);
        // Cells count from the first; training from when its buffers are there.
        var from = what == "cells" ? 1 : Math.Min(Warm, count / 2);
        for (var i = 0; i < count; i++)
        {
            step(i);
            if (i + 1 == from)
                (start, first) = (Memory(), kept());
            if ((i + 1) % Math.Max(1, count / 10) == 0)
                Say($"{i + 1,6} {what}: {Memory():F0} MB in memory, {kept()} kept, {clock.Elapsed.TotalSeconds:F0} s");
        }
        var grown = Memory() - start;
        Say($"{count} {what} in {clock.Elapsed.TotalSeconds:F0} s: {grown:F0} MB more than after {from} ({start:F0} MB); at most {most} were expected");
        return grown > most || what != "cells" && kept() != first ? 1 : 0;
    }

    /// <summary>What the process holds after a collection, in MB.</summary>
    private static double Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet / Megabyte;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
