using System.Text.Json.Nodes;

namespace Cai.Tool.Kernel;

/// <summary>How the kernel introduces itself.</summary>
internal static class KernelInfo
{
    /// <summary>Version of Jupyter's messaging protocol.</summary>
    public const string Protocol = "5.3";

    /// <summary>Content of a kernel_info_reply.</summary>
    public static JsonObject Reply() => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = Protocol,
        ["implementation"] = "cai",
        ["implementation_version"] = typeof(KernelInfo).Assembly.GetName().Version!.ToString(3),
        ["banner"] = "C# with the Cai library. #r \"nuget: …\" of what it brings works offline.",
        ["debugger"] = false,
        ["help_links"] = new JsonArray(),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = "14.0",
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
    };
}
