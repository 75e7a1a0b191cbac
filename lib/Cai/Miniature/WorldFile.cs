using Cai.Storage;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Cai.Miniature;

/// <summary>`world.yaml` as it is written; the comments there explain every part. <see cref="World"/> is what it means.</summary>
public sealed class WorldFile
{
    public Dictionary<string, List<string>> Sentences { get; set; } = [];
    public List<string> Peoples { get; set; } = [];
    public Dictionary<string, List<string>> Problems { get; set; } = [];
    public Dictionary<string, string> Reasoning { get; set; } = [];
    public List<string> Categories { get; set; } = [];
    public Dictionary<string, string> Reasons { get; set; } = [];
    public Dictionary<string, string> Targets { get; set; } = [];
    public Dictionary<string, List<ActEntry>> Acts { get; set; } = [];
    public Dictionary<string, string> Materials { get; set; } = [];
    public Dictionary<string, List<string>> Objects { get; set; } = [];
    public List<TaskEntry> Benign { get; set; } = [];
    public List<TaskEntry> Borderline { get; set; } = [];
    public List<SmallTalkEntry> SmallTalk { get; set; } = [];
    public PrinciplesEntry Principles { get; set; } = new();

    public sealed class ActEntry
    {
        public string Id { get; set; } = "";
        public string Do { get; set; } = "";
        public string Tool { get; set; } = "";
        public string Method { get; set; } = "";
        public string Reason { get; set; } = "";
        public string Alternative { get; set; } = "";
        public List<string> Targets { get; set; } = [];
    }

    public sealed class TaskEntry
    {
        public string Id { get; set; } = "";
        public string Do { get; set; } = "";
        public Dictionary<string, string> Detail { get; set; } = [];
        public List<string> Objects { get; set; } = [];
        public List<string> Steps { get; set; } = [];
    }

    public sealed class SmallTalkEntry
    {
        public string Id { get; set; } = "";
        public List<string> Topics { get; set; } = [];
        public List<string> Ask { get; set; } = [];
        public List<string> Reply { get; set; } = [];
    }

    public sealed class PrinciplesEntry
    {
        public List<CritiqueEntry> Critique { get; set; } = [];
        public List<ComparisonEntry> Comparison { get; set; } = [];
        public GrammarEntry Grammar { get; set; } = new();
    }

    public sealed class GrammarEntry
    {
        public List<string> Choose { get; set; } = [];
        public List<string> ChooseHarmless { get; set; } = [];
        public List<string> One { get; set; } = [];
        public List<string> Two { get; set; } = [];
        public List<string> Three { get; set; } = [];
        public List<ClauseEntry> Clauses { get; set; } = [];
    }

    public sealed class ClauseEntry
    {
        public string Id { get; set; } = "";
        public Dictionary<string, double> Weights { get; set; } = [];
        public List<string> Likes { get; set; } = [];
        public List<string> Dislikes { get; set; } = [];
    }

    public sealed class CritiqueEntry
    {
        public string Id { get; set; } = "";
        public List<string> CritiqueRequest { get; set; } = [];
        public List<string> RevisionRequest { get; set; } = [];
        public List<CoverEntry> Covers { get; set; } = [];
    }

    public sealed class CoverEntry
    {
        public List<string> Problems { get; set; } = [];

        /// <summary>Harm categories; empty means all, requests that are no harm included.</summary>
        public List<string> Categories { get; set; } = [];
    }

    public sealed class ComparisonEntry
    {
        public string Id { get; set; } = "";
        public List<string> Principle { get; set; } = [];
        public Dictionary<string, double> Weights { get; set; } = [];
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="CaiException">The file is missing or is not YAML of this shape; names file and line.</exception>
    public static WorldFile Read(string path)
    {
        if (!File.Exists(path))
            throw new CaiException("The world of the miniature is missing.",
                "Build lib/Cai, which copies data/miniature beside its assembly, or pass the folder that holds world.yaml.", path);
        var reader = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).WithDuplicateKeyChecking().Build();
        var text = OutsideYaml.ReadText(path, "Restore world.yaml.");
        try
        {
            OutsideYaml.Check(text, path);
            return reader.Deserialize<WorldFile>(text)
                ?? throw new CaiException("The file is empty.", "Restore world.yaml.", path);
        }
        catch (YamlException e)
        {
            throw new CaiException($"Not a world file: {(e.InnerException ?? e).Message}", "Compare the entry with its neighbours in world.yaml.",
                $"{path}:{e.Start.Line}", e);
        }
    }
}
