using Cai.Miniature;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>
/// The last step of the helpful-only model: PPO on ratings of help, as the paper's helpful-only model is one of RLHF (1.1, 3.1).
/// A rater who looks at help alone scores answers to requests of every kind, bad ones too, and critiques of answers. What a
/// corpus cannot teach it teaches: how much of the probability goes to words that are never right. No evaluation topic occurs.
/// </summary>
internal static class RatedHelp
{
    /// <summary>Marks the prompts that ask for a critique.</summary>
    private const string Critique = "critique";

    /// <summary>Trains the model in place; checkpoints and metrics go to <paramref name="work"/>, so that a stopped run goes on.</summary>
    public static void Train(Decoder model, ITokenizer tokenizer, World world, MiniatureTrainingOptions options, string work, IProgress<PpoProgress>? progress,
        CancellationToken cancel)
    {
        var tasks = new DocumentGenerator(world, options.Seed + 2).CritiqueTasks(700, odd: 0.7).Index().ToDictionary(t => $"{Critique}/{t.Index}", t => t.Item);
        var prompts = Requests(world, options.Seed)
            .Concat(tasks.Select(t => new Prompt(t.Key, Dialogue.Ask(t.Value.Ask).Answer(t.Value.Response).Then(t.Value.Request), Critique))).ToList();
        using var reference = new Decoder(model.Config, model.Parameters.Clone());
        using var critic = ScalarModel.FromLanguageModel(model, options.Seed, zeroHead: true);
        var oracle = new Oracle(world);
        using var trainer = new PpoTrainer(model, reference, critic, tokenizer, responses => [.. responses.Select(Rate)], Recipes.RatedHelp(options),
            RequestFormat.Instance);
        Directory.CreateDirectory(work);
        trainer.Train(prompts, work, progress, cancel: cancel);
        // Half way back (Wortsman et al. 2022): keeps most of what the ratings taught, and what they wore off on topics that were not rated.
        using var guard = TorchSharp.torch.no_grad();
        using var scope = TorchSharp.torch.NewDisposeScope();
        model.Parameters.Flat.AddInPlace(reference.Parameters.Flat).MulInPlace(0.5);

        double Rate(PolicyResponse response)
        {
            var text = response.Text.Trim();
            if (!tasks.TryGetValue(response.Prompt.Id, out var task))
                return oracle.Judge(response.Prompt, text).Helpfulness / (response.Finished ? 1 : 2); // running on into something else is half as helpful
            return response.Finished || response.StopTokens > 0 ? task.Rate(oracle.JudgeCritique(world.PromptsOf(task.Topic).First(), task.Response, text)) : 0;
        }
    }

    /// <summary>Requests of the topics that documents speak of: mostly tasks, and mostly odd ones, since it must answer what it has never met.</summary>
    private static IEnumerable<Prompt> Requests(World world, long seed)
    {
        foreach (var (kind, split, count) in new[]
        {
            (TopicKind.Benign, World.Odd, 1300), (TopicKind.Benign, World.Train, 500), (TopicKind.Borderline, World.Odd, 200),
            (TopicKind.Borderline, World.Train, 150),
            (TopicKind.SmallTalk, World.Odd, 250), (TopicKind.SmallTalk, World.Train, 68), (TopicKind.Harmful, World.Odd, 200),
            (TopicKind.Harmful, World.Train, 200),
        })
            foreach (var prompt in world.Sample(kind, split, Math.Min(count, world.Prompts(kind, split).Count), seed))
                yield return prompt;
    }

    /// <summary>The paper's layout, in which a request that follows an answer asks for a critique of it.</summary>
    private sealed class RequestFormat : IPromptFormat
    {
        public static readonly RequestFormat Instance = new();

        public string Name => "hh-critique";

        public IReadOnlyList<string> Stops => CritiqueLayout.Stops;

        public bool ControlTokens => false;

        public bool RolesAreTags => true;

        public string Prompt(Dialogue dialogue) => dialogue.Turns is [var asked, { Role: Role.Assistant } answer, var request]
            ? CritiqueLayout.CritiquePrompt("", Dialogue.Ask(asked.Text), answer.Text, request.Text)
            : HhFormat.Instance.Prompt(dialogue);

        public string Response(string response) => HhFormat.Instance.Response(response);
    }
}
