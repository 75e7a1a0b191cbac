namespace Cai.Figures;

/// <summary>
/// Something that a notebook shows. Hosts ask for the bundle and send it as it is; the library knows nothing of notebook
/// software.
/// </summary>
public interface IRichOutput
{
    /// <summary>
    /// Mime type to content, richest first. Strings are text (image/png as base64); `application/vnd.plotly.v1+json` is a
    /// <see cref="System.Text.Json.Nodes.JsonObject"/> and must be sent as an object. Always has text/plain. All text that may come from a model is encoded.
    /// </summary>
    IReadOnlyDictionary<string, object> MimeBundle();
}

/// <summary>Names of the mime types in use.</summary>
public static class Mime
{
    public const string Plotly = "application/vnd.plotly.v1+json";
    public const string Png = "image/png";
    public const string Html = "text/html";
    public const string Plain = "text/plain";
}
