using System.Globalization;
using System.Text.Json.Nodes;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Text.Tokenizers;

namespace Cai.Export;

/// <summary>
/// Writes a folder with which TRL or OpenRLHF trains on beyond one machine: data in their formats, the checkpoints, a launch
/// script with our settings, and a README that says what each side then does.
/// </summary>
public static class TrainingExport
{
    private static readonly string[] ModelFiles = [".safetensors", ".json", ".jinja", ".model", ".txt"];

    /// <summary>Files of a stage's folder that are no part of the model.</summary>
    private static readonly string[] OtherFiles = ["run.json"];

    /// <summary>Writes the export; files that are there are replaced.</summary>
    /// <exception cref="CaiException">A model folder is incomplete, there is nothing to train on, or a file cannot be written.</exception>
    public static ExportSummary Write(string folder, ExportInput input, ExportOptions options, CancellationToken cancel = default)
    {
        if (input.Prompts.Count == 0)
            throw new CaiException("There is no prompt to export.", "Name the prompts that the policy is to answer.");
        var tokenizer = TokenizerJson.Load(input.Policy);
        IPromptFormat format = options.ChatTemplate ? ChatTemplateFormat.Load(input.Policy, tokenizer) : HhFormat.Instance;
        var rows = new ExportRows(options, tokenizer, options.ChatTemplate ? null : format);
        var train = input.Comparisons.SelectMany(rows.Of).ToList();
        if (train.Count == 0 && input.PreferenceModel is null)
            throw new CaiException(
                "There is no labelled comparison and no preference model to export.", "Name comparisons with labels, or a trained preference model.");
        var heldOut = input.HeldOut.SelectMany(rows.Of).ToList();

        CopyModel(input.Policy, Path.Combine(folder, "models", "policy"), cancel);
        if (input.PreferenceModel is { } trained)
            CopyModel(trained, Path.Combine(folder, "models", "reward"), cancel);
        else if (input.PreferenceStart is { } start)
            CopyModel(start, Path.Combine(folder, "models", "reward-start"), cancel);
        WriteRows(Path.Combine(folder, "data", "preferences", "train.jsonl"), train);
        WriteRows(Path.Combine(folder, "data", "preferences", "test.jsonl"), heldOut);
        WriteRows(Path.Combine(folder, "data", "prompts", "train.jsonl"), [.. input.Prompts.Select(rows.Of)]);

        var summary = new ExportSummary(
            train.Count, input.Comparisons.Count(c => c.ProbabilityA is null), input.Comparisons.Count(c => rows.IsTie(c) && !ExportRows.IsEqual(c)),
            heldOut.Count, input.Prompts.Count,
            PairsPerStep(input.Comparisons, tokenizer, format, options.Preference), input.Prompts.Max(p => tokenizer.EncodePrompt(format, p.Dialogue).Length),
            options.ChatTemplate ? null : input.Comparisons.Count(c => Retokenised(c, tokenizer, format)))
        {
            EqualAnswers = input.Comparisons.Count(c => c.ProbabilityA is not null && ExportRows.IsEqual(c)),
        };
        var plan = new ExportPlan(options, summary, input.PreferenceModel is not null, input.PreferenceModel is null && input.PreferenceStart is not null);
        WriteScript(Path.Combine(folder, "run.sh"), options.Target == ExportTarget.Trl ? TrlScripts.Launch(plan) : OpenRlhfScript.Launch(plan));
        if (options.Target == ExportTarget.Trl)
        {
            WriteScript(Path.Combine(folder, "rloo.sh"), TrlScripts.Rloo(plan));
            AtomicFile.Write(Path.Combine(folder, "ppo.py"), TrlScripts.Ppo);
        }
        AtomicFile.Write(Path.Combine(folder, "README.md"), ExportReadme.Text(plan));
        return summary;
    }

    private static void WriteRows(string path, IReadOnlyList<JsonObject> rows)
    {
        if (rows.Count > 0)
            Jsonl.Write(path, rows);
        else if (File.Exists(path))
            File.Delete(path);
    }

    private static void WriteScript(string path, string text)
    {
        AtomicFile.Write(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    private static void CopyModel(string from, string to, CancellationToken cancel)
    {
        var files = Directory.Exists(from)
            ? Directory.GetFiles(from).Where(file => ModelFiles.Contains(Path.GetExtension(file)) && !OtherFiles.Contains(Path.GetFileName(file))).ToList()
            : [];
        if (!files.Exists(file => Path.GetFileName(file) == "config.json") || !files.Exists(file => Path.GetExtension(file) == ".safetensors"))
            throw new CaiException(
                "The folder holds no config.json with *.safetensors.", "Name the folder of a model in Hugging Face's format; merge an adapter first.", from);
        foreach (var file in files)
        {
            cancel.ThrowIfCancellationRequested();
            AtomicFile.Write(Path.Combine(to, Path.GetFileName(file)), stream =>
            {
                using var source = File.OpenRead(file);
                source.CopyTo(stream);
            });
        }
    }

    /// <summary>Our steps are counted in tokens, theirs in pairs.</summary>
    private static int PairsPerStep(IReadOnlyList<Comparison> comparisons, ITokenizer tokenizer, IPromptFormat format, PreferenceOptions options)
    {
        var pairs = comparisons.Select(c => TokenPair.Of(c, tokenizer, format, options)).OfType<TokenPair>().ToList();
        return pairs.Count == 0 ? 1 : Math.Max(1, (int)Math.Round(options.TokensPerBatch / pairs.Average(p => (double)(p.A.Length + p.B.Length))));
    }

    private static bool Retokenised(Comparison comparison, ITokenizer tokenizer, IPromptFormat format) =>
        new[] { comparison.ResponseA, comparison.ResponseB }.Any(response =>
        {
            var text = format.Prompt(comparison.Prompt) + format.Response(response.Trim());
            return !TokenPair.Ids(tokenizer, format, comparison.Prompt, response).SkipLast(1).SequenceEqual(tokenizer.EncodePrompt(text));
        });
}

/// <summary>What the texts of an export are written from.</summary>
/// <param name="HasReward">The preference model is part of the export.</param>
/// <param name="HasRewardStart">The model that it is trained from is part of the export; otherwise that is the policy.</param>
internal sealed record ExportPlan(ExportOptions Options, ExportSummary Summary, bool HasReward, bool HasRewardStart)
{
    /// <summary>Folder of the model that the preference model starts from.</summary>
    public string RewardStart => HasRewardStart ? "models/reward-start" : "models/policy";

    /// <summary>Answers of all iterations.</summary>
    public long Episodes => (long)Options.Ppo.Iterations * Options.Ppo.RolloutsPerIteration;

    /// <summary>A number as shells and Python read it. Negative ones without exponent: argparse takes `-1E-05` for an option.</summary>
    public static string Number(double value) => value.ToString(value < 0 ? "0.####################" : "R", CultureInfo.InvariantCulture);

    /// <summary>A seed as NumPy takes it, from 0 to 2^32 - 1: ours where it is in that range.</summary>
    public static uint Seed(long seed) => unchecked((uint)seed);

    /// <summary>Lines of a script that warn of another version than the one whose options it has.</summary>
    public static string VersionCheck(string package, string version) => $"""
        INSTALLED=$(python3 -c 'import importlib.metadata; print(importlib.metadata.version("{package}"))')
        [[ $INSTALLED == {version}.* ]] || echo "This script has the options of {package} {version}; $INSTALLED is installed and may have others." >&2
        """;
}
