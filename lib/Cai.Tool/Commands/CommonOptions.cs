using System.CommandLine;

namespace Cai.Tool.Commands;

/// <summary>Options that several commands share. Those that must not be shared objects are made anew by each call.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };

    public static Option<string> Scale()
    {
        var scale = new Option<string>("--scale")
        {
            Description = "How much to compute. smoke: a few items a stage, checks that everything runs (2 minutes). "
                + "quick: the whole reproduction (9 minutes). full: five seeds (2 hours 10 minutes).",
            DefaultValueFactory = _ => "quick",
        };
        return scale.AcceptOnlyFromAmong("smoke", "quick", "full");
    }

    public static Option<long> Seed() => new("--seed") { Description = "Every random draw derives from it.", DefaultValueFactory = _ => 1 };

    public static Option<int?> Seeds() => new("--seeds")
    {
        Description = "Measure the main claims with this many seeds, each a whole reproduction. "
            + $"Default: full {Reproduction.Scale.Full.Seeds}, others {Reproduction.Scale.Quick.Seeds}.",
    };

    public static Option<string?> NotebookModel() => new("--model")
    {
        Description = "A model folder in Hugging Face's format that plays all the parts of the miniature (notebook 10: or http://host:8000/v1#name). "
            + "Default: what CAI_MODEL names, else the miniature.",
        HelpName = "DIR",
    };

    public static Option<string?> Out() => new("--out")
    {
        Description = "Folder for results: runs, executed notebooks, claims.json, index.html, figures.png. Default: out/ in the repository.",
        HelpName = "DIR",
    };
}
