using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Tool.Kernel;

/// <summary>
/// Messages as ZeroMQ frames: identities, a delimiter, the signature, then header, parent header, metadata and content as
/// JSON (Jupyter messaging 5.3, "The Wire Protocol").
/// </summary>
/// <param name="key">Key of HMAC-SHA256; empty for no signature.</param>
/// <param name="session">Names this kernel's run in headers.</param>
internal sealed class MessageCodec(string key, string session)
{
    private const int Parts = 4; // header, parent header, metadata, content
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private readonly byte[] keyBytes = Encoding.UTF8.GetBytes(key);

    /// <summary>The frames of a new message.</summary>
    public List<byte[]> Encode(IEnumerable<byte[]> identities, string type, JupyterMessage parent, JsonObject content, JsonObject? metadata = null)
    {
        var header = new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString("N"),
            ["session"] = session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("O"),
            ["msg_type"] = type,
            ["version"] = KernelInfo.Protocol,
        };
        byte[][] parts = [Json(header), parent.RawHeader, Json(metadata ?? []), Json(content)];
        return [.. identities, Delimiter, Encoding.ASCII.GetBytes(Sign(parts)), .. parts];
    }

    /// <summary>Reads frames; null when they are no message or the signature is not that of the key.</summary>
    public JupyterMessage? Decode(IReadOnlyList<byte[]> frames)
    {
        var at = 0;
        while (at < frames.Count && !frames[at].AsSpan().SequenceEqual(Delimiter))
            at++;
        if (at + 1 + Parts >= frames.Count)
            return null;
        var parts = frames.Skip(at + 2).Take(Parts).ToArray();
        if (!CryptographicOperations.FixedTimeEquals(frames[at + 1], Encoding.ASCII.GetBytes(Sign(parts))))
            return null;
        var nodes = new JsonNode?[Parts];
        for (var i = 0; i < Parts; i++)
            if (OutsideJson.Read(parts[i], out nodes[i]) is not null)
                return null;
        return nodes[0] is JsonObject header && header["msg_type"] is JsonValue named && named.TryGetValue<string>(out var type)
            && nodes[^1] is JsonObject content
            ? new JupyterMessage([.. frames.Take(at)], type, parts[0], content)
            : null;
    }

    private string Sign(byte[][] parts)
    {
        if (keyBytes.Length == 0)
            return "";
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keyBytes);
        foreach (var part in parts)
            hash.AppendData(part);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] Json(JsonObject value) => JsonSerializer.SerializeToUtf8Bytes(value);
}
