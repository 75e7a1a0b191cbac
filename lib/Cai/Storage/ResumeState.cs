namespace Cai.Storage;

/// <summary>
/// The small part of a checkpoint: step, random states, data position, KL controller. A record as JSON, written
/// atomically and after the tensors that it belongs to, so that it never promises what is not there.
/// </summary>
public static class ResumeState
{
    public static void Save<T>(string path, T state) where T : class => AtomicFile.Write(path, CaiJson.Write(state, indented: true) + "\n");

    /// <summary>The saved state, or null when there is none yet.</summary>
    /// <exception cref="CaiException">The file is there but broken.</exception>
    public static T? TryLoad<T>(string path) where T : class =>
        File.Exists(path) ? CaiJson.ReadFile<T>(path, "Remove it to begin the stage anew.") : null;
}
