using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Tool.Notebooks;

/// <summary>An .ipynb file (nbformat 4), of which what this program does not know is kept as it is; or the cells of a .dib (<see cref="DibFile"/>).</summary>
public sealed class NotebookDocument
{
    private readonly JsonObject root;

    private NotebookDocument(JsonObject root, IReadOnlyList<NotebookCell> cells)
    {
        this.root = root;
        Cells = cells;
    }

    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>Reads a notebook.</summary>
    /// <exception cref="CaiException">The file is missing, is not JSON or is not a notebook of version 4; or a .dib has cells in other languages.</exception>
    public static NotebookDocument Load(string path)
    {
        if (!File.Exists(path))
            throw new CaiException("This notebook does not exist.", "Check the path; the notebooks of this repository are in notebooks/.", path);
        var text = InputFile.ReadText(path, "Restore the notebook from version control.");
        return DibFile.Is(path) ? Of(DibFile.Read(text, path)) : Parse(text, path);
    }

    private static NotebookDocument Of(IEnumerable<(bool IsCode, string Source)> cells)
    {
        var array = new JsonArray([.. cells.Select(cell => cell.IsCode
            ? new JsonObject { ["cell_type"] = "code", ["execution_count"] = null, ["outputs"] = new JsonArray(), ["source"] = cell.Source }
            : new JsonObject { ["cell_type"] = "markdown", ["source"] = cell.Source })]);
        return new(new JsonObject { ["nbformat"] = 4, ["cells"] = array }, [.. array.Select(cell => new NotebookCell(cell!.AsObject()))]);
    }

    /// <summary>Reads a notebook from its text; <paramref name="path"/> is for messages.</summary>
    /// <exception cref="CaiException">As <see cref="Load"/>.</exception>
    public static NotebookDocument Parse(string json, string path)
    {
        var node = OutsideJson.Node(json, path, "JSON", "Restore the notebook from version control.");
        if (node is not JsonObject root || NotebookCell.Whole(root["nbformat"]) != 4 || root["cells"] is not JsonArray array)
            throw new CaiException("This is not a notebook of format 4 (expected the keys \"nbformat\": 4 and \"cells\").",
                "Save it again with a current Jupyter.", path);
        var cells = new List<NotebookCell>();
        foreach (var item in array)
        {
            if (item is not JsonObject cell || cell["cell_type"] is null || cell["source"] is null)
                throw new CaiException($"Cell {cells.Count + 1} lacks \"cell_type\" or \"source\".", "Save it again with a current Jupyter.", path);
            if (!IsText(cell["cell_type"]) || !(IsText(cell["source"]) || cell["source"] is JsonArray lines && lines.All(IsText)))
                throw new CaiException($"The \"cell_type\" or \"source\" of cell {cells.Count + 1} is no text.", "Save it again with a current Jupyter.", path);
            cells.Add(new NotebookCell(cell));
        }
        return new NotebookDocument(root, cells);
    }

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    /// <summary>
    /// Makes the file ready for outputs: old ones go, and with them execution times, which would differ in every run.
    /// What format 4.5 wants (cell ids, a kernel) is filled in where it is missing.
    /// </summary>
    public void Clear()
    {
        root["nbformat_minor"] = Math.Max(5, NotebookCell.Whole(root["nbformat_minor"]) ?? 0);
        for (var i = 0; i < Cells.Count; i++)
            Cells[i].Clear($"cell-{i + 1:D2}");
        if (root["metadata"] is not JsonObject metadata)
            root["metadata"] = metadata = [];
        metadata.TryAdd("kernelspec", new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" });
        metadata.TryAdd("language_info",
            new JsonObject { ["file_extension"] = ".cs", ["mimetype"] = "text/x-csharp", ["name"] = "C#", ["pygments_lexer"] = "csharp" });
    }

    /// <summary>The notebook's text, the same for the same content.</summary>
    public string ToJson() => NotebookJson.Write(root);

    /// <summary>Writes the notebook; a path that ends in .dib gets the cells alone, since that format has no place for outputs.</summary>
    /// <exception cref="CaiException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.OrRescue(
        path, to => AtomicFile.Write(to, DibFile.Is(to) ? DibFile.Write(Cells.Select(cell => (cell.IsCode, cell.Source))) : ToJson()));
}

/// <summary>One cell of a notebook.</summary>
public sealed class NotebookCell(JsonObject json)
{
    private readonly Dictionary<string, JsonObject> displays = [];

    public bool IsCode => Word(json["cell_type"]) == "code";

    public bool IsMarkdown => Word(json["cell_type"]) == "markdown";

    public string Source => Join(json["source"]);

    /// <summary>Outputs as the file has them (nbformat's output objects).</summary>
    public IEnumerable<JsonObject> Outputs => (json["outputs"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>Whether the author expects this cell to fail (Jupyter's cell tag `raises-exception`).</summary>
    public bool MayFail => ((json["metadata"] as JsonObject)?["tags"] as JsonArray ?? []).Any(tag => Word(tag) == "raises-exception");

    public int? ExecutionCount
    {
        get => Whole(json["execution_count"]);
        set => json["execution_count"] = value;
    }

    /// <summary>Replaces an output that was added with this id; false when this cell has none such.</summary>
    public bool Update(DisplayUpdate update)
    {
        if (!displays.TryGetValue(update.Id, out var shown))
            return false;
        shown["data"] = Data(update.Bundle);
        return true;
    }

    /// <summary>Adds an output; text that continues the last output's stream is joined to it.</summary>
    public void Add(CellOutput output)
    {
        if (json["outputs"] is not JsonArray outputs)
            json["outputs"] = outputs = [];
        if (output is StreamText stream)
        {
            if (outputs.LastOrDefault() is JsonObject last && Word(last["output_type"]) == "stream" && Word(last["name"]) == stream.Name)
                last["text"] = Lines(Join(last["text"]) + stream.Text);
            else
                outputs.Add(new JsonObject { ["name"] = stream.Name, ["output_type"] = "stream", ["text"] = Lines(stream.Text) });
            return;
        }
        outputs.Add(output switch
        {
            DisplayData shown => displays[shown.Id] = new JsonObject
            {
                ["data"] = Data(shown.Bundle), ["metadata"] = new JsonObject(), ["output_type"] = "display_data",
            },
            CellValue value => new JsonObject
            {
                ["data"] = Data(value.Bundle), ["execution_count"] = value.Number, ["metadata"] = new JsonObject(), ["output_type"] = "execute_result",
            },
            CellError error => new JsonObject
            {
                ["ename"] = error.Name,
                ["evalue"] = $"{error.Location}: {error.Message}",
                ["output_type"] = "error",
                ["traceback"] = new JsonArray([.. error.Trace.Select(line => (JsonNode)line)]),
            },
            _ => throw new ArgumentException($"Unknown output {output.GetType().Name}.", nameof(output)),
        });
    }

    /// <summary>A string; null for anything else, which a file of strangers may have in its place.</summary>
    public static string? Word(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A whole number; null for anything else.</summary>
    public static int? Whole(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;

    /// <summary>Text that nbformat stores as a string or as a list of lines.</summary>
    public static string Join(JsonNode? text) => text switch
    {
        JsonArray lines => string.Concat(lines.Select(Word)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        null => "",
        _ => text.ToJsonString(),
    };

    internal void Clear(string idIfMissing)
    {
        json["source"] = Lines(Source);
        json.TryAdd("id", idIfMissing);
        if (json["metadata"] is not JsonObject metadata)
            json["metadata"] = metadata = [];
        if (!IsCode)
            return;
        metadata.Remove("execution");
        displays.Clear();
        json["outputs"] = new JsonArray();
        json["execution_count"] = null;
    }

    private static JsonObject Data(IReadOnlyDictionary<string, JsonNode> bundle)
    {
        var data = new JsonObject();
        foreach (var (mime, content) in bundle)
            data[mime] = mime.StartsWith("text/", StringComparison.Ordinal) || mime == "image/svg+xml"
                ? Lines(content.GetValue<string>())
                : content.DeepClone();
        return data;
    }

    /// <summary>nbformat's form of a text: lines that keep their newline.</summary>
    private static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end + 1;
            lines.Add(text[start..end]);
            start = end;
        }
        return lines;
    }
}
