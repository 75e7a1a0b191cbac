using System.CommandLine;

namespace Cai.Tool.Commands;

/// <summary>The options of a command that runs the reproduction, or a part of it.</summary>
internal sealed class RunFlags
{
    private readonly Option<string> scale = CommonOptions.Scale();
    private readonly Option<long> seed = CommonOptions.Seed();
    private readonly Option<int?> seeds = CommonOptions.Seeds();
    private readonly Option<string?> model = CommonOptions.NotebookModel();

    /// <summary>Where results go.</summary>
    public Option<string?> Out { get; } = CommonOptions.Out();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[scale, seed, seeds, model, Out])
            command.Options.Add(option);
    }

    public RunSettings Read(ParseResult parsed) => new(
        parsed.GetValue(scale)!, parsed.GetValue(seed), parsed.GetValue(seeds), Repository.FolderOr(parsed.GetValue(Out), "out"), parsed.GetValue(model));
}
