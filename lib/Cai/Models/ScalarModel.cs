using Cai.Torch;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>
/// A decoder with a scalar head: a preference model (score of the last token) or a critic (value of every token).
/// The head is `score.weight` [1, hidden], no bias, as in Hugging Face's LlamaForSequenceClassification.
/// </summary>
public sealed class ScalarModel : IDisposable
{
    private const string Head = "score.weight";

    public ScalarModel(DecoderConfig config, ParameterSet parameters)
    {
        Parameters = parameters;
        Decoder = new Decoder(config, parameters, owns: false);
    }

    public Decoder Decoder { get; }

    /// <summary>The decoder's weights and the head's, trained together.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The weights of a scalar model. The language-model head is left out when it is a matrix of its own.</summary>
    public static List<ParameterShape> Shapes(DecoderConfig config) =>
        [.. Models.Decoder.Shapes(config with { TiedHead = true }), new(Head, [1, config.HiddenSize])];

    /// <summary>
    /// Starts from a language model's weights. The head is drawn from N(0, 1/(hidden+1)) (summarize-from-feedback) so that
    /// scores start near zero with unit scale; with <paramref name="zeroHead"/> it is zero (a critic without a PM).
    /// </summary>
    public static ScalarModel FromLanguageModel(Decoder model, long seed, bool zeroHead = false)
    {
        var config = model.Config with { TiedHead = true };
        var parameters = new ParameterSet(Shapes(config), model.Parameters.Flat.dtype, model.Device);
        parameters.CopyShared(model.Parameters);
        model.Adapter?.MergeInto(parameters);
        if (!zeroHead)
        {
            using var scope = NewDisposeScope();
            using var guard = no_grad();
            using var generator = new Generator((ulong)seed, model.Device);
            parameters[Head].detach().copy_(randn([1, config.HiddenSize], device: model.Device, generator: generator).Div(Math.Sqrt(config.HiddenSize + 1.0)));
        }
        return new ScalarModel(config, parameters);
    }

    /// <summary>A copy with weights of its own.</summary>
    public ScalarModel Clone() => new(Decoder.Config, Parameters.Clone()) { Decoder = { Adapter = Decoder.Adapter?.Clone() } };

    /// <summary>Adds the adapter's updates to the weights for good, its head in the place of ours, and lets go of it; nothing happens without one.</summary>
    public void Merge() => Decoder.Merge(); // the decoder works on the same set of weights

    /// <summary>The very same weights with gradients of their own (<see cref="GradientLanes{TModel}"/>).</summary>
    internal (ScalarModel Model, ParameterSet Parameters) Twin()
    {
        var twin = Parameters.Twin();
        return (new ScalarModel(Decoder.Config, twin) { Decoder = { GradientCheckpointing = Decoder.GradientCheckpointing } }, twin);
    }

    /// <summary>A value for every position: [batch, time] ids to [batch, time].</summary>
    public Tensor Values(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return Score(Decoder.Hidden(ids)).MoveToOuterDisposeScope();
    }

    /// <summary>The score read at the last real token of each row (HH, Bai et al. 2022a, A.2: the end-of-context token).</summary>
    /// <param name="ids">[batch, time], right-padded.</param>
    /// <param name="lengths">[batch], int64: real tokens in each row.</param>
    /// <returns>[batch]</returns>
    public Tensor Scores(Tensor ids, Tensor lengths)
    {
        using var scope = NewDisposeScope();
        var hidden = Decoder.Hidden(ids);
        var last = lengths.Sub(1).view(-1, 1, 1).expand(hidden.shape[0], 1, hidden.shape[2]);
        return Score(hidden.gather(1, last).squeeze(1)).MoveToOuterDisposeScope();
    }

    private Tensor Score(Tensor hidden)
    {
        var head = Decoder.Adapter?.ScoreHead ?? Parameters[Head];
        return F.linear(hidden.to(head.dtype), head).squeeze(-1).to(ScalarType.Float32);
    }

    public void Dispose()
    {
        Decoder.Dispose();
        Parameters.Dispose();
    }
}
