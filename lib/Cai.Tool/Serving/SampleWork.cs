using Cai.Generation;

namespace Cai.Tool.Serving;

/// <summary>One sample of one prompt.</summary>
/// <param name="onTokens">Called on the model thread with all tokens so far, after each but an end token.</param>
internal sealed class SampleWork(ServedModel model, TokenPrompt prompt, int maxTokens, double temperature, StopStrings? stops,
    Action<IReadOnlyList<int>>? onTokens, CancellationToken abandoned) : ModelWork
{
    private readonly TaskCompletionSource<TokenSample> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TokenSample> Result => result.Task;

    public override bool IsAbandoned => abandoned.IsCancellationRequested;

    private (ServedModel, int, double) Kind => (model, maxTokens, temperature);

    public override bool Joins(ModelWork other) => other is SampleWork sample && sample.Kind == Kind;

    public override void Run(IReadOnlyList<ModelWork> batch, CancellationToken stopping)
    {
        var all = batch.Cast<SampleWork>().ToList();
        var options = new SamplerOptions { MaxTokens = maxTokens, Temperature = temperature, EndIds = model.Language.EndIds };
        var samples = new Sampler(model.Language.Decoder).Sample([.. all.Select(w => w.Prompt)], options, (i, ids) => all[i].Ended(ids), cancel: stopping);
        for (var i = 0; i < all.Count; i++)
            all[i].result.TrySetResult(samples[i]);
    }

    public override void Fail(Exception error) => result.TrySetException(error);

    private TokenPrompt Prompt => prompt;

    private bool Ended(IReadOnlyList<int> ids)
    {
        onTokens?.Invoke(ids);
        return abandoned.IsCancellationRequested || stops?.Reached(prompt.Ids, ids) == true;
    }
}

/// <summary>Log-probabilities of the tokens of one text.</summary>
internal sealed class ReadWork(ServedModel model, TokenReadRequest request, int top, double temperature, CancellationToken abandoned) : ModelWork
{
    private readonly TaskCompletionSource<IReadOnlyList<ReadToken>> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<IReadOnlyList<ReadToken>> Result => result.Task;

    public override bool IsAbandoned => abandoned.IsCancellationRequested;

    private (ServedModel, int, double) Kind => (model, top, temperature);

    private TokenReadRequest Request => request;

    public override bool Joins(ModelWork other) => other is ReadWork read && read.Kind == Kind;

    public override void Run(IReadOnlyList<ModelWork> batch, CancellationToken stopping)
    {
        var all = batch.Cast<ReadWork>().ToList();
        var read = new TokenReader(model.Language.Decoder).Read([.. all.Select(w => w.Request)], top, temperature, stopping);
        for (var i = 0; i < all.Count; i++)
            all[i].result.TrySetResult(read[i]);
    }

    public override void Fail(Exception error) => result.TrySetException(error);
}
