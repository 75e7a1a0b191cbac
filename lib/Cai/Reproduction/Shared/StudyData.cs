using System.Collections;
using Cai.Figures;
using Cai.Storage;
using Microsoft.Data.Analysis;

namespace Cai.Reproduction;

/// <summary>
/// What a study's figures and claims are computed from, as data frames by name: for group-bys and plots of one's own. Shown in a notebook, it lists them.
/// </summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class StudyData : IRichOutput, IEnumerable<string>
{
    private readonly Dictionary<string, Lazy<DataFrame>> frames = [];

    /// <summary>The names, in order.</summary>
    public IEnumerable<string> Names => frames.Keys;

    /// <summary>One of the tables, made when first asked for.</summary>
    /// <exception cref="CaiException">There is none of this name.</exception>
    public DataFrame this[string name] => frames.TryGetValue(name, out var frame) ? frame.Value
        : throw new CaiException($"The study has no data '{name}'.", $"Choose from: {string.Join(", ", Names)}.");

    /// <summary>Adds records as a table, a row each (<see cref="DataFrames.ToDataFrame{T}"/>).</summary>
    public void Add<T>(string name, IEnumerable<T> records) => frames.Add(name, new(records.ToDataFrame));

    /// <summary>Adds records that are held by model, the model's name in the first column.</summary>
    public void Add<T>(string name, ILookup<string, T> byModel) => Add(name, "Model", byModel.Select(group => (group.Key, (IEnumerable<T>)group)));

    /// <summary>Adds records that are held in groups, the group's name in the first column.</summary>
    public void Add<T>(string name, string column, IEnumerable<(string Group, IEnumerable<T> Records)> groups) => frames.Add(name, new(() =>
    {
        var rows = groups.SelectMany(group => group.Records.Select(record => (group.Group, Record: record))).ToList();
        var frame = rows.Select(row => row.Record).ToDataFrame();
        frame.Columns.Insert(0, new StringDataFrameColumn(column, rows.Select(row => row.Group)));
        return frame;
    }));

    /// <summary>Writes every table as `{name}.csv` into a folder.</summary>
    /// <exception cref="CaiException">A file cannot be written.</exception>
    public void SaveCsv(string folder)
    {
        foreach (var name in Names)
            this[name].SaveCsv(Path.Combine(folder, $"{name}.csv"));
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => Table.Of(
        Names, new("Data", name => name), new("Rows", name => this[name].Rows.Count),
        new("Columns", name => string.Join(", ", this[name].Columns.Select(column => column.Name)))).MimeBundle();

    /// <inheritdoc/>
    public override string ToString() => (string)MimeBundle()[Mime.Plain];

    IEnumerator<string> IEnumerable<string>.GetEnumerator() => Names.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Names.GetEnumerator();
}
