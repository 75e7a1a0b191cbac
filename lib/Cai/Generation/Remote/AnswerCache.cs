using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Generation.Remote;

/// <summary>
/// Answers on disk, one file each, named by the hash of what was asked: a crash loses at most the answers under way, and
/// several processes may share a folder.
/// </summary>
internal sealed class AnswerCache(string folder)
{
    private const string BrokenRemedy = "Delete it.";

    private sealed record Entry(JsonObject Request, JsonObject Answer);

    /// <summary>The answer kept under that name, or null; a damaged file counts as none, since it can be asked for again.</summary>
    public JsonObject? Find(string hash)
    {
        var path = PathOf(hash);
        if (!File.Exists(path))
            return null;
        try
        {
            return CaiJson.ReadFile<Entry>(path, BrokenRemedy).Answer;
        }
        catch (CaiException)
        {
            return null;
        }
    }

    /// <exception cref="CaiException">The disk is full, or the folder may not be written.</exception>
    public void Keep(string hash, JsonObject request, JsonObject answer) => AtomicFile.Write(PathOf(hash), CaiJson.Write(new Entry(request, answer)) + "\n");

    // Folders of at most some thousand files each: file systems and `ls` are slow with a million in one.
    private string PathOf(string hash) => Path.Combine(folder, hash[..2], hash + ".json");
}
