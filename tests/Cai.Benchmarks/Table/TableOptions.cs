using System.Globalization;

namespace Cai.Benchmarks.Table;

/// <summary>What the command line asks of the table.</summary>
public sealed record TableOptions
{
    public const string Help = $"""
        table [--rounds N] [--threads N] [--peers DIR] [{TableRows.Training} {TableRows.Ppo} {TableRows.Generation} {TableRows.Qwen}]

        Prints how fast each row is, and with --peers how fast other programs do the same work.

          --rounds N     rounds after one that does not count (default 5)
          --threads N    threads of this program and of each peer (default 1)
          --peers DIR    folder of the peers, programs or links to them, each of which may be absent:
                           python         one that has PyTorch; python3 is taken without it. DIR can be a virtual environment's bin folder.
                                          Debian's is slow without libopenblas0, and takes OpenBLAS's kernels for AVX-512 on a processor that
                                          it does not know only with OPENBLAS_CORETYPE=COOPERLAKE: the first row shows its matrix product
                           llama-bench, llama-batched-bench    llama.cpp's benchmarks, for the rows whose model stands beside them:
                                          L.gguf, qwen2-0.5b-f32.gguf, qwen2-0.5b-bf16.gguf
                         tests/peers/gguf_models.py makes these files. llama.cpp is built from its source, for the processor that it runs on:
                         cmake -B build -DGGML_NATIVE=ON && cmake --build build --target llama-bench llama-batched-bench

        All groups of rows are measured but {TableRows.Qwen}, which takes 5 GB of memory with a peer and minutes a round: it must be named.
        """;

    private static readonly string[] Known = [TableRows.Training, TableRows.Ppo, TableRows.Generation, TableRows.Qwen];

    /// <summary>Rounds that count, after one that does not.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Of this program and of each peer.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Folder that holds the peers; null measures this library alone.</summary>
    public string? Peers { get; init; }

    public IReadOnlyList<string> Groups { get; init; } = Known[..3];

    /// <exception cref="CaiException">An argument that is not understood, or a folder that is not there.</exception>
    public static TableOptions Parse(IReadOnlyList<string> args)
    {
        var options = new TableOptions();
        var groups = new List<string>();
        for (var i = 0; i < args.Count; i++)
            if (Known.Contains(args[i]))
                groups.Add(args[i]);
            else if (args[i] is "--rounds" && i + 1 < args.Count)
                options = options with { Rounds = Count(args[i], args[++i]) };
            else if (args[i] is "--threads" && i + 1 < args.Count)
                options = options with { Threads = Count(args[i], args[++i]) };
            else if (args[i] is "--peers" && i + 1 < args.Count)
                options = options with { Peers = Folder(args[++i]) };
            else
                throw new CaiException($"'{args[i]}' is not understood.", "`table --help` says what is.");
        return groups.Count == 0 ? options : options with { Groups = groups };
    }

    private static int Count(string name, string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
        ? value
        : throw new CaiException($"{name} is '{text}'; a whole number from 1 was expected.", "Correct it.");

    private static string Folder(string path) => Directory.Exists(path)
        ? Path.GetFullPath(path)
        : throw new CaiException("The folder of the peers is not there.", "`table --help` says what it holds.", path);
}
