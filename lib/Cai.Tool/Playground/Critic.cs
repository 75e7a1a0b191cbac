using Cai.Constitutions;
using Cai.Critique;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Playground;

/// <summary>Criticises and revises an answer under a principle of the reader's choice (one round of paper 3.1).</summary>
/// <param name="model">Who writes; the model that gave the answer when null.</param>
/// <param name="format">How <paramref name="model"/> reads a conversation; the paper's layout for a null.</param>
internal sealed class Critic(Constitution constitution, ILanguageModel? model = null, IPromptFormat? format = null)
{
    public IReadOnlyList<CritiquePrinciple> Principles => constitution.Critique;

    /// <summary>Equal requests give equal texts: the draw depends on nothing but the seed and what is asked.</summary>
    /// <param name="writer">The model that gave the answer.</param>
    /// <param name="writerFormat">How it reads a conversation.</param>
    /// <exception cref="CaiException">There is no such principle, or examples, dialogue and answer are longer than the model's context.</exception>
    public async Task<ArenaCritique> WriteAsync(ILanguageModel writer, IPromptFormat? writerFormat, Dialogue prompt, string answer, string principleId,
        ArenaOptions options, CancellationToken cancel)
    {
        // Different questions get draws of their own: with one for all, every revision would begin with the same words.
        var id = ContentHash.OfTexts([.. prompt.Turns.Select(t => t.Text), answer, principleId]);
        var critic = model ?? writer;
        var principle = constitution.CritiquePrinciple(principleId);
        var loop = new CritiqueLoop(critic, constitution, new CritiqueOptions
        {
            Rounds = 1, PrincipleIds = [principleId], MaxTokens = options.MaxTokens, Temperature = options.Temperature, Seed = options.Seed,
        }, model is null ? writerFormat : format);
        var revision = (await loop.RunAsync([new Sample(id, id, prompt, answer, writer.Name, 0, true)], cancel: cancel))[0];
        return new ArenaCritique(critic.Name, principle.CritiqueRequest, revision.Critique!, principle.RevisionRequest, revision.After, revision.Finished);
    }
}
