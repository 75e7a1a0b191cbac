using Cai.Miniature;

namespace Cai.Tests.Miniature;

/// <summary>The world is immutable: one copy serves all tests.</summary>
internal static class Fixture
{
    public static World World { get; } = World.Load();
    public static Oracle Oracle { get; } = new(World);
    public static ResponseWriter Writer { get; } = new(World);

    public static Cai.Text.Prompt Prompt(string topic) => World.PromptsOf(World.Topic(topic)).First();

    public static Verdict Judge(string topic, string response) => Oracle.Judge(Prompt(topic), response);
}
