using System.Text.Json.Nodes;

namespace Cai.Tool.Serving;

/// <summary>A request that is refused, in OpenAI's words.</summary>
/// <param name="parameter">The field that is wrong.</param>
/// <param name="code">OpenAI's code, where it has one.</param>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status => status;

    public JsonObject Body() => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = Message,
            ["type"] = status switch { 429 => "rate_limit_error", >= 500 => "server_error", _ => "invalid_request_error" },
            ["param"] = parameter,
            ["code"] = code,
        },
    };

    public static ApiException Bad(string message, string parameter) => new(400, message, parameter);
}
