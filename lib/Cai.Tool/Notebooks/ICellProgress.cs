using Cai.Reproduction;

namespace Cai.Tool.Notebooks;

/// <summary>Where the library's long work shows how far it is, while a cell runs.</summary>
public interface ICellProgress : IProgress<StageProgress>
{
    /// <summary>The cell is over: what was shown for a while goes, what is worth keeping stays.</summary>
    void EndCell();
}
