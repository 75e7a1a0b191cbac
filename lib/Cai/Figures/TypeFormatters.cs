namespace Cai.Figures;

/// <summary>
/// .NET Interactive finds formatters by the name of this attribute and the shape of what it points to, so the library
/// shows itself well there without referencing it.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}

/// <summary>Figures: a picture shows in every front end, while that kernel would send Plotly's JSON as a string.</summary>
internal sealed class PngFormatters
{
    public IEnumerable<object> CreateTypeFormatters() => [new MimeFormatter(Mime.Png), new MimeFormatter(Mime.Plain)];
}

/// <summary>Tables, transcripts and token strips.</summary>
internal sealed class HtmlFormatters
{
    public IEnumerable<object> CreateTypeFormatters() => [new MimeFormatter(Mime.Html), new MimeFormatter(Mime.Plain)];
}

/// <summary>What only Plotly can draw.</summary>
internal sealed class PlainFormatters
{
    public IEnumerable<object> CreateTypeFormatters() => [new MimeFormatter(Mime.Plain)];
}

/// <summary>One mime type of any rich output; public members are called by name.</summary>
internal sealed class MimeFormatter(string mimeType)
{
    public string MimeType { get; } = mimeType;

    public bool Format(object instance, TextWriter writer)
    {
        if (instance is not IRichOutput output || !output.MimeBundle().TryGetValue(MimeType, out var content))
            return false;
        writer.Write(content);
        return true;
    }
}
