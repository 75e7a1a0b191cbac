using System.Text.Json.Nodes;

namespace Cai.Tool.Kernel;

/// <summary>One message of Jupyter's protocol 5.3.</summary>
/// <param name="Identities">Routing frames: whom a ROUTER socket answers; the topic on iopub.</param>
/// <param name="RawHeader">The header as it came; it goes back as the parent header byte for byte.</param>
internal sealed record JupyterMessage(IReadOnlyList<byte[]> Identities, string Type, byte[] RawHeader, JsonObject Content)
{
    /// <summary>What a reply or an output of nobody's request has as parent.</summary>
    public static readonly JupyterMessage Nobody = new([], "", "{}"u8.ToArray(), []);
}
