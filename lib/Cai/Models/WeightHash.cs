using System.Security.Cryptography;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Names weights by what they are, wherever they were loaded from: SHA-256, hex.</summary>
internal static class WeightHash
{
    private const long ChunkElements = 1 << 22;

    /// <summary>A language model's: its configuration, all weights, and its adapter.</summary>
    public static string Of(Decoder model) => Of(model.Config, model.Parameters, model.Adapter);

    /// <summary>A scalar model's, its head included.</summary>
    public static string Of(ScalarModel model) => Of(model.Decoder.Config, model.Parameters, model.Decoder.Adapter);

    private static string Of(DecoderConfig config, ParameterSet weights, LoraAdapter? adapter) => ContentHash.OfTexts(
        [ContentHash.Of(config), Of(weights), .. adapter is null ? Array.Empty<string>() : [ContentHash.Of(adapter.Options), Of(adapter.Parameters)]]);

    private static string Of(ParameterSet weights)
    {
        using var guard = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)weights.Flat.dtype]);
        for (long done = 0, total = weights.Count; done < total; done += ChunkElements)
        {
            using var scope = NewDisposeScope();
            hash.AppendData(weights.Flat.detach().narrow(0, done, Math.Min(ChunkElements, total - done)).to(CPU).contiguous().bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
