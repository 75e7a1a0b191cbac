using System.Globalization;
using Cai.Text;

namespace Cai.Miniature;

/// <summary>
/// The miniature world: every topic with its texts, split into `train` and `eval`. Evaluation topics never occur in a
/// document that a model learns from, but their act and their target each do: they are answered by composition.
/// </summary>
public sealed class World
{
    private readonly Dictionary<string, Topic> byId;
    private readonly Lazy<Dictionary<string, Topic>> byQuestion;
    private readonly Dictionary<string, Lazy<IReadOnlyList<Prompt>>> prompts;

    internal World(WorldFile file, string where)
    {
        File = file;
        Topics = TopicBuilder.Build(file, where);
        Critique = MiniaturePrinciples.Critique(file, where);
        Comparison = MiniaturePrinciples.Comparison(file, where);
        Grammar = new PrincipleGrammar(file, where);
        byId = Topics.ToDictionary(t => t.Id);
        byQuestion = new(() => ByQuestion(Topics));
        prompts = Topics.GroupBy(t => t.Kind + "/" + t.Split)
            .ToDictionary(group => group.Key, group => new Lazy<IReadOnlyList<Prompt>>(() => [.. group.SelectMany(PromptsOf)]));
    }

    public const string Train = "train";
    public const string Eval = "eval";

    /// <summary>Pairs that make no sense: they occur in documents only, where they teach that a request must be read, word by word.</summary>
    public const string Odd = "odd";

    /// <summary>All topics, in the order of the file.</summary>
    public IReadOnlyList<Topic> Topics { get; }

    public IReadOnlyList<CritiquePrinciple> Critique { get; }

    public IReadOnlyList<ComparisonPrinciple> Comparison { get; }

    /// <summary>The language in which further comparison principles can be written.</summary>
    public PrincipleGrammar Grammar { get; }

    public IReadOnlyList<string> Categories => File.Categories;

    internal WorldFile File { get; }

    /// <summary>Loads `world.yaml` from <paramref name="folder"/>, by default the `data/miniature` folder beside this assembly.</summary>
    /// <exception cref="CaiException">The file is missing, malformed or inconsistent.</exception>
    public static World Load(string? folder = null)
    {
        var path = Path.Combine(folder ?? Path.Combine(ShippedFiles.Folder, "data", "miniature"), "world.yaml");
        return new World(WorldFile.Read(path), path);
    }

    /// <summary>Every phrasing of every topic of a kind in a split, topic by topic.</summary>
    /// <param name="kind">One of <see cref="TopicKind.All"/>.</param>
    /// <param name="split">`train` or `eval`.</param>
    /// <exception cref="CaiException">Unknown kind or split.</exception>
    public IReadOnlyList<Prompt> Prompts(string kind, string split) => prompts.TryGetValue(kind + "/" + split, out var found)
        ? found.Value
        : throw new CaiException($"No prompts of kind '{kind}' in split '{split}'.",
            $"Kinds are {string.Join(", ", TopicKind.All)}; splits are train and eval.");

    /// <summary>
    /// <paramref name="n"/> distinct prompts drawn by <paramref name="seed"/>; as many different topics as possible
    /// come before a second phrasing of any. A larger n extends a smaller one.
    /// </summary>
    /// <exception cref="CaiException">Fewer than n exist, or an unknown kind or split.</exception>
    public IReadOnlyList<Prompt> Sample(string kind, string split, int n, long seed)
    {
        var all = Prompts(kind, split);
        if (n > all.Count || n < 0)
            throw new CaiException($"{n} prompts of kind '{kind}' were asked for, but split '{split}' has {all.Count}.", "Ask for fewer.");
        var groups = all.GroupBy(p => p.Tags["topic"]).Select(g => g.ToArray()).ToArray();
        foreach (var group in groups)
            Seeds.Rng(seed, "phrasing", group[0].Id).Shuffle(group);
        Seeds.Rng(seed, "topics", kind, split).Shuffle(groups);
        var longest = groups.Max(g => g.Length);
        return [.. Enumerable.Range(0, longest).SelectMany(i => groups.Where(g => i < g.Length).Select(g => g[i])).Take(n)];
    }

    /// <summary>The topic that a prompt asks about, by its tag or, for prompts that came another way, by the words of its last human turn.</summary>
    /// <exception cref="CaiException">The prompt is not of this world.</exception>
    public Topic TopicOf(Prompt prompt) => FindTopic(prompt)
        ?? throw new CaiException($"Prompt '{prompt.Id}' is not of the miniature world.",
            "The oracle judges only prompts of world.yaml; use a language model as the judge for others.");

    /// <summary>As <see cref="TopicOf"/>; null when the prompt is not of this world.</summary>
    public Topic? FindTopic(Prompt prompt) =>
        prompt.Tags.TryGetValue("topic", out var id) && byId.TryGetValue(id, out var tagged) ? tagged
        : byQuestion.Value.GetValueOrDefault(Phrase.Normalise(prompt.Dialogue.LastHuman()));

    /// <summary>The topic with this id, for example `harmful/steal-bicycle`.</summary>
    /// <exception cref="CaiException">There is none.</exception>
    public Topic Topic(string id) => byId.GetValueOrDefault(id)
        ?? throw new CaiException($"The miniature world has no topic '{id}'.", "Topic ids are kind/act-target, as in world.yaml.");

    /// <summary>The prompts of one topic, one a phrasing.</summary>
    public IEnumerable<Prompt> PromptsOf(Topic topic)
    {
        var tags = new Dictionary<string, string>
        {
            ["topic"] = topic.Id,
            ["kind"] = topic.Kind,
            ["act"] = topic.Act,
            ["target"] = topic.Target,
            ["category"] = topic.Category,
            ["split"] = topic.Split,
        };
        return topic.Asks.Select((ask, i) =>
            new Prompt($"{topic.Id}/{i.ToString(CultureInfo.InvariantCulture)}", Dialogue.Ask(ask), topic.Kind) { Tags = tags });
    }

    private static Dictionary<string, Topic> ByQuestion(IReadOnlyList<Topic> topics)
    {
        var found = new Dictionary<string, Topic>(StringComparer.Ordinal);
        foreach (var topic in topics)
            foreach (var ask in topic.Asks)
                found.TryAdd(Phrase.Normalise(ask), topic);
        return found;
    }

    /// <summary>The phrasings of a kind of sentence, slots unfilled.</summary>
    internal IReadOnlyList<string> Templates(string key) => File.Sentences.TryGetValue(key, out var found) && found.Count > 0
        ? found
        : throw new CaiException($"The world has no sentences of kind '{key}'.", "Restore the entry in world.yaml.", $"sentences.{key}");
}
