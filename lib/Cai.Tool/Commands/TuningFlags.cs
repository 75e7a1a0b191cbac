using System.CommandLine;
using Cai.Models;

namespace Cai.Tool.Commands;

/// <summary>Options of the commands that train: where and in which type the weights are, and which of them are trained.</summary>
internal sealed class TuningFlags
{
    private static readonly LoraOptions Standard = new();

    private readonly LoadFlags load = new(
        "Type of the weights in memory and of the saved ones. bf16 halves them; what is trained has a copy in f32 all the same.", "f32", "bf16");
    private readonly Option<int?> rank = new("--lora-rank")
    {
        Description = "Train low-rank updates (LoRA) of this rank and leave the weights as they are. Default: train all weights.",
        HelpName = "N",
    };
    private readonly Option<double?> alpha = new("--lora-alpha")
    {
        Description = $"Updates are scaled by this over the rank. Default: {Standard.Alpha}.",
        HelpName = "X",
    };
    private readonly Option<string[]> targets = new("--lora-targets")
    {
        Description = "Modules that get an update, by the last part of their name: q_proj v_proj. Default: every matrix of attention and MLP.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<bool> checkpointing = new("--gradient-checkpointing")
    {
        Description = "Compute each layer a second time for its gradient: a third more work, much less memory.",
    };

    public void AddTo(Command command)
    {
        load.AddTo(command);
        foreach (var option in (Option[])[rank, alpha, targets, checkpointing])
            command.Options.Add(option);
    }

    /// <summary>How the model is loaded.</summary>
    /// <exception cref="CaiException">There is no such device.</exception>
    public LoadOptions Load(ParseResult parsed, bool chat) => load.Read(parsed, chat);

    /// <summary>What of it is trained; null trains all weights plainly.</summary>
    /// <exception cref="CaiException">Settings of LoRA without its rank.</exception>
    public TuningOptions? Tuning(ParseResult parsed, long seed)
    {
        var (r, a, modules, again) = (parsed.GetValue(rank), parsed.GetValue(alpha), parsed.GetValue(targets) ?? [], parsed.GetValue(checkpointing));
        if (r is null && (a is not null || modules.Length > 0))
            throw new CaiException(
                $"{(a is not null ? "--lora-alpha" : "--lora-targets")} needs --lora-rank.", "Give a rank, 8 for example, or leave LoRA out.");
        if (r is null && !again)
            return null;
        return new TuningOptions
        {
            Lora = r is { } given ? new LoraOptions { Rank = given, Alpha = a ?? Standard.Alpha, TargetModules = modules, Seed = seed } : null,
            GradientCheckpointing = again,
        };
    }
}
