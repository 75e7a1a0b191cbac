using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Byte-pair encoding as Hugging Face's tokenizer.json describes it, for both families: byte-level (GPT-2, Llama-3,
/// Qwen2, ours) and SentencePiece-style (Llama-2). Made by <see cref="TokenizerJson"/>. Normal forms, added and control tokens,
/// words and decoding are the kit's; the pairs of a word are joined by Microsoft.ML.Tokenizers where it can (<see cref="Encoder"/>).
/// </summary>
public sealed class BpeTokenizer : ITokenizer
{
    private const int LongestCachedPiece = 64; // and the longest that Microsoft's encoder is given
    private const int MostCachedPieces = 1 << 16;

    private readonly BpeDefinition definition;
    private readonly byte[][] bytes;
    private readonly HashSet<int> hidden;
    private readonly (AddedTokenMatcher Raw, AddedTokenMatcher Normalized) plainAdded;
    private readonly (AddedTokenMatcher Raw, AddedTokenMatcher Normalized) anyAdded;
    private readonly Dictionary<Rune, int> characters = [];
    private readonly Lazy<MergeBorders> borders;
    private readonly Lazy<MicrosoftBpe>? microsoft; // its table of pairs is the second one: not made for a tokenizer that only decodes
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]> partCache = new(StringComparer.Ordinal); // as spelt; a part is never taken whole

    internal BpeTokenizer(BpeDefinition definition, int? bosId, IReadOnlyList<int> endIds)
        : this(definition, bosId, endIds, MicrosoftBpe.Lacks(definition) is null ? new(() => new MicrosoftBpe(definition)) : null)
    {
    }

    private BpeTokenizer(BpeDefinition definition, int? bosId, IReadOnlyList<int> endIds, Lazy<MicrosoftBpe>? microsoft)
    {
        this.definition = definition;
        this.microsoft = microsoft;
        BosId = bosId;
        EndIds = endIds;
        foreach (var (id, piece) in definition.Pieces.Index())
            if (!definition.Control.Contains(id)
                && Rune.DecodeFromUtf16(piece, out var character, out var length) == OperationStatus.Done && length == piece.Length)
                characters[character] = id;
        borders = new Lazy<MergeBorders>(() => new MergeBorders(characters, definition.Pieces, definition.Merges.Pairs));
        plainAdded = Matchers(definition.Added.Where(token => !token.Special));
        anyAdded = Matchers(definition.Added);
        hidden = [.. definition.Control];
        var addedIds = definition.Added.Select(token => token.Id).ToHashSet();
        bytes = [.. definition.Pieces.Select((piece, id) => addedIds.Contains(id) ? Encoding.UTF8.GetBytes(piece) : definition.Decoding.Bytes(piece))];
    }

    public int VocabularySize => definition.Pieces.Count;

    public int? BosId { get; }

    public int EosId => EndIds[0];

    /// <summary>Every token that ends a response; the first is <see cref="EosId"/>. Chat models often have several.</summary>
    public IReadOnlyList<int> EndIds { get; }

    /// <summary>The tokens matched as a whole, special ones among them.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => definition.Added;

    /// <summary>The same tokenizer with <paramref name="id"/> as the token that ends a response; the others still end one.</summary>
    public BpeTokenizer EndingWith(int id) => new(definition, BosId, [id, .. EndIds.Where(other => other != id)], microsoft);

    /// <summary>Which code joins the pairs of a word.</summary>
    public BpeEncoder Encoder => microsoft is null ? BpeEncoder.BuiltIn : BpeEncoder.MicrosoftML;

    /// <summary>What this file asks for and Microsoft.ML.Tokenizers cannot do; null where it can do all.</summary>
    public string? MicrosoftLacks => MicrosoftBpe.Lacks(definition);

    /// <summary>The same tokenizer with another encoder and empty caches, to compare the two.</summary>
    /// <exception cref="CaiException">Microsoft's cannot do what the file asks for (<see cref="MicrosoftLacks"/>).</exception>
    public BpeTokenizer Using(BpeEncoder encoder) => encoder == BpeEncoder.MicrosoftML && MicrosoftLacks is { } lacking
        ? throw new CaiException($"Microsoft.ML.Tokenizers cannot do what this tokenizer needs: {lacking}.",
            $"Use {nameof(BpeEncoder)}.{nameof(BpeEncoder.BuiltIn)}, which gives the same ids wherever both can.")
        : new(definition, BosId, EndIds, encoder == BpeEncoder.MicrosoftML ? new(() => new MicrosoftBpe(definition)) : null);

    /// <summary>The id of a piece as it is spelt in the file, or null.</summary>
    public int? PieceId(string piece) => definition.Ids.TryGetValue(piece, out var id) ? id : null;

    public int[] Encode(string text, bool parseSpecial = false)
    {
        var ids = new List<int>(text.Length / 3 + 1);
        var matchers = parseSpecial ? anyAdded : plainAdded;
        var first = true;
        foreach (var (raw, rawToken) in matchers.Raw.Split(text))
            if (rawToken is not null)
                Add(rawToken);
            else if (raw.Length > 0)
                foreach (var (plain, token) in matchers.Normalized.Split(definition.Normalize(raw)))
                    if (token is not null)
                        Add(token);
                    else
                        EncodePlain(parseSpecial ? ControlTokens.Unprotect(plain) : plain);
        return [.. ids];

        void Add(AddedToken token)
        {
            ids.Add(token.Id);
            first = false;
        }

        void EncodePlain(string plain)
        {
            if (plain.Length == 0)
                return;
            foreach (var piece in definition.PreTokenizer.Split(plain, first))
                ids.AddRange(EncodePiece(piece));
            first = false;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Ids beyond the vocabulary, which a padded model may have, spell nothing.</remarks>
    public string Decode(IReadOnlyList<int> ids)
    {
        using var buffer = new MemoryStream(ids.Count * 4);
        foreach (var id in ids)
            if (!hidden.Contains(id))
                buffer.Write(Bytes(id));
        return definition.Decoding.Text(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    /// <summary>The text of one token, blanks kept; bytes that are only part of a character are shown as `&lt;0xE2&gt;`.</summary>
    public string TokenText(int id)
    {
        var text = Encoding.UTF8.GetString(Bytes(id));
        return text.Contains('\uFFFD') ? string.Concat(Bytes(id).Select(TokenDecoding.FallbackPiece)) : text;
    }

    // A model's matrices may have more rows than there are tokens.
    private byte[] Bytes(int id) => id >= 0 && id < bytes.Length ? bytes[id] : [];

    private int[] EncodePiece(string piece)
    {
        if (piece.Length > LongestCachedPiece)
            return Join(piece);
        if (cache.TryGetValue(piece, out var known))
            return known;
        var ids = Join(piece);
        if (cache.Count < MostCachedPieces)
            cache.TryAdd(piece, ids);
        return ids;
    }

    private int[] Join(string piece)
    {
        var spelt = definition.ByteLevel ? ByteAlphabet.Spell(piece) : piece;
        if (definition.IgnoreMerges && definition.Ids.TryGetValue(spelt, out var whole) && !definition.Control.Contains(whole))
            return [whole];
        return spelt.Length <= LongestCachedPiece ? JoinPairs(spelt) : JoinParts(spelt);
    }

    private int[] JoinPairs(string spelt) => microsoft is not null && spelt.Length <= LongestCachedPiece
        ? microsoft.Value.Join(spelt)
        : definition.Merges.Apply(Symbols(spelt));

    private int[] JoinParts(string spelt)
    {
        var ids = new List<int>(spelt.Length / 3);
        var known = partCache.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int start = 0, end; start < spelt.Length; start = end)
        {
            end = borders.Value.PartEnd(spelt, start);
            if (!known.TryGetValue(spelt.AsSpan(start..end), out var part))
            {
                part = JoinPairs(spelt[start..end]);
                if (end - start <= LongestCachedPiece && partCache.Count < MostCachedPieces)
                    known.TryAdd(spelt.AsSpan(start..end), part);
            }
            ids.AddRange(part);
        }
        return [.. ids];
    }

    private List<int> Symbols(string spelt)
    {
        var symbols = new List<int>(spelt.Length);
        var afterUnknown = false;
        foreach (var rune in spelt.EnumerateRunes())
        {
            var unknown = false;
            if (characters.TryGetValue(rune, out var id))
                symbols.Add(id);
            else if (FallbackIds(rune.ToString()) is { } fallback)
                symbols.AddRange(fallback);
            else if (definition.UnknownId is { } unknownId)
            {
                unknown = true;
                if (!(afterUnknown && definition.FuseUnknown))
                    symbols.Add(unknownId);
            }
            afterUnknown = unknown;
        }
        return symbols;
    }

    private int[]? FallbackIds(string character)
    {
        if (!definition.Decoding.ByteFallback)
            return null;
        var utf8 = Encoding.UTF8.GetBytes(character);
        var ids = new int[utf8.Length];
        for (var i = 0; i < ids.Length; i++)
            if (!definition.Ids.TryGetValue(TokenDecoding.FallbackPiece(utf8[i]), out ids[i]))
                return null;
        return ids;
    }

    private (AddedTokenMatcher Raw, AddedTokenMatcher Normalized) Matchers(IEnumerable<AddedToken> added)
    {
        var all = added.ToList();
        // Old Llama files call their control tokens normalised, which would hide those that no blank precedes: control tokens are found as spelt, too.
        return (new(all.Where(token => !token.Normalized || token.Special), content => content),
            new(all.Where(token => token.Normalized), definition.Normalize));
    }
}

/// <summary>The parts of a tokenizer.json that decide ids and text.</summary>
internal sealed record BpeDefinition
{
    /// <summary>Spelling of each id, added tokens included.</summary>
    public required IReadOnlyList<string> Pieces { get; init; }

    public required IReadOnlyDictionary<string, int> Ids { get; init; }

    public required BpeMerges Merges { get; init; }

    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Ids of the tokens for control: text never spells them, whatever the merges say, and decoding leaves them out.</summary>
    public IReadOnlySet<int> Control { get; init; } = new HashSet<int>();

    public required Func<string, string> Normalize { get; init; }

    public required IPreTokenizer PreTokenizer { get; init; }

    public required TokenDecoding Decoding { get; init; }

    /// <summary>Text is spelt in GPT-2's byte alphabet before pairs are joined.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>A piece that is in the vocabulary is taken whole (Llama-3).</summary>
    public bool IgnoreMerges { get; init; }

    public int? UnknownId { get; init; }

    /// <summary>A run of unknown characters is one unknown token.</summary>
    public bool FuseUnknown { get; init; }
}
