namespace Cai.Generation.Remote;

/// <summary>A server that cannot be reached, refuses, or answers what cannot be read.</summary>
/// <param name="status">The HTTP status, when there was one.</param>
public sealed class RemoteException(string problem, string remedy, string where, int? status = null, Exception? inner = null)
    : CaiException(problem, remedy, where, inner)
{
    /// <summary>The HTTP status of a refusal; null when there was no answer, or one that cannot be read.</summary>
    public int? Status => status;
}
