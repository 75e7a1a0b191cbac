using System.Text.Json.Nodes;

namespace Cai.Tool.Tests;

/// <summary>A folder of its own for one test, with helpers to put notebooks into it and run the command.</summary>
public sealed class Workspace : IDisposable
{
    public Workspace() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "cai-tool-" + Guid.NewGuid().ToString("N")[..12]);

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Writes a notebook of code cells; a cell that begins with "md:" becomes markdown.</summary>
    public string Notebook(string name, params string[] cells)
    {
        var array = new JsonArray();
        foreach (var cell in cells)
            array.Add(cell.StartsWith("md:", StringComparison.Ordinal)
                ? new JsonObject { ["cell_type"] = "markdown", ["metadata"] = new JsonObject(), ["source"] = cell[3..] }
                : new JsonObject
                {
                    ["cell_type"] = "code", ["metadata"] = new JsonObject(), ["source"] = cell, ["outputs"] = new JsonArray(), ["execution_count"] = null,
                });
        var path = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, new JsonObject { ["nbformat"] = 4, ["nbformat_minor"] = 4, ["metadata"] = new JsonObject(), ["cells"] = array }.ToJsonString());
        return path;
    }

    /// <summary>Runs the command as a user would.</summary>
    public static async Task<(int Code, string Out, string Error)> Cai(params string[] args)
    {
        var (standardOut, standardError) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var error = new StringWriter();
        try
        {
            Console.SetOut(output);
            Console.SetError(error);
            return (await Program.Main(args), output.ToString(), error.ToString());
        }
        finally
        {
            Console.SetOut(standardOut);
            Console.SetError(standardError);
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
