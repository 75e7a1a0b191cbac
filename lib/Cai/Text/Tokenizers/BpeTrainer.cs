using System.Runtime.InteropServices;

namespace Cai.Text.Tokenizers;

/// <summary>How to train a tokenizer.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>
    /// Number of tokens in all: special ones, 256 bytes, merges. Fewer come out when
    /// the text has no more pairs to join. Design: at most 2,048 for the miniature.
    /// </summary>
    public int VocabularySize { get; init => field = InRange.Whole(value, 1, nameof(BpeTrainerOptions)); } = 1024;

    /// <summary>A pair seen less often is not joined (Hugging Face's trainers: 0, GPT-2's: 2).</summary>
    public int MinPairCount { get; init => field = InRange.Whole(value, 0, nameof(BpeTrainerOptions)); } = 2;

    /// <summary>The token that ends a text; it has the id 0.</summary>
    public string EndToken { get; init; } = "<|end|>";

    /// <summary>The token put before every text; null for none.</summary>
    public string? BeginToken { get; init; }
}

/// <summary>
/// Trains a byte-level BPE (Sennrich et al. 2016; bytes and words as in GPT-2): again and again the most frequent pair
/// of neighbours becomes a token. The same texts give the same file: of equally frequent pairs the first in ordinal order
/// of their spelling wins.
/// </summary>
public sealed class BpeTrainer
{
    private readonly List<string> pieces = [];
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private readonly List<(string Left, string Right)> merges = [];
    private readonly List<(int[] Symbols, long Count)> words = [];
    private readonly Dictionary<(int, int), long> counts = [];
    private readonly Dictionary<(int, int), HashSet<int>> wordsWith = [];
    private readonly PriorityQueue<(int Left, int Right), (long Count, string Left, string Right)> queue = new(new MostFrequentFirst());

    private BpeTrainer()
    {
    }

    /// <summary>Trains on <paramref name="texts"/>, which are read once; no pair crosses a word or a text.</summary>
    /// <exception cref="CaiException">There is no text, or the vocabulary has no room for the 256 bytes.</exception>
    public static TrainedTokenizer Train(
        IEnumerable<string> texts, BpeTrainerOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        string[] special = options.BeginToken is null ? [options.EndToken] : [options.EndToken, options.BeginToken];
        if (options.VocabularySize < 256 + special.Length)
            throw new CaiException($"A vocabulary of {options.VocabularySize} has no room for 256 bytes and {special.Length} special tokens.",
                $"Ask for at least {256 + special.Length}.", nameof(options.VocabularySize));
        var trainer = new BpeTrainer();
        foreach (var token in special)
            trainer.Add(token);
        foreach (var character in ByteAlphabet.Characters)
            trainer.Add(character.ToString());
        trainer.CountWords(texts, cancel);
        trainer.Join(options, progress, cancel);
        return new TrainedTokenizer(trainer.pieces, trainer.merges, options.EndToken, options.BeginToken);
    }

    private void CountWords(IEnumerable<string> texts, CancellationToken cancel)
    {
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = seen.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in texts)
        {
            cancel.ThrowIfCancellationRequested();
            var (matched, starts) = AstralStandIns.Replace(text);
            foreach (var match in ByteLevelSplit.Gpt2Words().EnumerateMatches(matched))
            {
                var (from, to) = (match.Index, match.Index + match.Length);
                var word = starts is null ? text.AsSpan(from..to) : text.AsSpan(starts[from]..starts[to]);
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, word, out _)++;
            }
        }
        if (seen.Count == 0)
            throw new CaiException("There is no text to train a tokenizer on.", "Give at least one text that is not empty.");
        foreach (var (word, count) in seen)
            words.Add(([.. ByteAlphabet.Spell(word).Select(c => ids[c.ToString()])], count));
        for (var i = 0; i < words.Count; i++)
            CountPairs(i, +1, changed: null);
        foreach (var pair in counts.Keys)
            Offer(pair);
    }

    private void Join(BpeTrainerOptions options, IProgress<int>? progress, CancellationToken cancel)
    {
        while (pieces.Count < options.VocabularySize && queue.TryDequeue(out var pair, out var offered))
        {
            var count = counts.GetValueOrDefault(pair);
            if (count != offered.Count)
            {
                // The entry is older than the last merge that touched the pair: it goes back to its right place.
                if (count > 0)
                    Offer(pair);
                continue;
            }
            if (count < Math.Max(options.MinPairCount, 1))
                return;
            cancel.ThrowIfCancellationRequested();
            merges.Add((pieces[pair.Left], pieces[pair.Right]));
            var joined = Add(pieces[pair.Left] + pieces[pair.Right]);
            var changed = new HashSet<(int, int)>();
            foreach (var word in wordsWith[pair].ToList())
            {
                CountPairs(word, -1, changed: null);
                words[word] = (Replace(words[word].Symbols, pair, joined), words[word].Count);
                CountPairs(word, +1, changed);
            }
            counts.Remove(pair);
            wordsWith.Remove(pair);
            foreach (var other in changed)
                if (other.Item1 == joined || other.Item2 == joined)
                    Offer(other);
            progress?.Report(pieces.Count);
        }
    }

    /// <summary>Adds (+1) or takes away (-1) the pairs of one word.</summary>
    private void CountPairs(int word, int sign, HashSet<(int, int)>? changed)
    {
        var (symbols, count) = words[word];
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            var pair = (symbols[i], symbols[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += sign * count;
            ref var where = ref CollectionsMarshal.GetValueRefOrAddDefault(wordsWith, pair, out _);
            where ??= [];
            if (sign > 0)
                where.Add(word);
            else
                where.Remove(word);
            changed?.Add(pair);
        }
    }

    private void Offer((int Left, int Right) pair) => queue.Enqueue(pair, (counts[pair], pieces[pair.Left], pieces[pair.Right]));

    private static int[] Replace(int[] symbols, (int Left, int Right) pair, int joined)
    {
        var replaced = new List<int>(symbols.Length);
        for (var i = 0; i < symbols.Length; i++)
            if (i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right)
            {
                replaced.Add(joined);
                i++;
            }
            else
            {
                replaced.Add(symbols[i]);
            }
        return [.. replaced];
    }

    private int Add(string piece)
    {
        // Two pairs can spell the same piece ("ab"+"c", "a"+"bc"): they share one id.
        if (ids.TryGetValue(piece, out var id))
            return id;
        ids[piece] = pieces.Count;
        pieces.Add(piece);
        return pieces.Count - 1;
    }

    private sealed class MostFrequentFirst : IComparer<(long Count, string Left, string Right)>
    {
        public int Compare((long Count, string Left, string Right) x, (long Count, string Left, string Right) y)
        {
            var order = y.Count.CompareTo(x.Count);
            if (order == 0)
                order = string.CompareOrdinal(x.Left, y.Left);
            return order != 0 ? order : string.CompareOrdinal(x.Right, y.Right);
        }
    }
}
