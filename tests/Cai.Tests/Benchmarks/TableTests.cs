using Cai.Benchmarks.Table;
using Xunit;

namespace Cai.Tests.Benchmarks;

public class TableTests
{
    private const string Llama = """
        [
          {
            "build_commit": "0123abcd", "cpu_info": "some processor", "model_type": "llama 0.01B F32", "model_n_params": 2123456,
            "n_threads": 1, "n_prompt": 512, "n_gen": 0, "avg_ns": 512000000, "stddev_ns": 0, "avg_ts": 1000.5, "stddev_ts": 0.0, "samples_ts": [ 1000.5 ]
          },
          {
            "model_n_params": 2123456, "n_prompt": 0, "n_gen": 64, "avg_ts": 250, "samples_ts": [ 250 ]
          }
        ]
        """;

    private static readonly TableRow Row = TableRows.Product with { LlamaFile = "L.gguf", Request = new("generate", Rows: 1, Read: 1, Write: 64) };

    [Fact]
    public void ARatioIsOfMediansAndItsSpreadOfRounds()
    {
        var ratio = Ratio.Of([2, 4, 6], [2, 2, 12]);
        Assert.Equal(new Ratio(2, 0.5, 2), ratio);
        Assert.Equal("2.00 [0.50, 2.00]", ratio.ToString());
    }

    [Fact]
    public void RatesAreOfTheClockAndOfCpuTime() => Assert.Equal((5, 2.5), (new Timed(10, 2, 4).WallRate, new Timed(10, 2, 4).CpuRate));

    [Fact]
    public void OptionsAreReadAndWhatIsUnknownIsRefused()
    {
        Assert.Equal(["training", "ppo", "generation"], TableOptions.Parse([]).Groups);
        using var folder = new TempFolder();
        var options = TableOptions.Parse(["qwen", "--rounds", "3", "--threads", "2", "--peers", folder.Root, "ppo"]);
        Assert.Equal((3, 2, folder.Root), (options.Rounds, options.Threads, options.Peers));
        Assert.Equal(["qwen", "ppo"], options.Groups);
        foreach (string[] bad in (string[][])[["--rounds", "0"], ["--threads"], ["--peers", folder.Path("missing")], ["speed"]])
            Assert.Throws<CaiException>(() => TableOptions.Parse(bad));
    }

    [Fact]
    public void TheTestAskedForIsTakenFromLlamaBenchsJson()
    {
        Assert.Equal(new(512, 0, 1000.5, 2123456), LlamaBench.Parse(Llama, 512, 0));
        Assert.Equal(250, LlamaBench.Parse(Llama, 0, 64).TokensPerSecond);
        Assert.Contains("128 written", Assert.Throws<CaiException>(() => LlamaBench.Parse(Llama, 0, 128)).Message);
        Assert.Throws<CaiException>(() => LlamaBench.Parse("error: no such model", 512, 0));
    }

    [Fact]
    public void LlamaBenchIsRunOnTheRowsFile()
    {
        using var folder = new TempFolder();
        using var peer = new LlamaBench(folder.Root, 1);
        Assert.False(peer.Concerns(TableRows.Product));
        Assert.Contains("no llama-bench", peer.Absence(Row));
        if (!Script(folder, "llama-bench", $"echo '{Llama}'"))
            return;
        Assert.Contains("no L.gguf", peer.Absence(Row));
        folder.File("L.gguf", "");
        Assert.Null(peer.Absence(Row));
        Assert.Equal(new Timed(64, 64 / 250.0, null), peer.Run(Row));
    }

    [Fact]
    public void TextsAtOnceAreTheOtherBenchmarksWork()
    {
        using var folder = new TempFolder();
        using var alone = new LlamaBench(folder.Root, 1);
        using var together = new LlamaBatchedBench(folder.Root, 1);
        var row = Row with { Request = new("generate", Rows: 16, Read: 32, Write: 64) };
        Assert.Equal((false, true), (alone.Concerns(row), together.Concerns(row)));
        Assert.Equal((true, false), (alone.Concerns(Row), together.Concerns(Row)));
        Assert.Contains("no llama-batched-bench", together.Absence(row));
        // Two tests; t is the time of both parts, of the prompts and of the rest.
        const string Printed = """
            main: n_kv_max = 1536
            {"n_kv_max": 1536, "pp": 32, "tg": 64, "pl": 8, "n_kv": 768, "t_pp": 0.1, "t_tg": 0.2, "speed_tg": 1.0, "t": 0.3, "speed": 1.0}
            {"n_kv_max": 1536, "pp": 32, "tg": 64, "pl": 16, "n_kv": 1536, "t_pp": 0.5, "t_tg": 1.5, "speed_tg": 1.0, "t": 2.0, "speed": 1.0}
            """;
        Assert.Equal(2.0, LlamaBatchedBench.Parse(Printed, 16, 32, 64));
        Assert.Contains("32 texts", Assert.Throws<CaiException>(() => LlamaBatchedBench.Parse(Printed, 32, 32, 64)).Message);
        if (!Script(folder, "llama-batched-bench", $"echo '{Printed}'"))
            return;
        folder.File("L.gguf", "");
        Assert.Equal(new Timed(16 * 64, 2, null), together.Run(row));
    }

    [Fact]
    public void APythonWithoutPyTorchIsAbsentAndSaysWhy()
    {
        using var folder = new TempFolder();
        if (!Script(folder, "python", "echo \"ModuleNotFoundError: No module named 'torch'\" >&2; exit 1"))
            return;
        using var peer = new TorchPeer(folder.Root, 1);
        Assert.Contains("No module named 'torch'", peer.Absence(Row));
    }

    [Fact]
    public void APeerThatFailsMidWaySaysWhatItPrinted()
    {
        using var folder = new TempFolder();
        if (!Script(folder, "python", """
            echo '{"torch": "9.9"}'
            read request
            echo '{"work": 64, "cpu": 2, "wall": 4}'
            read request
            echo 'MemoryError' >&2
            exit 3
            """))
            return;
        using var peer = new TorchPeer(folder.Root, 1);
        Assert.Equal(("PyTorch 9.9", null), (peer.Name, peer.Absence(Row)));
        Assert.Equal(new Timed(64, 4, 2), peer.Run(Row));
        Assert.Contains("code 3: MemoryError", Assert.Throws<CaiException>(() => peer.Run(Row)).Message);
    }

    /// <summary>Writes a program of the shell; false where there is none.</summary>
    private static bool Script(TempFolder folder, string name, string lines)
    {
        if (OperatingSystem.IsWindows())
            return false;
        File.SetUnixFileMode(folder.File(name, $"#!/bin/sh\n{lines}\n"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return true;
    }
}
