using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>
/// Files of others that the kit can read and does not contain: Anthropic's repository of the paper and hh-rlhf. `data/README.md` says
/// how to get them. Nothing needs them; what would show them says which are missing.
/// </summary>
/// <param name="Paper">The folder of Anthropic's repository ConstitutionalHarmlessnessPaper; null when it is not there.</param>
/// <param name="HhRlhf">The folder of hh-rlhf; null when it is not there.</param>
public sealed record OutsideFiles(string? Paper, string? HhRlhf)
{
    private const string PaperName = "ConstitutionalHarmlessnessPaper", HhRlhfName = "hh-rlhf";

    /// <summary>Looks where CAI_EXTERNAL says, else in `data/external` of the repository around the current folder.</summary>
    /// <exception cref="CaiException">CAI_EXTERNAL names no folder.</exception>
    public static OutsideFiles Find()
    {
        if (Environment.GetEnvironmentVariable("CAI_EXTERNAL") is { Length: > 0 } named)
            return Directory.Exists(named) ? In(named)
                : throw new CaiException("The folder does not exist.", "Correct or unset the variable.", $"CAI_EXTERNAL: {named}");
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return In(Path.Combine(folder.FullName, "data", "external"));
        return new OutsideFiles(null, null);
    }

    /// <summary>Those of the two that a folder holds under their published names.</summary>
    public static OutsideFiles In(string folder)
    {
        string? Existing(string name) => Path.Combine(folder, name) is var path && Directory.Exists(path) ? path : null;
        return new OutsideFiles(Existing(PaperName), Existing(HhRlhfName));
    }

    /// <summary>Samples of the paper's policies, `samples/*.jsonl` of the paper's repository (not the critique chains, which are of another shape).</summary>
    public IReadOnlyList<string> SampleFiles =>
    [
        .. Files(Paper, "samples", "*.jsonl").Where(f =>
            ReleasedSamples.Models.Keys.Any(model => Path.GetFileNameWithoutExtension(f).EndsWith("_" + model, StringComparison.Ordinal))),
    ];

    /// <summary>The multiple-choice files, `evals/*.jsonl`.</summary>
    public IReadOnlyList<string> QuestionFiles => Files(Paper, "evals", "*.jsonl");

    /// <summary>Test files of hh-rlhf, `hh-rlhf/*/test.jsonl[.gz]`.</summary>
    public IReadOnlyList<string> ComparisonFiles =>
        [.. Files(HhRlhf, "", "test.jsonl*", SearchOption.AllDirectories).Where(f => !f.Contains("red-team", StringComparison.Ordinal))];

    /// <summary>What is there and what is not.</summary>
    public Table Report() => Table.Of<(string What, IReadOnlyList<string> Found)>(
        [
            ($"{PaperName}/samples: answers of the paper's own policies", SampleFiles), ($"{PaperName}/evals: its multiple-choice questions", QuestionFiles),
            ($"{HhRlhfName}/*/test.jsonl.gz: human comparisons", ComparisonFiles),
        ],
        new("files of others", r => r.What), new("found", r => r.Found.Count == 0 ? "none" : string.Join(", ", r.Found.Select(Path.GetFileName))))
        .Titled("", SampleFiles.Count + QuestionFiles.Count + ComparisonFiles.Count > 0 ? ""
            : "None of them is here, so the tables below are empty. data/README.md says how to get the files and that they go to data/external.");

    /// <summary>What the people of a file of hh-rlhf were asked for, by the folder it lies in.</summary>
    public static string AxisOf(string path) =>
        Path.GetFullPath(path).Contains(Axes.Helpful, StringComparison.Ordinal) ? Axes.Helpful : Axes.Harmless;

    private static IReadOnlyList<string> Files(string? root, string folder, string pattern, SearchOption depth = SearchOption.TopDirectoryOnly) =>
        root is not null && Path.Combine(root, folder) is var path && Directory.Exists(path)
            ? [.. Directory.GetFiles(path, pattern, depth).Order(StringComparer.Ordinal)]
            : [];
}
