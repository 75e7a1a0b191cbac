using System.Text.Json.Serialization;
using Cai.Storage;

namespace Cai.Benchmarks.Table;

/// <summary>
/// llama.cpp's own benchmark. It times one text alone, by the clock, and leaves out loading the model; its generation starts from
/// nothing and draws no tokens.
/// </summary>
public sealed class LlamaBench(string folder, int threads) : IPeer
{
    private readonly string program = Program(folder, "llama-bench");

    public string Name { get; private set; } = "llama.cpp";

    public bool Concerns(TableRow row) => row is { LlamaFile: not null, Request.Rows: 1 };

    public string? Absence(TableRow row) => Absence(program, folder, row);

    internal static string Program(string folder, string name) => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    internal static string? Absence(string program, string folder, TableRow row) =>
        !File.Exists(program) ? $"there is no {Path.GetFileName(program)} in {folder}"
        : !File.Exists(Path.Combine(folder, row.LlamaFile!)) ? $"there is no {row.LlamaFile} in {folder}"
        : null;

    public Timed Run(TableRow row)
    {
        var (read, write) = row.Request.Kind == "prompt" ? (row.Request.Read, 0) : (0, row.Request.Write);
        using var process = new PeerProcess("llama-bench", program,
            ["-m", Path.Combine(folder, row.LlamaFile!), "-t", $"{threads}", "-p", $"{read}", "-n", $"{write}", "-r", "1", "-ngl", "0", "-o", "json"], threads);
        var result = Parse(process.Output(), read, write);
        Name = $"llama.cpp, {result.Weights:N0} weights";
        return new(read + write, (read + write) / result.TokensPerSecond, null);
    }

    public void Dispose()
    {
    }

    /// <summary>What `llama-bench -o json` printed of one test.</summary>
    /// <param name="read">Tokens of the prompt; 0 for the test of generation.</param>
    /// <param name="write">Tokens generated; 0 for the test of a prompt.</param>
    /// <exception cref="CaiException">It is not such JSON, or that test is not in it.</exception>
    public static Result Parse(string json, int read, int write)
    {
        const string Remedy = "Take a llama-bench that prints avg_ts, n_prompt and n_gen with -o json.";
        return CaiJson.Read<List<Result>>(json, "llama-bench -o json", Remedy).Find(r => r.Read == read && r.Written == write && r.TokensPerSecond > 0)
            ?? throw new CaiException($"There is no test of {read} tokens read and {write} written.", Remedy, "llama-bench -o json");
    }

    /// <summary>One test.</summary>
    /// <param name="Weights">Of the model.</param>
    /// <param name="TokensPerSecond">Mean over the repetitions.</param>
    public sealed record Result(
        [property: JsonPropertyName("n_prompt")] int Read,
        [property: JsonPropertyName("n_gen")] int Written,
        [property: JsonPropertyName("avg_ts")] double TokensPerSecond,
        [property: JsonPropertyName("model_n_params")] long Weights = 0);
}
