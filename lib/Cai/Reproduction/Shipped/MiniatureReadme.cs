using System.Globalization;
using System.Text;
using Cai.Miniature;
using Cai.Models;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>What was measured of one size, kept beside its weights so that sizes can be measured one at a time.</summary>
/// <param name="Weights">Hash of all its models' weights: other weights make the numbers void.</param>
public sealed record MiniatureAbilities(string Weights, int Prompts, long Seed, IReadOnlyList<MiniatureAbility> Abilities)
{
    public const string FileName = "abilities.json";
}

/// <summary>Writes `data/miniature/README.md`: what the miniature is, its world in numbers, how its weights were made, and what they can do.</summary>
public static class MiniatureReadme
{
    public const string FileName = "README.md";

    /// <summary>The whole text.</summary>
    /// <param name="folder">The miniature's data folder; sizes without weights there are left out.</param>
    public static string Text(World world, string folder)
    {
        var sizes = MiniatureSizes.Names.Where(s => Directory.Exists(Path.Combine(folder, s, MiniatureTraining.Pretrained))).ToList();
        var text = new StringBuilder("""
            # The miniature

            A closed, English-like world and language models of it, small enough to train and to run on a laptop's processor.
            The reproduction uses it because a real pretrained model small enough for that is at chance as a judge (paper Fig 4),
            and because here the truth is known: `Oracle` parses every answer and says what is harmful, helpful, evasive or wrong in it.
            Everything else (checkpoint format, tokenizer, engine, stages) is the same code as for a model of any other origin.

            What the models know of right and wrong they have from the documents they were trained on: dialogues, critiques and
            revisions of varied quality, comparisons with the annotators' probability at each answer, and reasoning.
            So a figure made with the miniature shows what the *procedure* of the paper does with such knowledge. It cannot show
            how a large model comes by it. How far the judge reads the principle that it is asked about is measured below, thing by thing: what it does
            not read there no constitution can change. Every method in the harmful topics is invented; none can be used.

            This file is written by `cai miniature report`; do not edit it.

            ## The world

            `world.yaml` holds acts, tasks and sentences. Topics are split by combination: those of the split `eval` never
            occur in a document that a model learns from, but their act and their target each do.


            """.ReplaceLineEndings("\n"));
        text.Append("| kind | topics, train | prompts, train | topics, eval | prompts, eval |\n|---|---|---|---|---|\n");
        foreach (var kind in TopicKind.All)
        {
            int Topics(string split) => world.Topics.Count(t => t.Kind == kind && t.Split == split);
            int Prompts(string split) => world.Topics.Where(t => t.Kind == kind && t.Split == split).Sum(t => t.Asks.Count);
            text.Append($"| {kind} | {Topics(World.Train)} | {Prompts(World.Train)} | {Topics(World.Eval)} | {Prompts(World.Eval)} |\n");
        }
        text.Append($"\nHarm has {world.Categories.Count} categories: {string.Join(", ", world.Categories)}. ")
            .Append($"The miniature's own constitution (`constitutions/miniature.yaml`) has {world.Critique.Count} principles for critiques and "
                + $"{world.Comparison.Count} for comparisons.\n")
            .Append("\n## The weights\n\nLlama architecture, bfloat16 safetensors in Hugging Face folders; one byte-level BPE tokenizer for all sizes. "
                + "`pretrained` has read everything; `helpful` went on from it on helpful dialogues and, where iterations are named, by "
                + "PPO on ratings of its own answers. `by-example` went on from where `pretrained` had learned to read: it learns principles from "
                + "examples, at the cost of known ones, so it is a judge of its own. A size whose command has 0 tokens of a phase went without it.\n\n")
            .Append("| size | parameters | width | layers | heads | made by |\n|---|---|---|---|---|---|\n");
        foreach (var size in sizes)
            text.Append(SizeRow(folder, size));
        text.Append("\n## What they can do\n\n").Append(Abilities(folder, sizes));
        return text.ToString();
    }

    private static string SizeRow(string folder, string size)
    {
        using var model = HuggingFaceFolder.LoadDecoder(Path.Combine(folder, size, MiniatureTraining.Pretrained));
        var c = model.Config;
        var options = ResumeState.TryLoad<MiniatureTrainingOptions>(Path.Combine(folder, size, MiniatureTraining.OptionsFile));
        return string.Create(CultureInfo.InvariantCulture, $"| {size} | {model.Parameters.Flat.NumberOfElements:N0} | {c.HiddenSize} | {c.Layers} | {c.Heads} "
            + $"({c.KvHeads} key-value) | {(options is null ? "not noted" : $"`{Command(options)}`")} |\n");
    }

    private static string Command(MiniatureTrainingOptions o) => o.KeepSettled
        ? $"{Command(o with { KeepSettled = false, CheckingTokens = 0 })}`, then `{Flags(o)} --keep-settled" : Flags(o);

    private static string Flags(MiniatureTrainingOptions o) => string.Create(CultureInfo.InvariantCulture,
        $"cai miniature train --size {o.Size} --pretrain-tokens {o.PretrainTokens} --reading-tokens {o.ReadingTokens} "
            + $"--composing-tokens {o.ComposingTokens} --settling-tokens {o.SettlingTokens} --checking-tokens {o.CheckingTokens} "
            + $"--by-example-tokens {o.ByExampleTokens} "
            + $"--helpful-tokens {o.HelpfulTokens} --rated-iterations {o.RatedIterations} --lr {o.LearningRate} --batch-tokens {o.TokensPerBatch} "
            + $"--seed {o.Seed}{(o.KeepPretrained ? " --keep-pretrained" : "")}");

    private static string Abilities(string folder, IReadOnlyList<string> sizes)
    {
        var measured = sizes.Select(s => (Size: s, Found: ResumeState.TryLoad<MiniatureAbilities>(Path.Combine(folder, s, MiniatureAbilities.FileName))))
            .Where(m => m.Found is not null).ToList();
        var text = new StringBuilder();
        foreach (var group in measured.GroupBy(m => m.Found!.Prompts))
            text.Append(MiniatureReport.ToMarkdown(group.ToDictionary(m => m.Size, m => m.Found!.Abilities), group.Key));
        var open = sizes.Except(measured.Select(m => m.Size)).ToList();
        if (open.Count > 0)
            text.Append($"\nNot measured yet: {string.Join(", ", open)} (`cai miniature report --sizes {string.Join(' ', open)}`).\n");
        return text.ToString();
    }
}
