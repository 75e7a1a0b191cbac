using System.CommandLine;
using Cai.Constitutions;

namespace Cai.Tool.Commands;

/// <summary>Options that the commands of the stages share.</summary>
internal static class StageOptions
{
    public static Option<string> Model(string description = "Folder of the language model (config.json, *.safetensors, tokenizer.json).") =>
        new("--model") { Description = description, HelpName = "DIR", Required = true };

    public static Option<string> OutFile(string description) => new("--out")
    {
        Description = description + " The same command on the same file goes on where it stopped.",
        HelpName = "FILE",
        Required = true,
    };

    public static Option<string> OutFolder(string description) => new("--out")
    {
        Description = description + " The same command on the same folder goes on where it stopped.",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<string[]> Files(string name, string description, bool required = true) =>
        new(name) { Description = description, HelpName = "FILE", Required = required, AllowMultipleArgumentsPerToken = true };

    public static Option<string[]> Prompts() =>
        Files("--prompts", "JSONL or Parquet files: lines {\"prompt\": \"text\"} (with \"id\" if you like), or prompt records as `cai prompts` writes them.");

    public static Option<string> Constitution() => new("--constitution")
    {
        Description = "A YAML file, a folder with Anthropic's JSON files, or the name of one that comes with the kit (miniature, harmlessness).",
        HelpName = "FILE|NAME",
        DefaultValueFactory = _ => "miniature",
    };

    public static Option<bool> Chat() => new("--chat")
    {
        Description = "Lay conversations out by the model's own chat template, instead of the paper's \"Human: … Assistant: …\".",
    };

    public static Option<bool> SkipBad() => new("--skip-bad")
    {
        Description = "Leave out lines that cannot be read and say how many, instead of stopping at the first.",
    };

    public static Option<T> Number<T>(string name, T standard, string description) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };

    public static Option<double> Temperature() => Number("--temperature", 1.0, "Sampling temperature; 0 is greedy. The paper samples at 1.");

    /// <summary>The constitution that the user named.</summary>
    public static Constitution Load(string fileOrName) =>
        File.Exists(fileOrName) || Directory.Exists(fileOrName) || Path.GetFileName(fileOrName) != fileOrName || Path.HasExtension(fileOrName)
            ? Constitutions.Constitution.Load(fileOrName)
            : Constitutions.Constitution.Shipped(fileOrName);
}
