using System.Text.Encodings.Web;
using System.Text.Json;
using Cai.Storage;

namespace Cai.Evaluation;

/// <summary>The claims of a run. Several notebooks write to one claims.json: a claim replaces the one with the same id.</summary>
public sealed class Claims
{
    // Unlike the kit's other JSON, nulls are written: every claim shows all ten keys.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly SortedDictionary<string, Claim> claims = new(StringComparer.Ordinal);

    /// <summary>By id.</summary>
    public IReadOnlyList<Claim> All => [.. claims.Values];

    /// <summary>Adds a claim or replaces the one with its id.</summary>
    public Claim Add(Claim claim)
    {
        if (string.IsNullOrWhiteSpace(claim.Id))
            throw new CaiException("A claim has no id.", "Give every claim a stable id: files are merged by it.", claim.Source);
        return claims[claim.Id] = claim;
    }

    /// <summary>The claims as a JSON array, sorted by id.</summary>
    public string ToJson() => JsonSerializer.Serialize(claims.Values, Json) + "\n";

    /// <summary>Reads a claims.json; empty when there is none.</summary>
    /// <exception cref="CaiException">The file is not a list of claims.</exception>
    public static Claims Load(string path)
    {
        var result = new Claims();
        if (!File.Exists(path))
            return result;
        const string remedy = "Delete the file; the run writes it anew.";
        try
        {
            var list = OutsideJson.Element(InputFile.ReadText(path, remedy), path, "a list of claims", remedy);
            foreach (var claim in list.Deserialize<List<Claim>>(Json) ?? [])
                result.Add(claim with // older files lack some
                {
                    Source = claim.Source ?? "", Text = claim.Text ?? "", Paper = claim.Paper ?? "", Seeds = claim.Seeds ?? [1],
                });
        }
        catch (JsonException e)
        {
            throw new CaiException($"This is not a list of claims: {e.Message}", remedy, path, e);
        }
        return result;
    }

    /// <summary>Writes these claims over the ones with the same id in the file and keeps the others.</summary>
    /// <exception cref="CaiException">The file there is not a list of claims, or cannot be written.</exception>
    public void Save(string path)
    {
        var merged = Load(path);
        foreach (var claim in claims.Values)
            merged.Add(claim);
        AtomicFile.Write(path, merged.ToJson());
    }
}
