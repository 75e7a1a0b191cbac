using Cai.Generation;
using Cai.Text;

namespace Cai.Critique;

/// <summary>The answers that the loop starts from: what the helpful-only model says to each prompt (paper 3.1).</summary>
public static class InitialResponses
{
    /// <summary>
    /// <paramref name="perPrompt"/> answers to each prompt, in the order of the prompts. The layout's own stop strings
    /// apply besides those of <paramref name="options"/>. Answers are trimmed as revisions are.
    /// </summary>
    /// <param name="format">How prompts are laid out; the paper's layout when null.</param>
    public static async Task<IReadOnlyList<Sample>> SampleAsync(
        ILanguageModel model, IReadOnlyList<Prompt> prompts, SampleOptions options, int perPrompt = 1,
        IPromptFormat? format = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        format ??= HhFormat.Instance;
        var asked = prompts.SelectMany(p => Enumerable.Range(0, perPrompt).Select(i => (Prompt: p, Index: i, Id: $"{p.Id}/{model.Name}/{i}"))).ToList();
        var answers = await model.SampleAsync(
            [.. asked.Select(a => new SampleRequest(a.Id, format.Prompt(a.Prompt.Dialogue)) { ControlTokens = format.ControlTokens })],
            options with { Stops = [.. format.Stops.Union(options.Stops)] },
            progress, cancel);
        return
        [
            .. asked.Zip(answers, (a, c) =>
                new Sample(a.Id, a.Prompt.Id, a.Prompt.Dialogue, c.Text.Trim(), model.Name, a.Index, c.Finish != FinishReason.Length)
                {
                    LogProb = c.LogProbs.Sum(l => (double)l),
                    Tokens = Math.Max(c.TokenIds.Count, c.LogProbs.Count), // a server may list one and not the other
                }),
        ];
    }
}
