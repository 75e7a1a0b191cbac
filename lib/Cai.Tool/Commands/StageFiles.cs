using System.Text.Json.Nodes;
using Cai.Critique;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>Reading and writing the files between stages.</summary>
internal static class StageFiles
{
    private const string PromptRemedy = "Write {\"prompt\": \"text\"} or a prompt record {\"id\": …, \"dialogue\": …} on each line, "
        + "or leave such lines out with --skip-bad.";
    private const int Chunk = 64;

    /// <summary>All records of some JSONL or Parquet files, one after the other.</summary>
    public static List<T> Read<T>(IEnumerable<string> paths, bool skipBad)
    {
        var records = new List<T>();
        foreach (var path in paths)
        {
            records.AddRange(Jsonl.Read<T>(path, skipBad ? BadLines.Skip : BadLines.Throw, out var skipped));
            SaySkipped(path, skipped);
        }
        return records.Count > 0 ? records
            : throw new CaiException("There is no record to read.", "Check the stage that wrote the file.", string.Join(", ", paths));
    }

    /// <summary>Prompts of some JSONL or Parquet files. A plain line gets the id `{file}-{line}` unless it brings its own.</summary>
    /// <exception cref="CaiException">A line is neither form, two prompts share an id, or there is none.</exception>
    public static List<Prompt> ReadPrompts(IReadOnlyList<string> paths, bool skipBad)
    {
        var prompts = new List<Prompt>();
        var places = new Dictionary<string, string>();
        foreach (var path in paths)
        {
            var skipped = 0;
            foreach (var line in RecordLines.Of(path, "Check the path; `cai prompts` writes such a file."))
            {
                Prompt prompt;
                try
                {
                    prompt = ParsePrompt(line, $"{Path.GetFileNameWithoutExtension(path)}-{line.Number}");
                }
                catch (CaiException) when (skipBad)
                {
                    skipped++;
                    continue;
                }
                if (!places.TryAdd(prompt.Id, line.Where))
                    throw new CaiException($"The prompt id '{prompt.Id}' occurs already at {places[prompt.Id]}.", "Give every prompt an id of its own.",
                        line.Where);
                prompts.Add(prompt);
            }
            SaySkipped(path, skipped);
        }
        return prompts.Count > 0 ? prompts : throw new CaiException("There is no prompt to read.", PromptRemedy, string.Join(", ", paths));
    }

    /// <summary>
    /// Answers to prompts, added to a file chunk by chunk. A chunk that was cut off is sampled whole, so that the rows
    /// computed together, and with them the last bits of the log-probabilities, are those of an unbroken run.
    /// </summary>
    /// <param name="format">How the model reads a conversation; the paper's layout when null.</param>
    /// <exception cref="CaiException">The file holds two samples of one id, or an answer to another prompt than that of its id.</exception>
    public static async Task<IReadOnlyList<Sample>> SampleAsync(
        ILanguageModel model, IPromptFormat? format, IReadOnlyList<Prompt> prompts, SampleOptions options, int perPrompt, string path, CancellationToken cancel)
    {
        using var file = new JsonlAppender<Sample>(path);
        using var line = ProgressLine.Start("sample", "answers", prompts.Count * perPrompt);
        var done = new Dictionary<string, Sample>();
        foreach (var sample in file.Existing)
            if (!done.TryAdd(sample.Id, sample) && done[sample.Id] != sample)
                throw new CaiException($"Two different samples have the id '{sample.Id}'.", "Remove one of them, or the file to begin anew.", path);
        var all = new List<Sample>();
        foreach (var chunk in prompts.Chunk(Chunk))
        {
            cancel.ThrowIfCancellationRequested();
            var ids = chunk.SelectMany(p => Enumerable.Range(0, perPrompt).Select(i => $"{p.Id}/{model.Name}/{i}")).ToList();
            if (!ids.TrueForAll(done.ContainsKey))
            {
                var before = all.Count;
                var progress = new SynchronousProgress<int>(n => line.Report(before + n));
                foreach (var sample in await InitialResponses.SampleAsync(model, chunk, options, perPrompt, format, progress: progress, cancel: cancel))
                    if (done.TryAdd(sample.Id, sample))
                        file.Append(sample);
            }
            all.AddRange(ids.Select(id => done[id]));
        }
        file.Finish();
        return all;
    }

    private static Prompt ParsePrompt(RecordLine line, string standardId)
    {
        var keys = line.Read<JsonObject>(PromptRemedy);
        if (keys.ContainsKey("prompt") && keys.ContainsKey("dialogue"))
            throw new CaiException("The line has both `prompt` and `dialogue`.", PromptRemedy, line.Where);
        if (!keys.ContainsKey("prompt"))
            return line.Read<Prompt>(PromptRemedy);
        var plain = line.Read<PlainPrompt>(PromptRemedy);
        return new Prompt(plain.Id ?? standardId, Dialogue.Ask(plain.Prompt.Trim()), plain.Kind ?? "");
    }

    private static void SaySkipped(string path, int skipped)
    {
        if (skipped > 0)
            Console.Error.WriteLine($"cai: {path}: {skipped} broken lines left out");
    }

    private sealed record PlainPrompt(string Prompt, string? Id, string? Kind);
}
