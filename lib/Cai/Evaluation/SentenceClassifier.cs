using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Cai.Storage;

namespace Cai.Evaluation;

/// <summary>
/// Logistic regression over the word n-grams (1 to 4) of a sentence: whether it belongs to the first class of a file of labelled sentences. It is trained
/// from that file when it is first used, in a fixed order without any chance, so that the sentences are all there is to review.
/// </summary>
public sealed partial class SentenceClassifier
{
    private const int Passes = 60;
    private const int LongestGram = 4;

    /// <summary>What a sentence says, it says in its first words; the bounds also keep a text without any full stop cheap.</summary>
    private const int MostTokens = 40, MostCharacters = 400;

    private const double Rate = 0.5, Penalty = 1e-5;

    private readonly Dictionary<string, int> features;
    private readonly double[] weights;
    private double bias;

    private SentenceClassifier(IReadOnlyList<(string Sentence, bool Positive)> sentences)
    {
        var grams = sentences.Select(s => Grams(s.Sentence)).ToList();
        features = grams.SelectMany(g => g).GroupBy(g => g, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key)
            .Order(StringComparer.Ordinal).Select((gram, i) => (gram, i)).ToDictionary(p => p.gram, p => p.i, StringComparer.Ordinal);
        weights = new double[features.Count];
        Train([.. grams.Select(g => Known(g))], [.. sentences.Select(s => s.Positive)]);
    }

    /// <summary>N-grams that the classifier knows: those of two sentences or more.</summary>
    public int Features => features.Count;

    /// <summary>Trains on a file with the header `label,text` and a sentence a line; the text is all behind the first comma.</summary>
    /// <param name="positive">Label of the class whose probability is asked for.</param>
    /// <exception cref="CaiException">The file is missing, a line has another form, or one of the classes has no sentence.</exception>
    public static SentenceClassifier Train(string path, string positive)
    {
        var lines = InputFile.ReadText(path,
            "Build the project again: the file is copied from data/detectors.").ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        if (lines[0] != "label,text")
            throw new CaiException("The first line is not 'label,text'.", "Mend the file.", $"{path}:1");
        var sentences = lines.Skip(1).Select((line, i) => line.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma
            ? (line[(comma + 1)..], line[..comma] == positive)
            : throw new CaiException("The line has no label.", "Write a label, a comma and a sentence.", $"{path}:{i + 2}")).ToList();
        if (sentences.TrueForAll(s => s.Item2) || !sentences.Exists(s => s.Item2))
            throw new CaiException($"Sentences labelled '{positive}' and others are needed; one of both is missing.", "Mend the file.", path);
        return new(sentences);
    }

    /// <summary>The probability that a sentence is of the first class.</summary>
    public double Probability(string sentence) => Logistic.Sigmoid(LogOdds(Known(Grams(sentence))));

    /// <summary>A text cut after full stops, question and exclamation marks and at line ends; blank pieces are left out.</summary>
    public static IReadOnlyList<string> Sentences(string text)
    {
        var sentences = new List<string>();
        foreach (var piece in Boundary().EnumerateSplits(text))
            if (text.AsSpan()[piece].Trim() is { Length: > 0 } sentence)
                sentences.Add(sentence.ToString());
        return sentences;
    }

    /// <summary>Full-batch descent with Adagrad's step sizes.</summary>
    private void Train(int[][] rows, bool[] labels)
    {
        var (gradient, squares, biasSquares) = (new double[weights.Length], new double[weights.Length], 1e-8);
        Array.Fill(squares, 1e-8);
        for (var pass = 0; pass < Passes; pass++)
        {
            Array.Clear(gradient);
            var biasGradient = 0.0;
            for (var r = 0; r < rows.Length; r++)
            {
                var error = (Logistic.Sigmoid(LogOdds(rows[r])) - (labels[r] ? 1 : 0)) / rows.Length;
                biasGradient += error;
                foreach (var i in rows[r])
                    gradient[i] += error * Scale(rows[r]);
            }
            for (var i = 0; i < weights.Length; i++)
            {
                var g = gradient[i] + Penalty * weights[i];
                squares[i] += g * g;
                weights[i] -= Rate * g / Math.Sqrt(squares[i]);
            }
            biasSquares += biasGradient * biasGradient;
            bias -= Rate * biasGradient / Math.Sqrt(biasSquares);
        }
    }

    private double LogOdds(int[] row)
    {
        var sum = 0.0;
        foreach (var i in row)
            sum += weights[i];
        return bias + sum * Scale(row);
    }

    /// <summary>Makes long sentences count as much as short ones.</summary>
    private static double Scale(int[] row) => 1 / Math.Sqrt(Math.Max(1, row.Length));

    private int[] Known(IEnumerable<string> grams)
    {
        var known = new List<int>();
        foreach (var gram in grams)
            if (features.TryGetValue(gram, out var i))
                known.Add(i);
        CollectionsMarshal.AsSpan(known).Sort(); // sums in one order
        return [.. known];
    }

    private static HashSet<string> Grams(string sentence)
    {
        var tokens = Tokens(sentence);
        var grams = new HashSet<string>(StringComparer.Ordinal);
        for (var length = 1; length <= LongestGram; length++)
            for (var i = 0; i + length <= tokens.Count; i++)
                grams.Add(string.Join(' ', tokens.Skip(i).Take(length)));
        return grams;
    }

    /// <summary>Small letters, contractions written out, numbers as 0, and a mark where the sentence begins.</summary>
    private static List<string> Tokens(string sentence)
    {
        var text = sentence[..Math.Min(sentence.Length, MostCharacters)].ToLowerInvariant().Replace('\u2019', '\'').Replace('\u2018', '\'')
            .Replace("won't", "will not").Replace("can't", "cannot").Replace("can not", "cannot");
        text = Contraction().Replace(text, match => match.Value switch
        {
            "n't" => " not", "'m" => " am", "'re" => " are", "'d" => " would", "'ll" => " will", "'ve" => " have", _ => " is",
        });
        return ["<s>", .. Token().Matches(text).Take(MostTokens).Select(m => char.IsAsciiDigit(m.Value[0]) ? "0" : m.Value)];
    }

    [GeneratedRegex(@"(?<=[.!?])\s+|\n+", RegexOptions.CultureInvariant)]
    private static partial Regex Boundary();

    [GeneratedRegex(@"(?:n't|'m|'re|'d|'ll|'ve)\b|(?<=\b(?:it|that|this|there|here))'s\b", RegexOptions.CultureInvariant)]
    private static partial Regex Contraction();

    [GeneratedRegex("[a-z]+|[0-9]+|[.!?:;,]", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
