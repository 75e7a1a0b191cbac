using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive;

namespace Cai.Tool.Notebooks;

/// <summary>A question of a cell to the user.</summary>
/// <param name="Prompt">Shown before the answer.</param>
/// <param name="Password">Whether the answer stays hidden.</param>
public sealed record CellQuestion(string Prompt, bool Password);

/// <summary>
/// Which session a static `display` call belongs to. It follows the cell's own flow of execution (tasks it starts
/// included), so sessions in one process do not see each other's output.
/// </summary>
internal static class RunningCell
{
    private static readonly AsyncLocal<Front?> Current = new();

    /// <summary>Called at the start of a cell, in its flow.</summary>
    public static void Enter(Action<CellOutput> sink, Func<CellQuestion, Task<string>>? ask) => Current.Value = new Front(sink, ask);

    /// <summary>Whether the caller runs in a cell.</summary>
    public static bool Exists => Current.Value is not null;

    public static DisplayedValue Show(IReadOnlyDictionary<string, JsonNode> bundle)
    {
        var sink = Current.Value?.Sink ?? throw new InvalidOperationException("display was called outside a running notebook cell.");
        var id = Guid.NewGuid().ToString("N");
        if (bundle.Count > 0)
            sink(new DisplayData(bundle, id));
        return new DisplayedValue(sink, id);
    }

    public static Task<string> Ask(CellQuestion question) => Current.Value?.Questions is { } ask
        ? ask(question)
        : throw new CaiException("The notebook asks for input, and nobody is there to answer.", "Open it in Jupyter, or give the value in the cell.");

    private sealed record Front(Action<CellOutput> Sink, Func<CellQuestion, Task<string>>? Questions);
}
