using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Cai;

/// <summary>
/// What the library tells of its work by .NET's own means (System.Diagnostics), to whoever listens: each stage of a run that is computed is an activity,
/// tokens read by decoders and their floating-point operations are counters. Nothing is recorded where nobody listens.
/// </summary>
public static class Instruments
{
    /// <summary>Of the activity source and of the meter.</summary>
    public const string Name = "Cai";

    /// <summary>Counter of tokens that went through a decoder, padding included, a step of sampling counting one a row.</summary>
    public const string TokensName = "cai.decoder.tokens";

    /// <summary>
    /// Counter of floating-point operations of the matrix products with weights: two a weight and token, three times that where gradients follow.
    /// Attention is left out.
    /// </summary>
    public const string OperationsName = "cai.decoder.operations";

    internal static readonly ActivitySource Stages = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>(TokensName);
    private static readonly Counter<double> Operations = Meter.CreateCounter<double>(OperationsName);

    /// <param name="tokens">Read by the layers; 0 for logits of what was read before.</param>
    /// <param name="products">Multiplications and additions with a weight, forward.</param>
    internal static void Count(long tokens, double products, bool gradients)
    {
        if (tokens > 0)
            Tokens.Add(tokens);
        Operations.Add(2 * products * (gradients ? 3 : 1));
    }

    internal static bool Counting => Operations.Enabled;
}
