namespace Cai.Text;

/// <summary>Text to token ids and back. Implementations are immutable and thread-safe.</summary>
public interface ITokenizer
{
    int VocabularySize { get; }

    /// <summary>Id of the token put before a sequence, or null when the model has none.</summary>
    int? BosId { get; }

    /// <summary>Id of the token that ends a response. Never used for padding: padding is by mask only.</summary>
    int EosId { get; }

    /// <summary>Every token that ends a response, <see cref="EosId"/> first. Chat models often have several.</summary>
    IReadOnlyList<int> EndIds => [EosId];

    /// <summary>
    /// Ids of <paramref name="text"/>, without BOS or EOS. Special tokens spelt in the text are read as plain text
    /// unless <paramref name="parseSpecial"/> is set: text from a user must not be able to forge a control token.
    /// </summary>
    int[] Encode(string text, bool parseSpecial = false);

    /// <summary>The text of <paramref name="ids"/>; special tokens are left out.</summary>
    string Decode(IReadOnlyList<int> ids);

    /// <summary>The spelling of one token, for token strips in notebooks.</summary>
    string TokenText(int id);
}
