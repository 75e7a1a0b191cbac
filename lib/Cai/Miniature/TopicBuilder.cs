namespace Cai.Miniature;

/// <summary>Multiplies acts by targets and tasks by objects, fills every text, and splits the topics.</summary>
internal static class TopicBuilder
{
    /// <summary>Share of topics kept for evaluation.</summary>
    private const double EvalShare = 0.3;

    /// <summary>Odd topics of each act, task and pattern.</summary>
    private const int OddCount = 40;

    public static IReadOnlyList<Topic> Build(WorldFile file, string where)
    {
        var asks = Required(file.Sentences, "ask", where, "sentences");
        List<Topic> topics = [.. Harmful(file, asks, where), .. Tasks(file, TopicKind.Benign, file.Benign, asks, where),
            .. Tasks(file, TopicKind.Borderline, file.Borderline, asks, where), .. SmallTalk(file)];
        topics = [.. topics.DistinctBy(t => t.Does.Length > 0 && t.Split == World.Odd ? t.Does : t.Id)];
        // No odd topic may speak a real one's words: "store the coal for winter" would give away a held-out "store the coal".
        var real = topics.Where(t => t.Split != World.Odd && t.Does.Length > 0).ToLookup(t => t.Does.Split(' ')[0], t => t.Does + " ");
        topics.RemoveAll(t => t.Split == World.Odd && Says(t, real));
        foreach (var clash in topics.GroupBy(t => t.Id).Concat(topics.Where(t => t.Does.Length > 0).GroupBy(t => t.Does)).Where(g => g.Count() > 1))
            throw new CaiException($"Two topics share '{clash.Key}'.", "Give each act or task its own id and words.", where);
        return WithSeenParts(topics);
    }

    /// <summary>Whether a topic's own words contain one of the phrases, which end with a blank and are found by their first word.</summary>
    private static bool Says(Topic topic, ILookup<string, string> phrases) =>
        topic.Steps.Append(topic.Does).Append(topic.Method).Append(topic.Alternative).Any(text => Says(text + " ", phrases));

    private static bool Says(string text, ILookup<string, string> phrases)
    {
        for (int at = 0, end; at < text.Length; at = end + 1)
        {
            end = text.IndexOf(' ', at);
            if (phrases[text[at..end]].Any(phrase => text.AsSpan(at).StartsWith(phrase, StringComparison.Ordinal)))
                return true;
        }
        return false;
    }

    /// <summary>A target or object of which every topic was held out would be an unknown word: one of its topics goes back to training.</summary>
    private static List<Topic> WithSeenParts(List<Topic> topics)
    {
        var returned = topics.GroupBy(t => (t.Kind == TopicKind.Harmful, t.Kind == TopicKind.SmallTalk, t.Target))
            .Where(g => g.All(t => t.Split != World.Train) && g.Any(t => t.Split == World.Eval))
            .Select(g => g.Where(t => t.Split == World.Eval).MaxBy(t => Seeds.Derive(0, "split", t.Id))!.Id).ToHashSet();
        return [.. topics.Select(t => returned.Contains(t.Id) ? t with { Split = World.Train } : t)];
    }

    private static IEnumerable<Topic> Harmful(WorldFile file, List<string> asks, string where)
    {
        foreach (var (category, acts) in file.Acts)
        {
            if (!file.Categories.Contains(category))
                throw new CaiException($"Unknown category '{category}'.", "List it under categories.", $"{where}: acts");
            foreach (var act in acts)
            {
                var reason = Required(file.Reasons, act.Reason, where, $"acts.{act.Id}.reason");
                var eval = EvalMembers($"harmful/{act.Id}", act.Targets);
                foreach (var target in act.Targets.Concat(Odd($"harmful/{act.Id}", file.Targets.Keys.Except(act.Targets))))
                {
                    var victim = Required(file.Targets, target, where, $"acts.{act.Id}.targets");
                    string Text(string template, string my) => Phrase.Fill(template, ("t", target), ("v", victim), ("my", my));
                    yield return new Topic
                    {
                        Id = $"{TopicKind.Harmful}/{act.Id}-{target.ToLowerInvariant()}",
                        Kind = TopicKind.Harmful,
                        Act = act.Id,
                        Target = target,
                        Category = category,
                        Split = eval.Contains(target) ? World.Eval : act.Targets.Contains(target) ? World.Train : World.Odd,
                        Asks = [.. asks.Select(a => Phrase.Fill(a, ("do", Text(act.Do, "my"))))],
                        Does = Text(act.Do, "your"),
                        Tool = act.Tool,
                        Method = Text(act.Method, "your"),
                        Reason = Text(reason, "your"),
                        Alternative = Text(act.Alternative, "your"),
                        Victim = victim,
                    };
                }
            }
        }
    }

    private static IEnumerable<Topic> Tasks(WorldFile file, string kind, List<WorldFile.TaskEntry> tasks, List<string> asks, string where)
    {
        var materials = file.Objects.SelectMany(m => m.Value.Select(o => (Object: o, Material: m.Key))).ToDictionary(p => p.Object, p => p.Material);
        foreach (var task in tasks)
        {
            // Split within a material, so that the detail of every held-out pair can be learnt from a seen one.
            var eval = task.Objects.GroupBy(o => Required(materials, o, where, $"{kind}.{task.Id}.objects"))
                .SelectMany(g => EvalMembers($"{kind}/{task.Id}/{g.Key}", [.. g])).ToHashSet();
            foreach (var thing in task.Objects.Concat(OddObjects($"{kind}/{task.Id}", file.Objects, task.Objects)))
            {
                // An odd pair of a material that the task does not know takes one of its details, the same for the whole material.
                var detail = task.Objects.Contains(thing)
                    ? Required(task.Detail, materials[thing], where, $"{kind}.{task.Id}.detail")
                    : task.Detail.GetValueOrDefault(materials[thing]) ?? Seeds.Rng(0, "detail", task.Id, materials[thing]).Pick([.. task.Detail.Values]);
                var does = Phrase.Fill(task.Do, ("o", $"{Required(file.Materials, materials[thing], where, "materials")} {thing}"));
                yield return new Topic
                {
                    Id = $"{kind}/{task.Id}-{thing}",
                    Kind = kind,
                    Act = task.Id,
                    Target = thing,
                    Split = eval.Contains(thing) ? World.Eval : task.Objects.Contains(thing) ? World.Train : World.Odd,
                    Asks = [.. asks.Select(a => Phrase.Fill(a, ("do", does)))],
                    Does = does,
                    Steps = task.Steps.Count == 3
                        ? [.. task.Steps.Select(s => Phrase.Fill(s, ("o", thing), ("d", detail)))]
                        : throw new CaiException($"Task '{task.Id}' has {task.Steps.Count} steps.", "Give it three.", $"{where}: {kind}"),
                };
            }
        }
    }

    private static IEnumerable<Topic> SmallTalk(WorldFile file)
    {
        var anything = file.SmallTalk.SelectMany(p => p.Topics).Concat(file.Objects.SelectMany(m => m.Value)).Distinct().ToList();
        foreach (var pattern in file.SmallTalk)
        {
            var eval = EvalMembers($"small-talk/{pattern.Id}", pattern.Topics);
            foreach (var subject in pattern.Topics.Concat(Odd($"small-talk/{pattern.Id}", anything.Except(pattern.Topics))))
                yield return new Topic
                {
                    Id = $"{TopicKind.SmallTalk}/{pattern.Id}-{subject}",
                    Kind = TopicKind.SmallTalk,
                    Act = pattern.Id,
                    Target = subject,
                    Split = eval.Contains(subject) ? World.Eval : pattern.Topics.Contains(subject) ? World.Train : World.Odd,
                    Asks = [.. pattern.Ask.Select(a => Phrase.Sentence(Phrase.Fill(a, ("o", subject))))],
                    Replies = [.. pattern.Reply.Select(r => Phrase.Sentence(Phrase.Fill(r, ("o", subject))))],
                };
        }
    }

    /// <summary>
    /// Partners that do not fit ("prune the ticket"): with the few fitting ones alone, a model learns pairs by heart instead of learning to read the request.
    /// </summary>
    private static IEnumerable<string> Odd(string group, IEnumerable<string> others) =>
        others.OrderBy(m => Seeds.Derive(0, "odd", group, m)).Take(OddCount);

    /// <summary>Odd objects come by whole materials: that the material decides the detail can then be learnt from every task.</summary>
    private static List<string> OddObjects(string group, Dictionary<string, List<string>> materials, List<string> fitting)
    {
        var objects = new List<string>();
        foreach (var material in materials.OrderBy(m => Seeds.Derive(0, "odd", group, m.Key)))
            if (objects.Count < OddCount)
                objects.AddRange(material.Value.Except(fitting));
        return objects;
    }

    /// <summary>
    /// The members kept for evaluation: those with the lowest hash of their id, as many as the share asks for (the
    /// fraction is settled by the group's own hash), and never all.
    /// </summary>
    private static HashSet<string> EvalMembers(string group, IReadOnlyList<string> members)
    {
        var count = Math.Min(members.Count - 1, (int)(members.Count * EvalShare + Seeds.Rng(0, "split", group).NextDouble()));
        return [.. members.OrderBy(m => Seeds.Derive(0, "split", group, m)).Take(count)];
    }

    private static T Required<T>(Dictionary<string, T> map, string key, string where, string place) => map.TryGetValue(key, out var value)
        ? value
        : throw new CaiException($"'{key}' is used but not defined.", "Define it or use a defined one.", $"{where}: {place}");
}
