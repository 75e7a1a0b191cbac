namespace Cai.Reproduction;

/// <summary>Splits by topic, not by prompt: another phrasing of the same question is no new question.</summary>
public static class TopicSplit
{
    private const int HeldOutShare = 8;

    /// <summary>The topic of a prompt of the miniature world: its id up to the number of the phrasing.</summary>
    public static string Topic(string promptId) => promptId[..promptId.LastIndexOf('/')];

    /// <summary>Whether a prompt's topic is among the eighth that no preference model trains on.</summary>
    public static bool IsHeldOut(long seed, string promptId) => Seeds.Derive(seed, "held-out", Topic(promptId)) % HeldOutShare == 0;

    /// <summary>0 or 1, evenly by topic.</summary>
    public static int Half(long seed, string promptId) => (int)(Seeds.Derive(seed, "half", Topic(promptId)) % 2);
}
