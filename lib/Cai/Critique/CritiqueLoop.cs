using Cai.Constitutions;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Critique;

/// <summary>
/// The supervised stage's data (paper 3.1): a response is criticised under a principle and revised in the light of the
/// critique, several times over. Each round starts again from the prompt and the latest revision; earlier critiques are
/// dropped. A result depends only on (seed, prompt, response, constitution, model), not on order, batch or interruption.
/// </summary>
public sealed class CritiqueLoop
{
    private readonly ILanguageModel model;
    private readonly Constitution constitution;
    private readonly CritiqueOptions options;
    private readonly IReadOnlyList<CritiquePrinciple> principles;
    private readonly Dictionary<string, string> prefixes; // by principle
    private readonly IPromptFormat format;

    /// <param name="format">How the model reads a conversation; the paper's layout when null.</param>
    /// <exception cref="CaiException">An option is out of range, a principle id is unknown, or there is no principle to apply.</exception>
    public CritiqueLoop(ILanguageModel model, Constitution constitution, CritiqueOptions? options = null, IPromptFormat? format = null)
    {
        this.format = format ?? HhFormat.Instance;
        (this.model, this.constitution, this.options) = (model, constitution, options ?? new CritiqueOptions());
        this.options.Check();
        principles = this.options.PrincipleIds is { } ids ? [.. ids.Select(constitution.CritiquePrinciple)] : constitution.Critique;
        if (principles.Count == 0)
            throw new CaiException($"Constitution '{constitution.Name}' has no principles for critiques.",
                "Add entries under `critique:`, or load another constitution.");
        if (this.options.PrinciplesEach > principles.Count)
            throw new CaiException($"Each prompt is to draw from {this.options.PrinciplesEach} principles, and there are {principles.Count}.",
                $"Ask for 1 to {principles.Count}, or for all by null.", $"{nameof(CritiqueOptions)}: {nameof(CritiqueOptions.PrinciplesEach)}");
        prefixes = constitution.Critique.ToDictionary(p => p.Id,
            p => (this.options.ExamplesOfPrinciple ? constitution.About(p.Id) : constitution).CritiquePrefix(this.options.FewShot, this.options.Direct));
    }

    /// <summary>The principle of a step (<see cref="CritiqueOptions.Principle"/>), drawn from (seed, prompt id, round) (paper 3.1, 3.4).</summary>
    /// <exception cref="CaiException">The selector chose none or several.</exception>
    public CritiquePrinciple PrincipleFor(string promptId, int round) =>
        (options.Principle ?? PrincipleSelector.Drawn).Select(Of(promptId), Seeds.Rng(options.Seed, promptId, round)) is [var one] ? one
        : throw new CaiException("A critique applies one principle, and the selector chose another number.",
            "Use a fixed or a drawn principle; averages are for labels.", nameof(CritiqueOptions));

    /// <summary>The principles that a prompt draws from (<see cref="CritiqueOptions.PrinciplesEach"/>).</summary>
    private IReadOnlyList<CritiquePrinciple> Of(string promptId)
    {
        if (options.PrinciplesEach is not { } count)
            return principles;
        var order = principles.ToList();
        Seeds.Rng(0, "principles of", promptId).Shuffle(order);
        return order[..count];
    }

    /// <summary>
    /// Runs all rounds. All prompts of a round are sampled together: first their critiques, then their revisions.
    /// </summary>
    /// <param name="initial">One response a prompt (<see cref="InitialResponses"/>).</param>
    /// <param name="path">
    /// A JSONL file to which each finished round is added. Revisions that it holds already are not made again, so a run
    /// that was cut off goes on where it stopped; `FILE.key.json` beside it says what they were made from.
    /// </param>
    /// <param name="progress">Texts sampled so far, of prompts × rounds × 2 (× 1 when direct).</param>
    /// <returns>
    /// Round by round, in each round in the order of <paramref name="initial"/>. Empty and unfinished texts are kept: see <see cref="CritiqueReport"/>.
    /// </returns>
    /// <exception cref="CaiException">A prompt occurs twice, or the file is of another run.</exception>
    public async Task<IReadOnlyList<Revision>> RunAsync(
        IReadOnlyList<Sample> initial, string? path = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (initial.GroupBy(s => s.PromptId).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw new CaiException($"Prompt '{twice.Key}' has {twice.Count()} initial responses; one was expected.",
                "Give the loop one response a prompt, for example those with Index 0.");

        if (path is not null)
            RunKey.Require(path, new
            {
                Model = model.Identity, Constitution = constitution.Hash, Layout = format.Identity(), Options = options with { Rounds = 1 },
            });
        using var file = path is null ? null : new JsonlAppender<Revision>(path);
        var done = Existing(file?.Existing ?? [], initial, path);
        var current = initial.ToDictionary(s => s.PromptId, s => s.Response.Trim());
        var all = new List<Revision>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            var steps = initial.Select(s => new Step(s.PromptId, s.Prompt, round, current[s.PromptId], PrincipleFor(s.PromptId, round))).ToList();
            foreach (var step in steps)
                if (done.TryGetValue(step.Id, out var record)
                    && (record.Before != step.Response || record.PrincipleId != step.Principle.Id || (record.Critique is null) != options.Direct))
                    throw new CaiException($"Revision '{record.Id}' was made from another response, principle, or kind of step.",
                        "The file belongs to another run: give another path, or delete it to start again.", path);

            // A round that was cut off is sampled whole: the last bits of a log-probability may depend on the rows beside it.
            if (steps.Any(s => !done.ContainsKey(s.Id)))
                foreach (var revision in await RoundAsync(steps, progress is null ? null : new OffsetProgress(progress, all.Count * CallsPerStep), cancel))
                    if (done.TryAdd(revision.Id, revision))
                        file?.Append(revision);
            foreach (var step in steps)
            {
                all.Add(done[step.Id]);
                current[step.PromptId] = done[step.Id].After;
            }
        }
        file?.Finish();
        return all;
    }

    /// <summary>
    /// Every text of a prompt's steps as it was asked and answered. The worked examples before each query are
    /// left out unless <paramref name="withExamples"/> is set.
    /// </summary>
    /// <param name="revisions">Results of this loop, of any prompts.</param>
    /// <exception cref="CaiException">There is no revision of this prompt, or a principle is not in the constitution.</exception>
    public string Transcript(IEnumerable<Revision> revisions, string promptId, bool withExamples = false)
    {
        var steps = revisions.Where(r => r.PromptId == promptId).OrderBy(r => r.Round).ToList();
        if (steps.Count == 0)
            throw new CaiException($"There is no revision of prompt '{promptId}'.", "Use the id of a prompt that the loop was given.");
        return string.Join("\n\n", steps.Select(r =>
        {
            var step = new Step(r.PromptId, r.Prompt, r.Round, r.Before, constitution.CritiquePrinciple(r.PrincipleId));
            var prefix = withExamples ? prefixes[r.PrincipleId] : "";
            var text = $"=== Round {r.Round}, principle {r.PrincipleId}{(r.Finished ? "" : ", cut off at the token limit")} ===";
            if (r.Critique is not null)
                text += $"\n--- asked for a critique ---{ControlTokens.Unprotect(step.CritiquePrompt(format, prefix))}\n--- answered ---\n{r.Critique}";
            return text
                + $"\n--- asked for a revision ---{ControlTokens.Unprotect(step.RevisionPrompt(format, prefix, r.Critique))}\n--- answered ---\n{r.After}";
        })) + "\n";
    }

    private int CallsPerStep => options.Direct ? 1 : 2;

    private async Task<IReadOnlyList<Revision>> RoundAsync(IReadOnlyList<Step> steps, IProgress<int>? progress, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (steps.Count == 0)
            return [];
        var sampling = new SampleOptions
        {
            MaxTokens = options.MaxTokens, Temperature = options.Temperature, Seed = options.Seed, Stops = CritiqueLayout.Stops,
        };
        var critiques = options.Direct
            ? null
            : await model.SampleAsync([.. steps.Select(s => Ask($"{s.Id}/critique", s.CritiquePrompt(format, prefixes[s.Principle.Id])))],
                sampling, progress, cancel);
        var revisions = await model.SampleAsync(
            [.. steps.Select((s, i) => Ask($"{s.Id}/revision", s.RevisionPrompt(format, prefixes[s.Principle.Id], critiques?[i].Text.Trim())))],
            sampling, progress is null ? null : new OffsetProgress(progress, critiques?.Count ?? 0), cancel);
        return
        [
            .. steps.Select((s, i) =>
                new Revision(s.Id, s.PromptId, s.Prompt, s.Round, s.Principle.Id, s.Response, critiques?[i].Text.Trim(), revisions[i].Text.Trim())
                {
                    Finished = critiques?[i].Finish != FinishReason.Length && revisions[i].Finish != FinishReason.Length,
                }),
        ];
    }

    private SampleRequest Ask(string id, string prompt) => new(id, prompt) { ControlTokens = format.ControlTokens };

    private Dictionary<string, Revision> Existing(IReadOnlyList<Revision> records, IReadOnlyList<Sample> initial, string? path)
    {
        var known = initial.Select(s => s.PromptId).ToHashSet();
        var done = new Dictionary<string, Revision>();
        foreach (var record in records)
        {
            if (!known.Contains(record.PromptId) || record.Round > options.Rounds)
                throw new CaiException($"Revision '{record.Id}' does not belong to the prompts and rounds asked for.",
                    "The file belongs to another run: give another path, or delete it to start again.", path);
            done[record.Id] = record;
        }
        return done;
    }

    private sealed record Step(string PromptId, Dialogue Prompt, int Round, string Response, CritiquePrinciple Principle)
    {
        public string Id => $"{PromptId}/{Round}";

        public string CritiquePrompt(IPromptFormat format, string prefix) =>
            CritiqueLayout.CritiquePrompt(format, prefix, Prompt, Response, Principle.CritiqueRequest);

        public string RevisionPrompt(IPromptFormat format, string prefix, string? critique) =>
            CritiqueLayout.RevisionPrompt(format, prefix, Prompt, Response, Principle.CritiqueRequest, critique, Principle.RevisionRequest);
    }
}
