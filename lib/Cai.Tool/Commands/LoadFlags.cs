using System.CommandLine;
using Cai.Models;
using Cai.Torch;
using TorchSharp;

namespace Cai.Tool.Commands;

/// <summary>Where a model folder is loaded, and in which type.</summary>
internal sealed class LoadFlags
{
    private const string EightBit = "int8";

    private readonly Option<string> device = new("--device")
    {
        Description = "Where the model of a folder computes: cpu, cuda or cuda:N (a build with -p:Device=cuda).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "cpu",
    };
    private readonly Option<string> dtype;

    /// <summary>For a model that is asked and not trained.</summary>
    public LoadFlags()
        : this("Type of a folder's weights in memory. bf16 halves them, and is faster on processors with bf16 instructions; int8 also rounds each row of a "
            + "matrix to multiples of a power of two, and a model that writes one answer at a time reads half as much again (with AVX-512). Results are "
            + "those of rounded weights.",
            "f32", "bf16", EightBit)
    {
    }

    /// <param name="typed">What --dtype is about, as --help says it.</param>
    /// <param name="types">What it may be, the default first.</param>
    public LoadFlags(string typed, params string[] types) =>
        dtype = new Option<string>("--dtype") { Description = typed, DefaultValueFactory = _ => types[0] }.AcceptOnlyFromAmong(types);

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
        DType = parsed.GetValue(dtype) is "bf16" or EightBit ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
        EightBit = parsed.GetValue(dtype) == EightBit,
        ChatTemplate = chat,
    };
}
