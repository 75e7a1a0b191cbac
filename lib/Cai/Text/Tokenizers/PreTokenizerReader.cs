using System.Text.RegularExpressions;
using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>Reads the `pre_tokenizer` of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    public static (IPreTokenizer Split, bool ByteLevel) Read(JsonKeys? node)
    {
        var byteLevel = false;
        var steps = node is { } root ? Steps(root).ToList() : [];
        return (steps.Count == 1 ? steps[0] : new PreTokenizerSequence(steps), byteLevel);

        IEnumerable<IPreTokenizer> Steps(JsonKeys step)
        {
            switch (step.Require("type").Text())
            {
                case "Sequence":
                    foreach (var inner in step.Require("pretokenizers").Items().SelectMany(Steps))
                        yield return inner;
                    break;
                case "ByteLevel":
                    byteLevel = true;
                    yield return new ByteLevelSplit(step.Flag("add_prefix_space", otherwise: true), step.Flag("use_regex", otherwise: true));
                    break;
                case "Split":
                    yield return Split(step);
                    break;
                case "Digits":
                    yield return new RegexSplit(new Regex(step.Flag("individual_digits") ? @"\p{N}" : @"\p{N}+", RegexOptions.CultureInvariant));
                    break;
                case "Metaspace":
                    var scheme = step.Text("prepend_scheme") ?? (step.Flag("add_prefix_space", otherwise: true) ? "always" : "never");
                    yield return new MetaspaceSplit(step.Text("replacement") ?? "▁", scheme, step.Flag("split", otherwise: true));
                    break;
                case var type:
                    throw step.Unsupported($"a pre-tokenizer of type {type}");
            }
        }
    }

    private static RegexSplit Split(JsonKeys step)
    {
        if (step.Text("behavior") != "Isolated" || step.Flag("invert"))
            throw step.Unsupported("a Split other than Isolated");
        var pattern = step.Require("pattern");
        pattern.OneOf("Regex", "String");
        var regex = pattern.Text("Regex") ?? Regex.Escape(pattern.Require("String").Text());
        return new RegexSplit(OutsideRegex.Make(regex, pattern.File, pattern.Key, RegexOptions.Compiled));
    }
}
