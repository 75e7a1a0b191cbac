using System.Collections;
using System.Reflection;
using System.Text;
using Cai.Text;
using Microsoft.Data.Analysis;
using Plotly.NET;

namespace Cai.Figures;

/// <summary>How values that are no rich output themselves are best shown.</summary>
public static class RichOutput
{
    private const int Rows = 20, MostCounted = 10_000;

    /// <summary>
    /// A conversation or a revision as a transcript; a data frame, a dictionary or a sequence of records as a table of its
    /// first 20 rows with their number; a chart of Plotly.NET as a figure; a rich output as itself. Null for everything else: plain text says it.
    /// </summary>
    public static IRichOutput? Of(object? value) => value switch
    {
        IRichOutput rich => rich,
        Dialogue dialogue => TranscriptView.Of(dialogue),
        Prompt prompt => TranscriptView.Of(prompt.Dialogue, prompt.Id),
        Revision revision => TranscriptView.Of([revision]),
        DataFrame frame => Frame(frame),
        GenericChart chart => new ChartOutput(chart),
        string => null,
        IEnumerable items => Records(items),
        _ => null,
    };

    private static Table Frame(DataFrame frame) =>
        Table.Of(Enumerable.Range(0, checked((int)frame.Rows.Count)),
            [.. frame.Columns.Select(column => new Column<int>(column.Name, row => column[row]))]).Head(Rows);

    private static Table? Records(IEnumerable items)
    {
        var record = items.GetType().GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            .Select(i => i.GetGenericArguments()[0]).FirstOrDefault(IsRecord);
        if (record is null)
            return null;
        // A sequence may have no end.
        var rows = items.Cast<object?>().Take(MostCounted + 1).ToList();
        if (rows.Count == 0)
            return null;
        var columns = record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0)
            .Select(p => new Column<object?>(p.Name, row => row is null ? null : p.GetValue(row))).ToArray();
        var table = Table.Of(rows.Take(MostCounted), columns).Head(Rows);
        return rows.Count > MostCounted ? table.Titled("", $"Rows beyond {NumberText.Count(MostCounted)} are not counted.") : table;
    }

    // Records have a compiler-made method that prints their members; anonymous types are sealed, generic and named so.
    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(StringBuilder)]) is not null
        || type.Name.Contains("AnonymousType", StringComparison.Ordinal)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));
}
