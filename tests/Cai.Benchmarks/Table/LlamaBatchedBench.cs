using System.Globalization;
using System.Text.Json.Serialization;
using Cai.Storage;

namespace Cai.Benchmarks.Table;

/// <summary>llama.cpp's benchmark of several texts at once. It times by the clock, leaves out loading the model, and draws no tokens.</summary>
public sealed class LlamaBatchedBench(string folder, int threads) : IPeer
{
    private readonly string program = LlamaBench.Program(folder, "llama-batched-bench");

    public string Name => "llama.cpp";

    public bool Concerns(TableRow row) => row is { LlamaFile: not null, Request.Rows: > 1 };

    public string? Absence(TableRow row) => LlamaBench.Absence(program, folder, row);

    public Timed Run(TableRow row)
    {
        var (rows, read, write) = (row.Request.Rows, row.Request.Read, row.Request.Write);
        using var process = new PeerProcess("llama-batched-bench", program,
            [
                "-m", Path.Combine(folder, row.LlamaFile!), "-t", $"{threads}", "-tb", $"{threads}", "-c", $"{rows * (read + write)}",
                "-npp", $"{read}", "-ntg", $"{write}", "-npl", $"{rows}", "-ngl", "0", "--output-format", "jsonl",
            ], threads);
        return new(rows * write, Parse(process.Output(), rows, read, write), null);
    }

    public void Dispose()
    {
    }

    /// <summary>Seconds of one test, of what `llama-batched-bench --output-format jsonl` printed.</summary>
    /// <exception cref="CaiException">There is no line of that test.</exception>
    public static double Parse(string output, int rows, int read, int write)
    {
        const string Remedy = "Take a llama-batched-bench that prints pp, tg, pl and t with --output-format jsonl.";
        return output.Split('\n').Where(line => line.StartsWith('{'))
            .Select((line, i) => CaiJson.Read<Result>(line, $"llama-batched-bench, result {i + 1}", Remedy))
            .FirstOrDefault(r => r.Rows == rows && r.Read == read && r.Written == write && r.Seconds > 0)?.Seconds
            ?? throw new CaiException(string.Create(CultureInfo.InvariantCulture, $"There is no test of {rows} texts, {read} tokens read and {write} written."),
                Remedy, "llama-batched-bench");
    }

    /// <summary>One test.</summary>
    private sealed record Result(
        [property: JsonPropertyName("pl")] int Rows,
        [property: JsonPropertyName("pp")] int Read,
        [property: JsonPropertyName("tg")] int Written,
        [property: JsonPropertyName("t")] double Seconds);
}
