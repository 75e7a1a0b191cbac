namespace Cai.Generation;

/// <summary>Passes a part's count on as a count of the whole: several calls of a model then look like one long one.</summary>
/// <param name="start">How much of the whole was done before this part.</param>
public sealed class OffsetProgress(IProgress<int> whole, int start) : IProgress<int>
{
    public void Report(int value) => whole.Report(start + value);
}
