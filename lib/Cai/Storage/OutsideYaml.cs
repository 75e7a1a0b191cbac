using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Cai.Storage;

/// <summary>Bounds for YAML that people write, checked before it is built: against nesting that overflows the stack and aliases that fill the memory.</summary>
internal static class OutsideYaml
{
    private const int MostBytes = 16 << 20;
    private const int Deepest = 64;
    private const long MostNodes = 200_000;

    /// <summary>A file's text, strictly decoded.</summary>
    /// <exception cref="CaiException">The file is missing, too large, or no UTF-8.</exception>
    public static string ReadText(string path, string remedy) => InputFile.ReadText(path, remedy, MostBytes);

    /// <summary>Refuses a text that is nested too deeply or grows too large by its aliases.</summary>
    /// <exception cref="CaiException">A bound is passed; the message names file and line.</exception>
    /// <exception cref="YamlException">The text is no YAML.</exception>
    public static void Check(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        var open = new Stack<(AnchorName Anchor, long Before)>();
        var sizes = new Dictionary<AnchorName, long>();
        long nodes = 0; // with every alias written out
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case MappingStart or SequenceStart:
                    open.Push((((NodeEvent)parser.Current).Anchor, nodes++));
                    if (open.Count > Deepest)
                        throw Refused($"is nested deeper than {Deepest} levels", "Close brackets that were left open, or write it flatter.");
                    break;
                case MappingEnd or SequenceEnd:
                    var (anchor, before) = open.Pop();
                    if (!anchor.IsEmpty)
                        sizes[anchor] = nodes - before;
                    break;
                case Scalar scalar:
                    nodes++;
                    if (!scalar.Anchor.IsEmpty)
                        sizes[scalar.Anchor] = 1;
                    break;
                case AnchorAlias alias:
                    if (open.Any(node => node.Anchor == alias.Value))
                        throw Refused($"refers to itself by *{alias.Value}", "Write the text out.");
                    nodes += sizes.GetValueOrDefault(alias.Value, 1);
                    break;
            }
            if (nodes > MostNodes)
                throw Refused($"has more than {MostNodes} entries, those that aliases repeat among them", "Write out what is meant, without aliases.");
        }

        CaiException Refused(string problem, string remedy) => new($"The YAML {problem}.", remedy, $"{path}:{parser.Current!.Start.Line}");
    }
}
