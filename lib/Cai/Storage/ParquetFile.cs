using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Serialization;

namespace Cai.Storage;

/// <summary>
/// Records as Parquet, the format of Hugging Face's datasets: a column a property, spelt as in JSONL; a record within a record is a struct, a list a list. A
/// dictionary is a struct of the keys that occur, since `datasets` knows no maps.
/// </summary>
public static class ParquetFile
{
    /// <summary>Whether a file is Parquet by its name.</summary>
    public static bool Is(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Writes a whole file at once: either all of it is there afterwards, or the old file is. <see cref="Jsonl.Read{T}(string, BadLines)"/> reads it.
    /// </summary>
    /// <exception cref="CaiException">The records have a shape that Parquet cannot state, a number is not finite, or the disk is full.</exception>
    public static void Write<T>(string path, IEnumerable<T> records)
    {
        var rows = records.Select(record => (object)record!).ToList();
        var schema = new ParquetShape(typeof(T), rows);
        var values = rows.ConvertAll(schema.Row);
        AtomicFile.Write(path, stream => Wait(() => ParquetSerializer.SerializeUntypedAsync(
            values, schema.Schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Zstd })));
    }

    /// <summary>The rows of a file as the lines that JSONL would have. A number that is not finite counts as absent, as pandas means it.</summary>
    internal static IEnumerable<RecordLine> Lines(string path, string remedy)
    {
        using var file = InputFile.Open(path, remedy);
        var (claims, groups, columns) = Read(path, async () =>
        {
            var claims = await ParquetClaims.OfAsync(file, path);
            await using var reader = await ParquetReader.CreateAsync(claims.Checked, leaveStreamOpen: true);
            return (claims, reader.RowGroupCount, reader.Schema.Fields.Select(field => field.Name).ToList());
        });
        var number = 0;
        for (var group = 0; group < groups; group++)
        {
            var rows = Read(path, async () => (await ParquetSerializer.DeserializeUntypedAsync(claims.Checked, rowGroupIndex: group)).Data);
            foreach (var row in rows)
                yield return new(++number, claims.Made(Node(row, $"{path}:{number}")!.ToJsonString(CaiJson.Options)), $"{path}:{number}") { Columns = columns };
        }
    }

    private static JsonNode? Node(object? value, string where) => value switch
    {
        null => null,
        double number => double.IsFinite(number) ? number : null,
        float number => float.IsFinite(number) ? number : null,
        string or ReadOnlyMemory<char> or char => $"{value}",
        bool or sbyte or byte or short or ushort or int or uint or long or ulong or decimal => JsonValue.Create(value),
        DateTime or DateTimeOffset or DateOnly or TimeOnly => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        IDictionary map => new JsonObject(map.Keys.Cast<object>().Select(key => KeyValuePair.Create($"{key}", Node(map[key], where)))),
        IEnumerable items and not byte[] => new JsonArray([.. items.Cast<object?>().Select(item => Node(item, where))]),
        _ => throw new CaiException($"A column holds values of type {value.GetType().Name}; records have text, numbers, truth values, lists and structs.",
            "Leave the column out, or turn it into text, where the file is made.", where),
    };

    private static T Read<T>(string path, Func<Task<T>> read)
    {
        try
        {
            return Wait(read);
        }
        // The reader throws what the bytes make it stumble over: of a broken file that can be anything.
        catch (Exception e) when (e is not (OutOfMemoryException or CaiException))
        {
            throw new CaiException($"The file cannot be read as Parquet ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
                "Fetch or write it again; files that are encrypted cannot be read.", path, e);
        }
    }

    // On the pool: a cell's own synchronization context would wait for itself.
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    private static void Wait(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();
}
