using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>The four networks of PPO, and the trainer over them: step it by hand to look inside (`Collect`, `Step`).</summary>
public sealed class PpoSession : IDisposable
{
    private readonly Decoder reference;
    private readonly PreferenceModel judge;
    private readonly ScalarModel critic;

    private PpoSession(PretrainedModel policy, Decoder reference, PreferenceModel judge, PpoOptions options)
    {
        (Policy, this.reference, this.judge, critic) = (policy, reference, judge, judge.Model.Clone());
        Trainer = new PpoTrainer(policy.Decoder, reference, critic, policy.Tokenizer,
            responses => judge.ScoreTokens([.. responses.Select(r => r.PromptIds)], [.. responses.Select(r => r.AnswerIds)]), options, policy.Format);
    }

    /// <summary>What is trained.</summary>
    public PretrainedModel Policy { get; }

    public PpoTrainer Trainer { get; }

    /// <summary>A trainer over a policy that starts from a model folder, with a preference model as reward and as the critic's start.</summary>
    /// <param name="load">How both are loaded, for example laid out by their chat template; null loads them in float32 in the paper's layout.</param>
    /// <exception cref="CaiException">A folder cannot be loaded, or policy and preference model have different tokenizers.</exception>
    public static PpoSession Open(string start, string judge, PpoOptions options, LoadOptions? load = null)
    {
        var policy = HuggingFaceFolder.Load(start, load);
        // With adapters the weights below them stay as they are and serve both.
        var reference = options.Tuning?.Lora is null
            ? HuggingFaceFolder.LoadDecoder(start, load)
            : new Decoder(policy.Decoder.Config, policy.Decoder.Parameters, owns: false);
        var scorer = PreferenceModel.Load(judge, load);
        // The preference model is given the policy's token ids, as its reward and as the critic's start.
        TokenizerIdentity.RequireSameIds(policy.Tokenizer, scorer.Tokenizer, "the preference model",
            "Train the preference model from a model with the policy's tokenizer; or reward by text, with a critic made from the policy: "
            + "new PpoTrainer(…, responses => scores of their Prompt and Text).");
        return new PpoSession(policy, reference, scorer, options);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        critic.Dispose();
        judge.Dispose();
        reference.Dispose();
        Policy.Dispose();
    }
}
