using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// What of a model is trained, and how much memory that takes; the same option in supervised, preference and PPO training.
/// Device and type of the weights are those that the model was loaded with (<see cref="LoadOptions"/>).
/// </summary>
public sealed record TuningOptions
{
    /// <summary>Train low-rank updates and leave the weights as they are; null trains all weights (the paper).</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>
    /// Keep each layer's input alone and compute the layer again for its gradient: a third more work, a fraction of the memory for activations.
    /// </summary>
    public bool GradientCheckpointing { get; init; }
}

/// <summary>
/// The weights of a model that a trainer changes, with their optimiser: all of them; a float32 master copy when the model
/// itself is bf16 or f16, since an update below 1/256 of a bf16 weight would be lost; or an adapter's.
/// </summary>
public sealed class TrainableWeights : IDisposable
{
    private readonly ParameterSet model;
    private readonly ParameterSet? master;
    private readonly FlatAdamW optimiser;
    private readonly ParameterSet trained;

    private TrainableWeights(Decoder decoder, ParameterSet model, TuningOptions? options, AdamWOptions? adamW, Func<LoraOptions, LoraAdapter> attach)
    {
        this.model = model;
        decoder.GradientCheckpointing = options?.GradientCheckpointing ?? false;
        if (decoder.Adapter is not null && options?.Lora is null)
            throw new CaiException("The model has an adapter, but all weights are to be trained.",
                "Merge it first (Decoder.Merge), or set Lora to go on training it.", "TuningOptions: Lora");
        if (options?.Lora is { } lora)
            trained = (decoder.Adapter ?? attach(lora)).Parameters;
        else if (model.Flat.dtype == ScalarType.Float32)
            trained = model;
        else
        {
            model.EnableGradients();
            trained = master = new ParameterSet(model.Shapes, device: model.Flat.device);
            master.CopyFrom(model);
        }
        optimiser = new FlatAdamW(trained, adamW);
        InPlaceAndSmall = trained == model && decoder.IsSmall;
    }

    /// <summary>A language model's.</summary>
    /// <exception cref="CaiException">The model has an adapter that is not asked for, or a target module is unknown.</exception>
    public static TrainableWeights Of(Decoder model, TuningOptions? options = null, AdamWOptions? adamW = null) =>
        new(model, model.Parameters, options, adamW, lora => LoraAdapter.Attach(model, lora));

    /// <summary>A scalar model's, its head always among them.</summary>
    /// <inheritdoc cref="Of(Decoder, TuningOptions?, AdamWOptions?)"/>
    public static TrainableWeights Of(ScalarModel model, TuningOptions? options = null, AdamWOptions? adamW = null) =>
        new(model.Decoder, model.Parameters, options, adamW, lora => LoraAdapter.Attach(model, lora));

    /// <summary>Whether the model's own float32 weights are trained, and batches side by side pay (<see cref="Decoder.IsSmall"/>).</summary>
    internal bool InPlaceAndSmall { get; }

    /// <summary>Number of trained weights.</summary>
    public long Count => trained.Count;

    /// <summary>To be called after each backward pass: gradients of bf16 weights are summed in float32, where small ones survive.</summary>
    public void Accumulate()
    {
        if (master is null)
            return;
        using var guard = no_grad();
        master.FlatGrad!.AddInPlace(model.FlatGrad!);
        model.ZeroGradients();
    }

    /// <summary>Adds gradients of all weights, [Count].</summary>
    internal void Add(Tensor gradients)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        trained.FlatGrad!.AddInPlace(gradients);
    }

    /// <inheritdoc cref="FlatAdamW.Step"/>
    public double Step(double learningRate)
    {
        var norm = optimiser.Step(learningRate);
        Publish();
        return norm;
    }

    public void ZeroGradients()
    {
        model.ZeroGradients();
        trained.ZeroGradients();
    }

    /// <summary>What a checkpoint must hold of these weights.</summary>
    public TrainedPart Part(string name) => new(name, trained, optimiser) { Restored = Publish };

    public void Dispose()
    {
        optimiser.Dispose();
        master?.Dispose();
    }

    /// <summary>The model computes with its master's weights, rounded.</summary>
    private void Publish()
    {
        if (master is not null)
            model.CopyFrom(master);
    }
}
