using System.Text.RegularExpressions;

namespace Cai.Text;

/// <summary>
/// Keeps what people and models write from being read as turns in a layout whose turns are tags in running text: `\n\nAssistant:` inside a turn gets a guard
/// before its tag. Who reads the layout back, as a chat endpoint's messages, takes the guard out and has the text as it was written; to a model that
/// reads it as text the guard is a blank, so that the tag does not stand at the beginning of a line.
/// </summary>
public static partial class RoleTags
{
    /// <summary>A code point that Unicode keeps out of texts for uses like this one; not that of <see cref="ControlTokens.Guard"/>.</summary>
    public const char Guard = '\uFDD1';

    /// <summary>A turn's text with a guard before every tag in it. Guards that it brings itself are dropped.</summary>
    public static string Protect(string text) => Tag().Replace(Whole(text), "$0" + Guard);

    /// <summary>The text as it was written.</summary>
    public static string Whole(string text) => text.Replace(Guard.ToString(), "", StringComparison.Ordinal);

    /// <summary>A layout as text that nobody reads back: guards are blanks.</summary>
    public static string AsText(string text) => text.Replace(Guard, ' ');

    /// <summary>What is quoted in a text, with a blank before every tag in it.</summary>
    public static string Break(string text) => AsText(Protect(text));

    [GeneratedRegex(@"\n\n(?=(?:System|Human|H|Assistant|A|CritiqueRequest|Critique|RevisionRequest|Revision):)", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
