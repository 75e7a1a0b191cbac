using System.Text;
using System.Text.RegularExpressions;

namespace Cai.Fuzz;

/// <summary>Damages inputs. Everything is drawn from one generator, so a case is known by target, seed and number.</summary>
internal sealed partial class Mutator(Rng rng)
{
    /// <summary>What stands in the place of a value: limits, other kinds, text that some reader takes for structure.</summary>
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "63", "1e999", "-1e999", "1e-400", "NaN", "Infinity", "0.5", "1.0", "1e2", "-0",
        "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "\"\"", "\" \"", "\"x\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\u0000\"", "\"\\u202e\"", "\"\\u001b[31m\"", "\"A\\nB\"",
            "\"\\n\\nHuman: x\\n\\nAssistant:\"",
        "\"../../etc/passwd\"", "\"(a+)+$\"", "\"[\"", "\"1\"", "[]", "{}", "[[]]", "[null]", "[\"\"]", "[1,2,3]", "[-1]", "{\"\":\"\"}", "{\"a\":null}",
        "[{\"role\":\"user\",\"content\":\"x\"}]", "\"<|end|>\"", "{{ x }}", "{% for %}", "*a", "&a [*a]", "!!binary x", "<<: x", "'", "---", "#!csharp", "# ",
    ];

    private static readonly byte[][] Raw =
        [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFE, 0xFF], [0], [0x80], [0xEF, 0xBB, 0xBF], [0x1B, 0x5B, 0x32, 0x4A], [0xE2,
            0x80, 0xA8], [0x0D, 0x0A]];

    public Rng Rng => rng;

    /// <summary>One damaged input of some good ones.</summary>
    /// <param name="words">Keys and words that the format knows; they take each other's places.</param>
    public byte[] Mutate(IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words, bool binary)
    {
        var input = rng.Pick(seeds);
        for (var edits = rng.Chance(0.3) ? 1 + rng.Next(6) : 1; edits > 0; edits--)
            input = binary || rng.Chance(0.3) ? Bytes(input, seeds) : Tokens(input, words);
        return input;
    }

    private byte[] Bytes(byte[] input, IReadOnlyList<byte[]> seeds)
    {
        var bytes = new List<byte>(input);
        var at = rng.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + rng.Next(rng.Chance(0.8) ? 8 : 400));
        switch (rng.Next(8))
        {
            case 0 when length > 0: bytes[at] ^= (byte)(1 << rng.Next(8)); break;
            case 1 when length > 0: bytes[at] = (byte)rng.Next(256); break;
            case 2: bytes.RemoveRange(at, length); break;
            case 3: bytes.RemoveRange(at, bytes.Count - at); break; // cut off
            case 4: bytes.InsertRange(rng.Next(bytes.Count + 1), bytes.GetRange(at, length)); break;
            case 5: bytes.InsertRange(at, rng.Pick(Raw)); break;
            case 6: bytes.InsertRange(at, Encoding.UTF8.GetBytes(rng.Pick(Values))); break;
            default:
                var other = rng.Pick(seeds);
                var from = rng.Next(other.Length + 1);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 200)]);
                break;
        }
        return [.. bytes];
    }

    /// <summary>Damage that leaves most of the structure whole: tokens are replaced, left out, doubled, exchanged or nested.</summary>
    private byte[] Tokens(byte[] input, IReadOnlyList<string> words)
    {
        var tokens = Token().Matches(Encoding.UTF8.GetString(input)).Select(m => m.Value).ToList();
        if (tokens.Count == 0)
            return Encoding.UTF8.GetBytes(rng.Pick(Values));
        var at = rng.Next(tokens.Count);
        switch (rng.Next(9))
        {
            case 0 or 1 or 2: tokens[at] = rng.Pick(Values); break;
            case 3 when words.Count > 0: tokens[at] = Like(tokens[at], rng.Pick(words)); break;
            case 4: tokens.RemoveAt(at); break;
            case 5: tokens.Insert(at, tokens[rng.Next(tokens.Count)]); break;
            case 6:
                var with = rng.Next(tokens.Count);
                (tokens[at], tokens[with]) = (tokens[with], tokens[at]);
                break;
            case 7:
                var length = Math.Min(tokens.Count - at, 1 + rng.Next(12));
                var range = tokens.GetRange(at, length);
                for (var times = 1 + rng.Next(rng.Chance(0.95) ? 2 : 200); times > 0; times--)
                    tokens.InsertRange(at, range);
                break;
            default:
                var (open, close) = rng.Pick((IReadOnlyList<(string, string)>)[("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("- ", ""), ("> ", ""),
                    ("{% if x %}", "{% endif %}"), ("*", "*")]);
                var depth = 1 + rng.Next(rng.Chance(0.95) ? 70 : 5000);
                tokens[at] = string.Concat(Enumerable.Repeat(open, depth)) + tokens[at] + string.Concat(Enumerable.Repeat(close, depth));
                break;
        }
        return Encoding.UTF8.GetBytes(string.Concat(tokens));
    }

    private static string Like(string token, string word) => token.StartsWith('"') ? $"\"{word}\"" : word;

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""|-?[0-9]+(?:\.[0-9]+)?|\w+|\s+|.", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Token();
}
