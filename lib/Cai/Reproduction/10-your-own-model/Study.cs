using Cai.Constitutions;
using Cai.Critique;
using Cai.Feedback;
using Cai.Figures;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Models;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// Any model, from a folder or a server, through the steps of the paper: a critique and revision to read, soft labels with
/// their position bias, a preference model. Natural English throughout. Nothing here knows the truth of a sampled answer;
/// what can be measured is how a judge depends on the order, and how it does on pairs that have a known answer.
/// </summary>
public sealed partial class OwnModelStudy : IStudy<OwnModelStudy>, IDisposable
{
    // Room for what a token boundary at the end of a text may add.
    private const int Spare = 8;

    private readonly Pipeline pipeline;
    private readonly OpenedModel opened;
    private readonly Constitution constitution;

    // What the steps found.
    private OwnModelLabels? labels;
    private OwnModelPreferences? preferences;

    private OwnModelStudy(Pipeline pipeline, OwnModelOptions options, OpenedModel opened, string hash)
    {
        (this.pipeline, Options, this.opened, ModelHash) = (pipeline, options, opened, hash);
        constitution = File.Exists(options.Constitution) || Directory.Exists(options.Constitution)
            ? Constitution.Load(options.Constitution)
            : Constitution.Shipped(options.Constitution);
        var (harmful, benign) = (OwnPrompts.Shipped("harmful"), OwnPrompts.Shipped("benign"));
        // Three red-team requests to one other, as many as the scale asks for.
        var count = pipeline.Scale.RedTeamPrompts;
        Prompts = [.. harmful.Take(count * 3 / 4), .. benign.Take(count / 4)];
        Question = options.Question is { } asked ? new Prompt("question", Dialogue.Ask(asked)) : harmful[0];
    }

    /// <summary>The options, with the model that was found.</summary>
    public OwnModelOptions Options { get; }

    /// <summary>Names the model in run folders: a folder by its content, a server's model by address and name.</summary>
    public string ModelHash { get; }

    public ILanguageModel Model => opened.Model;

    /// <summary>The requests that are answered twice each, for the pairs.</summary>
    public IReadOnlyList<Prompt> Prompts { get; }

    /// <summary>The request that is followed step by step.</summary>
    public Prompt Question { get; }

    /// <summary>All steps with the default options.</summary>
    /// <exception cref="CaiException">As <see cref="Open(Pipeline, OwnModelOptions?)"/> and <see cref="Train"/>.</exception>
    public static async Task<OwnModelStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var study = Open(pipeline);
        await study.CritiqueAsync(cancel);
        study.Train(await study.LabelAsync(cancel), cancel);
        return study;
    }

    /// <summary>One: the claims are about a model, not about the luck of a run.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>No: its claims are about a model of the user's.</summary>
    public static bool Kept => false;

    /// <summary>Opens the model that is named, else the one of the variable CAI_MODEL, else the miniature.</summary>
    /// <exception cref="CaiException">It is not there or cannot be loaded, or the constitution is unknown.</exception>
    public static OwnModelStudy Open(Pipeline pipeline, OwnModelOptions? options = null)
    {
        var given = (options ?? new()).Named();
        pipeline = pipeline.OfMiniature;
        if (!ModelSource.IsAddress(given.Model))
        {
            var folder = given.Model.Length > 0 ? given.Model : pipeline.Helpful.Folder;
            return new(pipeline, given, ModelSource.Open(folder, given.Load), HuggingFaceFolder.Hash(folder));
        }
        var chat = given.Load.ChatTemplate;
        var remote = ModelSource.Remote(given.Model) with
        {
            Endpoint = chat ? RemoteEndpoint.Chat : RemoteEndpoint.Completions,
            // Chat servers list next tokens alone, and an option such as " (A)" is several.
            Scoring = chat ? RemoteScoring.FirstDifference : RemoteScoring.Auto,
            CacheFolder = Path.Combine(pipeline.Out, "answers"),
        };
        return new(pipeline, given, ModelSource.Open(remote), ContentHash.Of(new { remote.Server, remote.Model, remote.Endpoint }));
    }

    /// <summary>Answer, critiques and revisions of the traced request.</summary>
    public async Task<OwnModelTrace> CritiqueAsync(CancellationToken cancel = default)
    {
        var options = new CritiqueOptions { Rounds = Options.Rounds, Seed = pipeline.Seed, MaxTokens = Options.MaxTokens, FewShot = CritiqueShots };
        var loop = new CritiqueLoop(Model, constitution, options, opened.Pretrained?.Format);
        var stage = Open("trace", new { options, Question }, constitution.Hash);
        await stage.Once(async s =>
        {
            var initial = await SampleAsync([Question], 1, cancel: cancel);
            await loop.RunAsync(initial, s.Path("revisions.jsonl"), pipeline.Context.Counter(s.Name, 2 * options.Rounds), pipeline.Context.Or(cancel));
        });
        var revisions = Jsonl.Read<Revision>(stage.Path("revisions.jsonl"));
        return new(
            TranscriptView.Of(revisions, id => constitution.CritiquePrinciple(id).CritiqueRequest, "Every step"),
            loop.Transcript(revisions.Take(1), Question.Id));
    }

    /// <summary>Soft labels, both orders asked, of two answers to every request, and of the written pairs.</summary>
    public async Task<OwnModelLabels> LabelAsync(CancellationToken cancel = default)
    {
        var sampled = Open("samples", new { Options.MaxTokens, pipeline.Seed, Prompts.Count }, ContentHash.Of(Prompts));
        await sampled.Once(async s =>
            Jsonl.Write(s.Path("samples.jsonl"), await SampleAsync(Prompts, 2, pipeline.Context.Counter(s.Name, 2 * Prompts.Count), cancel)));
        var pairs = ResponsePair.FromSamples(Jsonl.Read<Sample>(sampled.Path("samples.jsonl")));
        var shuffled = KnownPair.Shipped().ToArray();
        Seeds.Rng(pipeline.Seed, "order").Shuffle(shuffled);
        // Every other one, so that always (A) is right in exactly half.
        var known = shuffled.Take(pipeline.Scale.RedTeamPrompts).Select((k, i) => (Pair: k, BetterIsA: i % 2 == 0)).ToList();
        var written = known.Select(k => new ResponsePair(k.Pair.Id, new Prompt(k.Pair.Id, Dialogue.Ask(k.Pair.Prompt)),
            k.BetterIsA ? k.Pair.Better : k.Pair.Worse, k.BetterIsA ? k.Pair.Worse : k.Pair.Better)).ToList();
        var betterIsA = known.Where(k => k.BetterIsA).Select(k => k.Pair.Id).ToHashSet();
        return labels = new(await LabelAsync(pairs, "labels", cancel), await LabelAsync(written, "labels-written", cancel), betterIsA);
    }

    /// <summary>A preference model trained on the labels of three quarters of the requests, and its scores of the rest and of the written pairs.</summary>
    /// <exception cref="CaiException">No pair has a readable label.</exception>
    public OwnModelPreferences Train(OwnModelLabels labels, CancellationToken cancel = default)
    {
        if (labels.Own.All(c => c.ProbabilityA is null))
            throw new CaiException($"None of {labels.Own.Count} labels could be read{(labels.Own.Count > 0 ? $": {labels.Own[0].Missing}" : "")}.",
                opened.Pretrained is null
                    ? "Ask the server for plain completions (Chat = false), or take one that gives log-probabilities of prompts."
                    : "Raise MaxTokens, so that answers differ.");
        var start = PreferenceStart;
        var stage = pipeline.Store.OpenStage("own-model", "preference-model", new { Options.Preference, pipeline.Seed, Layout = Layout() },
            HuggingFaceFolder.Hash(start.Folder), ContentHash.OfTexts(labels.Own.Select(c => CaiJson.Write(c))));
        return preferences = OwnModelPreferences.Train(stage, start.Folder, Options, labels, pipeline.Seed, pipeline.Context, pipeline.Context.Or(cancel));
    }

    /// <summary>
    /// What a good judge, and what is learned from it, should do; without a value for a step that was not done. About this model alone: the paper finds judges
    /// below about 13B parameters near chance (Fig 4).
    /// </summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("own-model-order", labels?.Bias?.Flips);
        yield return new("own-model-judge", labels?.Margin());
        yield return new("own-model-pm", preferences?.Margin());
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "prompts", Prompts }, { "labels", labels?.Own ?? [] }, { "truth", labels?.Truth ?? [] } };

    public void Dispose() => opened.Dispose();

    /// <summary>Where the preference model starts: what was asked for, the model itself, or the miniature where there are no weights to train.</summary>
    private (string Folder, string Described) PreferenceStart =>
        Options.PreferenceStart.Length > 0
            ? (Options.PreferenceStart, Path.GetFileName(Path.TrimEndingDirectorySeparator(Options.PreferenceStart)))
        : opened.Pretrained is { } local && Options.Model.Length > 0 ? (local.Folder, "the same folder")
        : (pipeline.Pretrained.Folder, opened.Pretrained is null
            ? "the miniature's pretrained model: a server's weights cannot be trained from here"
            : "the miniature's pretrained model");

    private async Task<IReadOnlyList<Sample>> SampleAsync(
        IReadOnlyList<Prompt> prompts, int perPrompt, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var options = new SampleOptions { MaxTokens = Options.MaxTokens, Seed = pipeline.Seed, Stops = CritiqueLayout.Stops };
        return await InitialResponses.SampleAsync(Model, prompts, options, perPrompt, opened.Pretrained?.Format, progress, pipeline.Context.Or(cancel));
    }

    private async Task<IReadOnlyList<Comparison>> LabelAsync(IReadOnlyList<ResponsePair> pairs, string name, CancellationToken cancel)
    {
        // As many worked examples as fit before every question, so that all pairs are asked alike.
        var shots = Most(constitution.ComparisonExamples.Count(e => !e.Reasons),
            n => pairs.SelectMany(p => With(n).Queries(p)).Select(q => new SampleRequest(q.Id, q.Text)), Spare);
        var texts = ContentHash.Of(pairs);
        var stage = Open(name, new { BothOrders = true, pipeline.Seed, shots }, constitution.Hash, texts);
        await stage.Once(s =>
            With(shots).RunAsync(pairs, s.Path("comparisons.jsonl"), pipeline.Context.Counter(s.Name, pairs.Count), pipeline.Context.Or(cancel)));
        return Jsonl.Read<Comparison>(stage.Path("comparisons.jsonl"));

        Labeller With(int shots) =>
            new(Model, constitution, new LabelOptions { BothOrders = true, Seed = pipeline.Seed, FewShot = shots, ChunkSize = 16 }, opened.Pretrained?.Format);
    }

    /// <summary>Worked examples that leave room for an answer, a critique and a revision, under any principle.</summary>
    private int CritiqueShots
    {
        get
        {
            var format = opened.Pretrained?.Format ?? HhFormat.Instance;
            return Most(constitution.CritiqueExamples.Count, Prompts, 3 * Options.MaxTokens + Spare);

            IEnumerable<SampleRequest> Prompts(int shots) => constitution.Critique.Select(p => new SampleRequest(p.Id,
                CritiqueLayout.RevisionPrompt(format, constitution.CritiquePrefix(shots), Question.Dialogue, "", p.CritiqueRequest, "", p.RevisionRequest)));
        }
    }

    /// <summary>The most examples that were asked for and with which every prompt leaves room in the context; a server alone knows its context.</summary>
    private int Most(int examples, Func<int, IEnumerable<SampleRequest>> prompts, int room)
    {
        examples = Math.Min(examples, Options.FewShot ?? examples);
        if (Model is LocalModel local)
            while (examples > 0 && prompts(examples).Any(p => local.Room(p with { ControlTokens = opened.Pretrained!.Format.ControlTokens }) < room))
                examples--;
        return examples;
    }

    private Stage<object> Open(string name, object config, params string[] inputs) =>
        pipeline.Store.OpenStage<object>("own-model", name, new { Config = config, Layout = Layout() }, [ModelHash, .. inputs]);

    // What of LoadOptions decides a result; the device does not.
    private object Layout() => new { Chat = Options.Load.ChatTemplate, Options.Load.Weights };
}

/// <summary>The traced request: for the eye, and the first round as raw text.</summary>
public sealed record OwnModelTrace(TranscriptView View, string FirstRound);
