using Cai.Finetuning;
using Cai.Miniature;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;
using Cai.Text;
using Cai.Text.Tokenizers;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>How the shipped weights of the miniature are made.</summary>
public sealed record MiniatureTrainingOptions
{
    /// <summary>S, M, L or XL.</summary>
    public string Size { get; init; } = "L";

    /// <summary>Seed of documents and initial weights.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Most entries of the tokenizer; the shipped one is trained once and shared by all sizes.</summary>
    public int VocabularySize { get; init => field = InRange.Whole(value, 1, nameof(MiniatureTrainingOptions)); } = 2048;

    /// <summary>Tokens of general documents (pretraining).</summary>
    public long PretrainTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 7_000_000;

    /// <summary>Further tokens of pretraining, in which the principle decides most comparisons (<see cref="DocumentMixture.Reading"/>).</summary>
    public long ReadingTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 8_000_000;

    /// <summary>Further tokens of pretraining, in small steps, with more principles that are put together (<see cref="DocumentMixture.Composing"/>).</summary>
    public long ComposingTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 8_000_000;

    /// <summary>Further tokens of pretraining, in large steps (<see cref="DocumentMixture.Settling"/>).</summary>
    public long SettlingTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 6_000_000;

    /// <summary>
    /// Last tokens of pretraining, after which wrong steps are told from right ones (<see cref="DocumentMixture.Checking"/>, then
    /// <see cref="DocumentMixture.Checked"/>).
    /// </summary>
    public long CheckingTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 21_000_000;

    /// <summary>
    /// Tokens of the judge that learns principles from their examples; it goes on from where the pretrained model had learned to read. A model of its own,
    /// since the skill costs so small a model most of what it had read of known principles (<see cref="DocumentMixture.ByExample"/>). 0: none is made.
    /// </summary>
    public long ByExampleTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 17_500_000;

    /// <summary>Further tokens in which all dialogues are helpful and nothing else.</summary>
    public long HelpfulTokens { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 12_000_000;

    /// <summary>Iterations of PPO on ratings of help, 64 answers each, that end the helpful-only model (<see cref="RatedHelp"/>).</summary>
    public int RatedIterations { get; init => field = InRange.Whole(value, 0, nameof(MiniatureTrainingOptions)); } = 100;

    /// <summary>Leave the pretrained weights that are there as they are, and make the helpful-only model from them anew.</summary>
    public bool KeepPretrained { get; init; }

    /// <summary>
    /// Go on from the pretrained weights that are there, which a run without <see cref="CheckingTokens"/> made, with those tokens, and from there to the
    /// helpful-only model; the judge that learns from examples stays.
    /// </summary>
    public bool KeepSettled { get; init; }

    /// <summary>Peak rate; small models take large ones.</summary>
    public double LearningRate { get; init => field = InRange.Number(value, 0, 1e6, nameof(MiniatureTrainingOptions)); } = 2e-3;

    /// <summary>Tokens a step. Small on purpose: many facts, each seen rarely, want many steps.</summary>
    public int TokensPerBatch { get; init => field = InRange.Whole(value, 1, nameof(MiniatureTrainingOptions)); } = 1024;
}

/// <summary>One part of the miniature's training: what is read, and how it is learned.</summary>
/// <param name="Name">Names its stream of documents, progress and checkpoint.</param>
/// <param name="Models">Which of a size's models it is a part of: they share what they have in common.</param>
public sealed record TrainingPhase(string Name, IReadOnlyList<string> Models, DocumentMixture Mixture, SupervisedOptions Options);

/// <summary>
/// Makes the miniature's language models from nothing: a tokenizer, a pretrained model that has read all kinds of
/// documents, first plain ones, then such as teach to read principles and to check steps, and the helpful-only model that goes on from it,
/// first on helpful documents, then on ratings of its own answers; and a judge that learns principles from examples. What they know of right and wrong comes
/// from those documents, as a large model's comes from its corpus.
/// </summary>
public static class MiniatureTraining
{
    public const string Pretrained = "pretrained";
    public const string Helpful = "helpful";

    /// <summary>The judge that learns principles from their examples; size L has one.</summary>
    public const string ByExample = "by-example";

    private const string Checking = "checking";
    private const string Checked = "checked";

    /// <summary>File beside a size's models that says with which options they were made.</summary>
    public const string OptionsFile = "training.json";

    /// <summary>
    /// Trains one size into `{folder}/{size}/pretrained`, `/helpful` and `/by-example`; checkpoints lie in <paramref name="work"/>, so that a stopped run goes
    /// on.
    /// </summary>
    /// <param name="folder">The miniature's data folder; its `tokenizer` is trained first when it is not there.</param>
    /// <exception cref="CaiException">
    /// Both <see cref="MiniatureTrainingOptions.KeepPretrained"/> and <see cref="MiniatureTrainingOptions.KeepSettled"/>, or the weights to go on from are
    /// through the phases that they are to go on with.
    /// </exception>
    public static void Run(MiniatureTrainingOptions options, string folder, string work, IProgress<(string Phase, TrainStep Step)>? progress = null,
        IProgress<PpoProgress>? rated = null, CancellationToken cancel = default)
    {
        var noted = Path.Combine(folder, options.Size, OptionsFile);
        var made = Made(options, noted);
        var world = World.Load();
        var tokenizer = Tokenizer(world, options, Path.Combine(folder, "tokenizer"));
        var config = MiniatureSizes.Config(options.Size, tokenizer.VocabularySize);
        Directory.CreateDirectory(work);
        var goesOn = options.KeepSettled || options.KeepPretrained;
        foreach (var name in made)
        {
            using var model = goesOn ? HuggingFaceFolder.LoadDecoder(Path.Combine(folder, options.Size, Pretrained))
                : Decoder.Create(config, Seeds.Derive(options.Seed, "weights", options.Size));
            // A phase that an earlier model has been through is read from its checkpoint.
            Train(model, Phases(options).Where(p => p.Models.Contains(name) && Remains(p, name)));
            if (name == Helpful && options.RatedIterations > 0)
                RatedHelp.Train(model, tokenizer, world, options, Path.Combine(work, $"{options.Size}-rated"), rated, cancel);
            Save(model, name);
            ResumeState.Save(noted, options);
        }

        // What the weights that are there have not been through.
        bool Remains(TrainingPhase phase, string name) => !goesOn || (name == Helpful ? phase.Models is [Helpful] : phase.Name is Checking or Checked);

        void Train(Decoder learner, IEnumerable<TrainingPhase> phases)
        {
            foreach (var phase in phases.Where(p => p.Options.MaxTokens > 0))
            {
                using var trainer = new SupervisedTrainer(learner, phase.Options);
                var documents = new DocumentGenerator(world, phase.Options.Seed).Write(phase.Name, phase.Mixture, int.MaxValue);
                var checkpoint = Path.Combine(work, $"{options.Size}-{phase.Name}.safetensors");
                trainer.TrainStream(Texts(tokenizer, phase.Name, documents), checkpoint, Report(phase.Name), cancel);
            }
        }

        void Save(Decoder learned, string name) =>
            HuggingFaceFolder.Save(Path.Combine(folder, options.Size, name), learned, tokenizer, Path.Combine(folder, "tokenizer"),
                TorchSharp.torch.ScalarType.BFloat16);

        IProgress<TrainStep>? Report(string name) => progress is null ? null : new SynchronousProgress<TrainStep>(step => progress.Report((name, step)));
    }

    /// <summary>The models that a run makes, in order.</summary>
    /// <param name="noted">File of the options that the weights which are there were made with.</param>
    private static string[] Made(MiniatureTrainingOptions options, string noted)
    {
        if (options is { KeepSettled: true, KeepPretrained: true })
            throw new CaiException("The pretrained weights can not stay as they are and learn to check steps.", "Give one of the two.",
                $"{nameof(options.KeepSettled)}, {nameof(options.KeepPretrained)}");
        if (options.KeepPretrained)
            return [Helpful];
        if (!options.KeepSettled)
            return options.ByExampleTokens > 0 ? [ByExample, Pretrained, Helpful] : [Pretrained, Helpful];
        return ResumeState.TryLoad<MiniatureTrainingOptions>(noted) is not { CheckingTokens: > 0 } before ? [Pretrained, Helpful]
            : before == options ? [Helpful] // a run that was stopped
            : throw new CaiException($"The pretrained weights beside it have learned to check steps, with {before.CheckingTokens} tokens.",
                "Go on from such as were made with --checking-tokens 0.", noted);
    }

    /// <summary>
    /// What is plain comes first, then what is fine: right and wrong, then what a principle asks of two harmless answers. From there one model goes on to
    /// principles that have to be learned from their examples, and the others to more principles; then one to be of use.
    /// </summary>
    public static IReadOnlyList<TrainingPhase> Phases(MiniatureTrainingOptions options)
    {
        SupervisedOptions Recipe(long tokens, double rate, int warmup, int batch) =>
            Recipes.Pretraining(options, tokens, options.LearningRate * rate, warmup, batch);
        return
        [
            new("pretraining", [ByExample, Pretrained, Helpful], DocumentMixture.Pretraining, Recipe(options.PretrainTokens, 1, warmup: 100, batch: 1)),
            new("reading", [ByExample, Pretrained, Helpful], DocumentMixture.Reading, Recipe(options.ReadingTokens, 0.75, warmup: 30, batch: 3)),
            // A skill that is found late needs a rate when it is found.
            new("by-example", [ByExample], DocumentMixture.ByExample, Recipe(options.ByExampleTokens * 4 / 7, 0.5, warmup: 20, batch: 3) with
            {
                Schedule = Schedule.Constant,
            }),
            new("known-and-unnamed", [ByExample], DocumentMixture.KnownAndUnnamed, Recipe(options.ByExampleTokens * 3 / 7, 0.6, warmup: 20, batch: 3)),
            new("composing", [Pretrained, Helpful], DocumentMixture.Composing, Recipe(options.ComposingTokens, 0.6, warmup: 20, batch: 1)),
            new("settling", [Pretrained, Helpful], DocumentMixture.Settling, Recipe(options.SettlingTokens, 0.25, warmup: 30, batch: 3)),
            new(Checking, [Pretrained, Helpful], DocumentMixture.Checking, Recipe(options.CheckingTokens * 3 / 7, 0.4, warmup: 20, batch: 1)),
            new(Checked, [Pretrained, Helpful], DocumentMixture.Checked, Recipe(options.CheckingTokens * 4 / 7, 0.3, warmup: 30, batch: 3)),
            // Shares its critiques and comparisons in kind, not in text, with the others: half the rate, as in fine-tuning (paper 3.2).
            new("helpful-only", [Helpful], options.CheckingTokens > 0 ? DocumentMixture.HelpfulAndChecked : DocumentMixture.HelpfulOnly,
                Recipe(options.HelpfulTokens, 0.5, warmup: 20, batch: 1) with { Seed = options.Seed + 1 }),
        ];
    }

    private static IEnumerable<TrainingText> Texts(ITokenizer tokenizer, string name, IEnumerable<Document> documents) =>
        documents.Select((document, i) => TrainingText.Weighted(tokenizer, $"{name}/{i}", DocumentParts.Of(document)));

    private static ITokenizer Tokenizer(World world, MiniatureTrainingOptions options, string folder)
    {
        if (!File.Exists(Path.Combine(folder, TokenizerJson.FileName)))
        {
            var documents = new DocumentGenerator(world, options.Seed).Pretraining(8000).Select(d => d.Text);
            BpeTrainer.Train(documents, new BpeTrainerOptions { VocabularySize = options.VocabularySize }).Save(folder);
        }
        return TokenizerJson.Load(folder);
    }
}
