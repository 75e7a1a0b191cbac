using System.Text.Json.Nodes;

namespace Cai.Storage;

/// <summary>The numbers of one step of training.</summary>
/// <param name="Values">By name, for example `objective/kl`. NaN where a number was not finite.</param>
public sealed record MetricRow(long Step, IReadOnlyDictionary<string, double> Values);

/// <summary>
/// A growing `metrics.jsonl`: `{"step":12,"loss":0.5,…}` a line, readable while the run goes on. Opened to resume from a
/// checkpoint, it drops the lines of steps that will be done again, so the file ends as if nothing had happened.
/// </summary>
public sealed class MetricsWriter : IDisposable
{
    private readonly JsonlAppender<JsonObject> lines;

    /// <param name="checkpointStep">The last step whose effects are in the checkpoint; null to begin anew with an empty file.</param>
    /// <exception cref="CaiException">The file is broken or cannot be written.</exception>
    public MetricsWriter(string path, long? checkpointStep = null)
    {
        if (checkpointStep is { } last && File.Exists(path))
        {
            // Opening for appending first mends a line that was cut off.
            IReadOnlyList<JsonObject> rows;
            using (var existing = new JsonlAppender<JsonObject>(path))
                rows = existing.Existing;
            if (rows.Any(row => Metrics.StepOf(row, path) > last))
                Jsonl.Write(path, rows.Where(row => Metrics.StepOf(row, path) <= last));
        }
        else if (File.Exists(path))
        {
            File.Delete(path);
        }
        lines = new JsonlAppender<JsonObject>(path);
    }

    /// <summary>Writes one line. A number that is not finite is written as null, so that a bad step still leaves its trace.</summary>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var row = new JsonObject { [Metrics.StepKey] = step };
        foreach (var (name, value) in values)
            row[name] = double.IsFinite(value) ? value : null;
        lines.Append(row);
    }

    /// <inheritdoc cref="Write(long, IEnumerable{KeyValuePair{string, double}})"/>
    public void Write(long step, params IReadOnlyList<(string Name, double Value)> values) =>
        Write(step, values.Select(v => KeyValuePair.Create(v.Name, v.Value)));

    /// <summary>Ends the file; if someone removed it while the training ran, it is written again.</summary>
    public void Finish() => lines.FinishInPlace();

    public void Dispose() => lines.Dispose();
}

/// <summary>Reading metrics back.</summary>
public static class Metrics
{
    internal const string StepKey = "step";

    /// <summary>All rows of a `metrics.jsonl`, in the order written.</summary>
    /// <exception cref="CaiException">The file is missing or a line is broken.</exception>
    public static List<MetricRow> Read(string path) =>
        [.. Jsonl.Read<JsonObject>(path).Select(row => new MetricRow(StepOf(row, path), row
            .Where(pair => pair.Key != StepKey)
            .ToDictionary(pair => pair.Key, pair => pair.Value is null ? double.NaN
                : pair.Value is JsonValue value && value.TryGetValue<double>(out var number) ? number
                : throw new CaiException($"The value of '{pair.Key}' is no number.", "Remove the file; the run writes it anew.", path))))];

    internal static long StepOf(JsonObject row, string path) =>
        row[StepKey] is JsonValue step && step.TryGetValue<long>(out var number)
            ? number
            : throw new CaiException("A line has no whole number under \"step\".", "Remove the file; the run writes it anew.", path);
}
