using System.Text.Json.Nodes;

namespace Cai.Tool.Serving;

/// <summary>What both endpoints ask alike.</summary>
/// <param name="MaxTokens">Null when the request does not say.</param>
/// <param name="Choices">Samples of each prompt (`n`).</param>
/// <param name="Seed">Null when the request does not say.</param>
internal sealed record GenerationSettings(
    int? MaxTokens, double Temperature, int Choices, long? Seed, IReadOnlyList<string> Stops, bool Stream, bool StreamUsage, bool ReturnTokenIds)
{
    private const int MostChoices = 64;
    private const int MostStops = 32;
    private const int MostTokens = 1 << 20; // the context is checked against the prompt later

    public static GenerationSettings Read(RequestFields fields)
    {
        fields.RefuseUnsupported();
        var usage = fields.Node("stream_options") switch
        {
            null => false,
            JsonObject options => new RequestFields(options).Flag("include_usage"),
            _ => throw ApiException.Bad("'stream_options' must be an object.", "stream_options"),
        };
        return new GenerationSettings(
            fields.Integer("max_completion_tokens", 0, MostTokens) ?? fields.Integer("max_tokens", 0, MostTokens),
            fields.Number("temperature", 0, 100) ?? 1, fields.Integer("n", 1, MostChoices) ?? 1, fields.Long("seed"),
            [.. fields.Strings("stop", MostStops).Where(s => s.Length > 0)], fields.Flag("stream"), usage, fields.Flag("return_token_ids"));
    }
}
