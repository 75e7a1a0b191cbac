namespace Cai.Generation.Remote;

/// <summary>
/// A secret from the environment. It has no way out but <see cref="Apply"/>: no property, no text form, so that it can
/// get into no file, message or debugger view of a record.
/// </summary>
internal sealed class ApiKey
{
    public const string StandardVariable = "CAI_API_KEY";

    private readonly string value;

    private ApiKey(string value) => this.value = value;

    /// <summary>The key, or null where the standard variable is not set.</summary>
    /// <param name="variable">A variable that must be set; null for the standard one, which need not be.</param>
    /// <exception cref="CaiException">The variable is not set, or holds what no HTTP header can.</exception>
    public static ApiKey? Read(string? variable)
    {
        var name = variable ?? StandardVariable;
        var text = Environment.GetEnvironmentVariable(name)?.Trim();
        if (string.IsNullOrEmpty(text))
            return variable is null
                ? null
                : throw new CaiException($"The environment variable {name}, which should hold the API key, is not set.", $"Set it: export {name}=…");
        return text.All(c => c is > ' ' and < '\x7f')
            ? new ApiKey(text)
            : throw new CaiException($"The API key in {name} holds characters that no HTTP header can.", "Copy it again, without line breaks or quotes.");
    }

    public void Apply(HttpRequestMessage request) => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + value);

    /// <summary>A text from the server without the key, should the server have repeated it.</summary>
    public string Redact(string text) => text.Replace(value, "***", StringComparison.Ordinal);

    public override string ToString() => "***";
}
