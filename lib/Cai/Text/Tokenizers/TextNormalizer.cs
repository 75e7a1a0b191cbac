using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>Reads the `normalizer` of a tokenizer.json as a function from text to text.</summary>
internal static class TextNormalizer
{
    public static Func<string, string> Read(JsonKeys? node)
    {
        if (node is not { } step)
            return text => text;
        switch (step.Require("type").Text())
        {
            case "Sequence":
                var steps = step.Require("normalizers").Items().Select(inner => Read(inner)).ToList();
                return text => steps.Aggregate(text, (current, apply) => apply(current));
            case "Prepend":
                var prefix = step.Require("prepend").Text();
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                var content = step.Require("content").Text();
                var pattern = step.Require("pattern");
                pattern.OneOf("Regex", "String");
                if (pattern.Text("String") is { } plain)
                    return text => text.Replace(plain, content, StringComparison.Ordinal);
                var regex = OutsideRegex.Make(pattern.Require("Regex").Text(), pattern.File, pattern.Key);
                return text => OutsideRegex.Guarded(() => regex.Replace(text, content.Replace("$", "$$", StringComparison.Ordinal)), regex);
            case "NFC":
                return CanonicalForm.Compose;
            case "NFD":
                return CanonicalForm.Decompose;
            case "Lowercase":
                return text => text.ToLowerInvariant();
            case var type:
                throw step.Unsupported($"a normaliser of type {type}");
        }
    }
}
