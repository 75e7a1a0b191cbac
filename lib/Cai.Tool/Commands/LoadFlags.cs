using System.CommandLine;
using Cai.Models;
using Cai.Torch;
using TorchSharp;

namespace Cai.Tool.Commands;

/// <summary>Where a model folder is loaded, and in which type.</summary>
internal sealed class LoadFlags
{
    private readonly Option<string> device = new("--device")
    {
        Description = "Where the model of a folder computes: cpu, cuda or cuda:N (a build with -p:Device=cuda).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "cpu",
    };
    private readonly Option<string> dtype;

    /// <param name="typed">What --dtype is about, as --help says it.</param>
    public LoadFlags(string typed = "Type of a folder's weights in memory. bf16 halves them, and is faster on processors with bf16 instructions; "
        + "results are those of rounded weights.") =>
        dtype = new Option<string>("--dtype") { Description = typed, DefaultValueFactory = _ => "f32" }.AcceptOnlyFromAmong("f32", "bf16");

    public IReadOnlyList<Option> All => [device, dtype];

    public void AddTo(Command command)
    {
        foreach (var option in All)
            command.Options.Add(option);
    }

    /// <summary>How the model is loaded.</summary>
    /// <exception cref="CaiException">There is no such device.</exception>
    public LoadOptions Read(ParseResult parsed, bool chat) => new()
    {
        Device = Devices.Named(parsed.GetValue(device)!),
        DType = parsed.GetValue(dtype) == "bf16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
        ChatTemplate = chat,
    };
}
