using System.Text.Json.Nodes;

namespace Cai.Tool.Kernel;

/// <summary>One message of Jupyter's protocol 5.3.</summary>
/// <param name="Identities">Routing frames: whom a ROUTER socket answers; the topic on iopub.</param>
/// <param name="RawHeader">The header as it came; it goes back as the parent header byte for byte.</param>
internal sealed record JupyterMessage(IReadOnlyList<byte[]> Identities, string Type, byte[] RawHeader, JsonObject Content)
{
    /// <summary>What a reply or an output of nobody's request has as parent.</summary>
    public static readonly JupyterMessage Nobody = new([], "", "{}"u8.ToArray(), []);

    /// <summary>A string of the content; null where there is none.</summary>
    /// <exception cref="CaiException">It is of another kind, or holds half of a surrogate pair.</exception>
    public string? Text(string name) => Value<string>(name, "a string");

    /// <inheritdoc cref="Text"/>
    /// <summary>True or false; null where there is none.</summary>
    public bool? Flag(string name) => Value<bool?>(name, "true or false");

    /// <inheritdoc cref="Text"/>
    /// <summary>A whole number; null where there is none.</summary>
    public int? Number(string name) => Value<int?>(name, "a whole number");

    private T? Value<T>(string name, string expected)
    {
        if (Content[name] is not { } node)
            return default;
        try
        {
            if (node is JsonValue value && value.TryGetValue<T>(out var result))
                return result;
        }
        catch (InvalidOperationException)
        {
            // Text that is no Unicode.
        }
        throw new CaiException($"\"{name}\" is not {expected}.", "Send what Jupyter's protocol asks for.", Type);
    }
}
