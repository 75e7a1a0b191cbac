using System.Text.Json.Nodes;

namespace Cai.Tool.Notebooks;

/// <summary>Something a cell put out, in the order it did. A front end turns it into notebook JSON or Jupyter messages.</summary>
public abstract record CellOutput;

/// <summary>Text written to the console.</summary>
/// <param name="Name">`stdout` or `stderr`.</param>
/// <param name="Text">As written: not yet merged into lines.</param>
public sealed record StreamText(string Name, string Text) : CellOutput;

/// <summary>A value shown by `display(x)` or `x.Display()`.</summary>
/// <param name="Bundle">Mime type to content: text and base64 as strings, JSON as itself.</param>
/// <param name="Id">Names this output for a later <see cref="DisplayUpdate"/>.</param>
public sealed record DisplayData(IReadOnlyDictionary<string, JsonNode> Bundle, string Id) : CellOutput;

/// <summary>A new content for an output that was shown before, possibly by an earlier cell.</summary>
/// <param name="Bundle">See <see cref="DisplayData"/>.</param>
/// <param name="Id">That of the <see cref="DisplayData"/>.</param>
public sealed record DisplayUpdate(IReadOnlyDictionary<string, JsonNode> Bundle, string Id) : CellOutput;

/// <summary>The value of the cell's trailing expression.</summary>
/// <param name="Number">The cell's execution count.</param>
/// <param name="Bundle">See <see cref="DisplayData"/>.</param>
public sealed record CellValue(int Number, IReadOnlyDictionary<string, JsonNode> Bundle) : CellOutput;

/// <summary>Why the cell stopped.</summary>
/// <param name="Name">Short name of the exception, or `CompilationError`.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Location">`cell[n]:line m`, or only `cell[n]` where the line is not known.</param>
/// <param name="Trace">Lines to show: location and message first, then the frames outside the scripting engine, without folders.</param>
public sealed record CellError(string Name, string Message, string Location, IReadOnlyList<string> Trace) : CellOutput;
