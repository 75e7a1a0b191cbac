using Cai.Constitutions;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Feedback;

/// <summary>
/// Labels comparisons by a model and a constitution (paper 4.1). A label depends only on (seed, pair, constitution,
/// model), not on order, batch or interruption; which response a record calls A is the caller's, whatever order was shown.
/// </summary>
public sealed class Labeller
{
    private readonly ILanguageModel model;
    private readonly Constitution constitution;
    private readonly LabelOptions options;
    private readonly IPromptFormat format;

    /// <param name="format">How the model reads a conversation; the paper's layout when null.</param>
    /// <exception cref="CaiException">An option is out of range, a principle id is unknown, or there are too few principles.</exception>
    public Labeller(ILanguageModel model, Constitution constitution, LabelOptions? options = null, IPromptFormat? format = null)
    {
        this.format = format ?? HhFormat.Instance;
        (this.model, this.constitution, this.options) = (model, constitution, options ?? new LabelOptions());
        this.options.Check();
        if (constitution.Comparison.Count == 0)
            throw new CaiException($"Constitution '{constitution.Name}' has no principles for comparisons.",
                "Add entries under `comparison:`, or load another constitution.");
        PrinciplesFor(""); // what it cannot choose from these principles is told now
    }

    /// <summary>The principles that a pair is judged by (<see cref="LabelOptions.Principle"/>), drawn from (seed, pair id).</summary>
    public IReadOnlyList<ComparisonPrinciple> PrinciplesFor(string pairId) => options.PrinciplesFor(constitution, pairId);

    /// <summary>Exactly what will be asked about a pair: principles × orders × chains of thought.</summary>
    public IReadOnlyList<LabelQuery> Queries(ResponsePair pair)
    {
        var reasoning = options.Kind == LabelKind.ChainOfThought;
        return
        [
            .. from principle in PrinciplesFor(pair.Id)
               let examples = options.ExamplesOfPrinciple ? constitution.About(principle.Id) : constitution
               let prefix = examples.ComparisonPrefix(reasoning, options.FewShot, options.Seed, options.ExampleDraw(pair.Id))
               from swapped in Orders(pair.Id)
               let first = swapped ? pair.ResponseB : pair.ResponseA
               let second = swapped ? pair.ResponseA : pair.ResponseB
               let text = reasoning
                   ? ComparisonLayout.ReasoningQuestion(format, prefix, pair.Prompt.Dialogue, principle.Text, first, second)
                   : ComparisonLayout.Question(format, prefix, pair.Prompt.Dialogue, principle.Text, first, second)
               from sample in Enumerable.Range(0, reasoning ? options.CotSamples : 1)
               select new LabelQuery($"{pair.Id}/{principle.Id}/{(swapped ? "BA" : "AB")}/{sample}", principle.Id, swapped, text),
        ];
    }

    /// <summary>Labels pairs; results are in their order.</summary>
    /// <param name="path">
    /// A JSONL file to which labels are added, <see cref="LabelOptions.ChunkSize"/> at a time. Labels that it holds already
    /// are not made again, so a run that was cut off goes on where it stopped; `FILE.key.json` beside it says what they were made from.
    /// </param>
    /// <param name="progress">Pairs labelled so far.</param>
    /// <exception cref="CaiException">Two pairs share an id, or the file is of another run.</exception>
    public async Task<IReadOnlyList<Comparison>> RunAsync(
        IReadOnlyList<ResponsePair> pairs, string? path = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (pairs.GroupBy(p => p.Id).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw new CaiException($"Pair id '{twice.Key}' occurs {twice.Count()} times; ids must be unique.",
                "Number the pairs of a prompt, for example `{prompt}/0`.");

        if (path is not null)
            RunKey.Require(path, new
            {
                Model = model.Identity, Constitution = constitution.Hash, Layout = format.Identity(), Options = options with { ChunkSize = 1 },
            });
        using var file = path is null ? null : new JsonlAppender<Comparison>(path);
        var byId = pairs.ToDictionary(p => p.Id);
        var done = new Dictionary<string, Comparison>();
        foreach (var record in file?.Existing ?? [])
            done[record.Id] = byId.TryGetValue(record.Id, out var pair) && SameRun(record, pair)
                ? record
                : throw new CaiException($"Label '{record.Id}' is of other responses, principles or options than those asked for.",
                    "The file belongs to another run: give another path, or delete it to start again.", path);

        progress?.Report(done.Count);
        // A chunk that was cut off is labelled whole: the last bits of a log-probability may depend on the rows beside it.
        foreach (var chunk in pairs.Chunk(options.ChunkSize).Where(c => c.Any(p => !done.ContainsKey(p.Id))))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var comparison in await LabelAsync(chunk, cancel))
                if (done.TryAdd(comparison.Id, comparison))
                    file?.Append(comparison);
            progress?.Report(done.Count);
        }
        file?.Finish();
        return [.. pairs.Select(p => done[p.Id])];
    }

    private async Task<IReadOnlyList<Comparison>> LabelAsync(IReadOnlyList<ResponsePair> pairs, CancellationToken cancel)
    {
        var queries = pairs.Select(Queries).ToList();
        var flat = queries.SelectMany(q => q).ToList();
        IReadOnlyList<string?> reasonings = new string?[flat.Count];
        if (options.Kind == LabelKind.ChainOfThought)
        {
            var sampling = new SampleOptions
            {
                MaxTokens = options.MaxReasoningTokens, Temperature = options.Temperature, Seed = options.Seed, Stops = ComparisonLayout.Stops,
            };
            var sampled = await model.SampleAsync([.. flat.Select(q => new SampleRequest(q.Id, q.Text) { ControlTokens = format.ControlTokens })],
                sampling, null, cancel);
            reasonings = [.. sampled.Select(c => c.Text.Trim())];
        }
        IReadOnlyList<string> choices = [ComparisonLayout.OptionA, ComparisonLayout.OptionB];
        var items = flat.Zip(reasonings, (q, r) =>
            new ChoiceItem(q.Id, r is null ? q.Text : ComparisonLayout.AfterReasoning(format, q.Text, r), choices) { ControlTokens = format.ControlTokens });
        var answers = await MultipleChoice.ScoreAsync(model, [.. items], cancel: cancel);
        var readings = flat.Select((q, i) => new LabelReading(q, answers[i], reasonings[i])).ToList();

        var comparisons = new List<Comparison>();
        var next = 0;
        foreach (var (pair, asked) in pairs.Zip(queries))
        {
            comparisons.Add(LabelReading.Combine(pair, readings.GetRange(next, asked.Count), options));
            next += asked.Count;
        }
        return comparisons;
    }

    private bool[] Orders(string pairId) =>
        options.BothOrders ? [false, true] : [options.ShuffleOrder && Seeds.Rng(options.Seed, pairId, "order").Chance(0.5)];

    private bool SameRun(Comparison record, ResponsePair pair) =>
        record.ResponseA == pair.ResponseA && record.ResponseB == pair.ResponseB && record.Prompt.Equals(pair.Prompt.Dialogue)
        && record.Kind == options.Kind && record.Axis == options.Axis
        && record.Swapped == (!options.BothOrders && Orders(pair.Id)[0])
        && record.PrincipleIds.SequenceEqual(PrinciplesFor(pair.Id).Select(p => p.Id));
}
