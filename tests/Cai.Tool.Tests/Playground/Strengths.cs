using Cai.Constitutions;
using Cai.Feedback;

namespace Cai.Tool.Tests.Playground;

/// <summary>A judge that finds one answer better than another with probability s / (s + t) of their strengths, and 0.1 more when it is shown first.</summary>
internal static class Strengths
{
    public static Labeller Judge(params (string Answer, double Strength)[] strengths)
    {
        double? LogProb(string prompt, string option)
        {
            var shown = strengths.Select(s => (s.Strength, At: prompt.IndexOf($"[[[{s.Answer}", StringComparison.Ordinal))).Where(s => s.At >= 0)
                .OrderBy(s => s.At).ToArray();
            var first = (shown[0].Strength / (shown[0].Strength + shown[1].Strength)) + 0.1;
            return Math.Log(option == " (A)" ? first : 1 - first);
        }
        return new Labeller(new ScriptedModel("judge", _ => "", LogProb), Constitution.Shipped("miniature"),
            new LabelOptions { BothOrders = true, FewShot = 0 });
    }
}
