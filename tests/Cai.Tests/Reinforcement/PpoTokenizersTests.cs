using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Text;
using Cai.Text.Tokenizers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

/// <summary>Token ids pass from the policy to the preference model, and every end token ends a response.</summary>
public sealed class PpoTokenizersTests : IDisposable
{
    private static readonly PpoOptions Options = new()
    {
        Iterations = 1, RolloutsPerIteration = 48, MaxNewTokens = 200, Epochs = 1, MissingEosValue = -9, SamplerTolerance = 1e-2,
    };
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public PpoTokenizersTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private string Folder(string name, string corpus = "ab", int vocabulary = 258)
    {
        var path = folder.Path(name);
        Directory.CreateDirectory(path);
        var tokenizer = BpeTrainer.Train([corpus], new() { VocabularySize = vocabulary }).Save(path);
        using var model = Decoder.Create(Tiny.Config with { VocabularySize = tokenizer.VocabularySize, MaxPositions = 256 }, 1);
        HuggingFaceFolder.Save(path, model, tokenizer);
        return path;
    }

    [Fact]
    public void EveryEndTokenEndsAResponseAndCountsAsOne()
    {
        var path = Folder("policy");
        File.WriteAllText(Path.Combine(path, "generation_config.json"), """{ "eos_token_id": [0, 66, 67] }""");
        var tokenizer = TokenizerJson.Load(path);
        Assert.Equal([0, 66, 67], tokenizer.EndIds);
        using var policy = HuggingFaceFolder.LoadDecoder(path);
        using var reference = HuggingFaceFolder.LoadDecoder(path);
        using var critic = ScalarModel.FromLanguageModel(reference, 1, zeroHead: true);
        using var trainer = new PpoTrainer(policy, reference, critic, tokenizer, r => [.. r.Select(_ => 1.0)], Options);
        using var rollout = trainer.Collect([.. Enumerable.Range(0, 48).Select(i => new Prompt($"p{i}", Dialogue.Ask("hi")))]);
        // Each of 258 tokens is about as likely: most responses of up to 200 draw one of the three.
        Assert.Contains(rollout.Responses, r => r.Ids[^1] == 66);
        Assert.Contains(rollout.Responses, r => r.Ids[^1] == 67);
        Assert.All(rollout.Responses, r => Assert.DoesNotContain(r.Ids[..^1], id => id is 0 or 66 or 67));
        Assert.All(rollout.Responses, r => Assert.Equal(r.Ids[^1] is 0 or 66 or 67, r.Finished));
        Assert.Equal(rollout.Responses.Select(r => r.Finished ? 1.0 : -9), Tiny.Numbers(rollout.Scores));
        var (second, text) = (rollout.Responses.First(r => r.Ids[^1] == 66), tokenizer.TokenText(66));
        Assert.DoesNotContain(text, second.Text);
        Assert.Equal(1, PpoMath.ScoreColumn([5, 66, 7], tokenizer.EndIds, ScorePosition.Eos, 9));
    }

    [Fact]
    public void APreferenceModelReadsTheEndTokenItWasTrainedWith()
    {
        var path = Folder("pm");
        File.WriteAllText(Path.Combine(path, "generation_config.json"), """{ "eos_token_id": [0, 66] }""");
        using var language = HuggingFaceFolder.Load(path);
        using var model = new PreferenceModel(ScalarModel.FromLanguageModel(language.Decoder, 1), language.Tokenizer);
        int[] prompt = language.Tokenizer.EncodePrompt(HhFormat.Instance, Dialogue.Ask("q")), answer = language.Tokenizer.Encode(" yes");
        var expected = model.Score(Dialogue.Ask("q"), "yes");
        Assert.Equal([expected, expected, expected],
            model.ScoreTokens([prompt, prompt, prompt], [answer, [.. answer, 0], [.. answer, 66]]), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Contains("token 9999", Assert.Throws<CaiException>(() => model.ScoreTokens([prompt], [[9999]])).Message);
    }

    /// <summary>The same pieces under other ids, and the same ids cut in other places, are other tokenizers.</summary>
    [Fact]
    public void APreferenceModelOfAnotherTokenizerIsRefused()
    {
        var policy = Folder("policy", "low lower lowest low lower", 264);
        string Judge(string name, string corpus, int vocabulary)
        {
            var start = Folder(name + "-start", corpus, vocabulary);
            using var model = HuggingFaceFolder.Load(start);
            using var scalar = ScalarModel.FromLanguageModel(model.Decoder, 1);
            HuggingFaceFolder.SaveScalar(folder.Path(name), scalar, model.Tokenizer, start);
            return folder.Path(name);
        }
        var options = Options with { RolloutsPerIteration = 2, MaxNewTokens = 4 };
        var error = Assert.Throws<CaiException>(() => PpoSession.Open(policy, Judge("other", "new newer newest new newer", 264), options));
        Assert.Contains("the preference model differ: token", error.Message);
        Assert.Contains("preference model differ", Assert.Throws<CaiException>(() => PpoSession.Open(policy, Judge("small", "ab", 258), options)).Message);
        using var session = PpoSession.Open(policy, Judge("same", "low lower lowest low lower", 264), options);
        using var rollout = session.Trainer.Collect([new Prompt("p", Dialogue.Ask("q"))]);
        Assert.Single(rollout.Responses);
    }

    [Fact]
    public void ANetworkThatDoesNotKnowTheTokensIsRefused()
    {
        using var policy = Tiny.Model();
        using var reference = Tiny.Model();
        using var small = Tiny.Model(config: Tiny.Config with { VocabularySize = 20 });
        using var critic = ScalarModel.FromLanguageModel(small, 1);
        Assert.Contains("the critic knows 20",
            Assert.Throws<CaiException>(() => new PpoTrainer(policy, reference, critic, new Tiny.Letters(), PpoSetup.CountTwos)).Message);
    }
}
