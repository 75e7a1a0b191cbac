using System.Text.Json.Nodes;

namespace Cai.Generation.Remote;

/// <summary>Log-probabilities of continuations from a server, in the ways of <see cref="RemoteScoring"/>.</summary>
internal sealed class RemoteScorer(RemoteOptions options, HttpTransport transport, RemoteRequests requests) : IDisposable
{
    private const string Probe = "One two three";

    private readonly SemaphoreSlim probing = new(1);
    private RemoteScoring? found;

    /// <summary>The way of scoring: the one asked for, or the one that the server supports.</summary>
    public async Task<RemoteScoring> MethodAsync(CancellationToken cancel)
    {
        if (options.Scoring != RemoteScoring.Auto)
            return options.Scoring;
        if (options.Endpoint == RemoteEndpoint.Chat)
            return RemoteScoring.NextToken;
        await probing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return found ??= await EchoedAsync(Probe, cancel).ConfigureAwait(false) is { } echoed
                && Tail(echoed.Row, Probe[3..]) is not null ? RemoteScoring.Echo
                : await PromptedAsync(Probe, cancel).ConfigureAwait(false) is { Row.Texts.Count: > 0 } ? RemoteScoring.PromptLogProbs
                : RemoteScoring.NextToken;
        }
        catch (RemoteException e) when (e.Status is 404 or 405)
        {
            throw new RemoteException(e.Problem, "If the server has only chat/completions, ask it over chat (Endpoint = Chat, --chat).",
                e.Where ?? "", e.Status, e);
        }
        finally
        {
            probing.Release();
        }
    }

    /// <summary>One value for each continuation.</summary>
    public async Task<IReadOnlyList<double?>> ScoreAsync(ScoreRequest request, RemoteScoring method, CancellationToken cancel)
    {
        switch (method)
        {
            case RemoteScoring.None:
                throw new CaiException($"Log-probabilities were asked of '{options.Model}', which was opened without them.",
                    "Choose a way of scoring, for example Auto.");
            case RemoteScoring.NextToken:
                var next = await NextAsync(request.Prompt, cancel).ConfigureAwait(false);
                return [.. request.Continuations.Select(c => c.Length == 0 ? 0 : Whole(next, c))];
            case RemoteScoring.FirstDifference:
                return await FirstDifferenceAsync(request, cancel).ConfigureAwait(false);
        }
        var scores = new List<double?>();
        foreach (var continuation in request.Continuations)
            scores.Add(continuation.Length == 0 ? 0 : await WholeAsync(request.Prompt, continuation, method, cancel).ConfigureAwait(false));
        return scores;
    }

    public void Dispose() => probing.Dispose();

    private sealed record Listing(TokenRow Row, IReadOnlyList<string> Ids);

    /// <summary>
    /// The continuation's tokens are the last ones whose spellings make up its text. Where spellings do not tell (parts of
    /// characters, another sign for blanks), they are those after as many tokens as the prompt alone has. A token that
    /// stands across the border makes the value unknown.
    /// </summary>
    private async Task<double?> WholeAsync(string prompt, string continuation, RemoteScoring method, CancellationToken cancel)
    {
        var whole = await ListAsync(prompt + continuation, method, cancel).ConfigureAwait(false)
            ?? throw RemoteAnswer.Unreadable($"it lists no log-probabilities of the prompt, which scoring by {method} needs", transport.Address.AbsoluteUri);
        if (Tail(whole.Row, continuation) is { } from)
            return Sum(whole.Row, from);
        if (prompt.Length == 0)
            return null;
        var before = await ListAsync(prompt, method, cancel).ConfigureAwait(false);
        return before is not null && before.Ids.Count < whole.Ids.Count && before.Ids.SequenceEqual(whole.Ids.Take(before.Ids.Count))
            ? Sum(whole.Row, before.Ids.Count)
            : null;
    }

    private Task<Listing?> ListAsync(string text, RemoteScoring method, CancellationToken cancel) =>
        method == RemoteScoring.Echo ? EchoedAsync(text, cancel) : PromptedAsync(text, cancel);

    /// <summary>Null when the server does not echo: some refuse the field, llama.cpp ignores it and lists what it sampled.</summary>
    private Task<Listing?> EchoedAsync(string text, CancellationToken cancel) => SupportedAsync(requests.Echo(text), answer =>
    {
        var choice = RemoteAnswer.Choice(answer, transport.Address.AbsoluteUri);
        if (WireJson.Text(choice, "text") is not { } echoed || !echoed.TrimStart().StartsWith(text.Trim(), StringComparison.Ordinal)
            || RemoteAnswer.Tokens(choice) is not { } row)
            return null;
        // Where no token can be sampled but one is, it stands at the end.
        var count = (int)Math.Min(row.Texts.Count, WireJson.Integer(answer, "usage", "prompt_tokens") ?? int.MaxValue);
        row = new TokenRow([.. row.Texts.Take(count)], [.. row.LogProbs.Take(count)]);
        return new Listing(row, row.Texts);
    }, cancel);

    private Task<Listing?> PromptedAsync(string text, CancellationToken cancel) => SupportedAsync(requests.PromptLogProbs(text),
        answer => RemoteAnswer.PromptTokens(answer) is { } prompt ? new Listing(prompt.Row, prompt.Ids) : null, cancel);

    private async Task<Listing?> SupportedAsync(JsonObject body, Func<JsonObject, Listing?> read, CancellationToken cancel)
    {
        try
        {
            return await transport.PostAsync(requests.Path, body, "", read, cancel).ConfigureAwait(false);
        }
        catch (RemoteException e) when (options.Scoring == RemoteScoring.Auto && found is null && e.Status is 400 or 422 or 501)
        {
            return null; // the server does not know the field: that is what the probe asks
        }
    }

    private async Task<IReadOnlyDictionary<string, double>> NextAsync(string prompt, CancellationToken cancel) =>
        await transport.PostAsync(requests.Path, requests.NextToken(prompt), "", answer => RemoteAnswer.NextTokens(answer, transport.Address.AbsoluteUri),
            cancel).ConfigureAwait(false)
        ?? throw RemoteAnswer.Unreadable("it lists no next tokens", transport.Address.AbsoluteUri);

    /// <summary>A chat template ends where the answer begins, so an answer counts with and without the blank before it.</summary>
    private double? Whole(IReadOnlyDictionary<string, double> next, string continuation) =>
        options.Endpoint == RemoteEndpoint.Chat ? LogSum(next, token => token.TrimStart() == continuation.TrimStart())
        : next.TryGetValue(continuation, out var logProb) ? logProb
        : null;

    /// <summary>
    /// A token counts for the continuation that it begins, after what all of them share. Over chat an answer may also begin anew, " (" and all, so what is
    /// shared counts before the letter, too; and where the answer's first token is as yet that beginning alone, "(", the letter comes behind it, and letters
    /// listed beside it are noise: then the values are unknown.
    /// </summary>
    private async Task<IReadOnlyList<double?>> FirstDifferenceAsync(ScoreRequest request, CancellationToken cancel)
    {
        var chat = options.Endpoint == RemoteEndpoint.Chat;
        var shared = SharedBeginning(request.Continuations);
        var next = await NextAsync(request.Prompt + shared, cancel).ConfigureAwait(false);
        var rests = request.Continuations.Select(o => chat && shared.Length == 0 ? o.TrimStart() : o[shared.Length..]).ToList();
        var opening = shared.Trim();
        var values = rests.Select((_, i) => LogSum(next, token => Chosen(token) == i)).ToList();
        var undecided = chat && opening.Length > 0
            ? LogSum(next, token => token.Trim() is { Length: > 0 } t && opening.StartsWith(t, StringComparison.Ordinal))
            : null;
        return undecided > values.Max() || undecided is not null && values.TrueForAll(v => v is null) ? [.. values.Select(_ => (double?)null)] : values;

        int Chosen(string token)
        {
            var start = chat ? token.TrimStart() : token;
            if (chat && opening.Length > 0 && start.StartsWith(opening, StringComparison.Ordinal))
                start = start[opening.Length..];
            var fitting = rests.Select((rest, i) => (rest, i)).Where(r => start.Length > 0 && r.rest.StartsWith(start, StringComparison.Ordinal)).ToList();
            return fitting is [var only] ? only.i : -1;
        }
    }

    /// <summary>What all begin with, without blanks at its end: tokenizers put those before the next word.</summary>
    private static string SharedBeginning(IReadOnlyList<string> texts)
    {
        if (texts.Count < 2)
            return "";
        var length = 0;
        while (texts.All(t => t.Length > length && t[length] == texts[0][length]))
            length++;
        return texts[0][..length].TrimEnd();
    }

    private static double? LogSum(IReadOnlyDictionary<string, double> next, Func<string, bool> counts)
    {
        var values = next.Where(n => counts(n.Key)).Select(n => n.Value).ToList();
        if (values.Count == 0)
            return null;
        var top = values.Max();
        return double.IsNegativeInfinity(top) ? top : top + Math.Log(values.Sum(v => Math.Exp(v - top)));
    }

    /// <summary>Index of the first of the last tokens that spell <paramref name="text"/>; null when none does, or more than one.</summary>
    private static int? Tail(TokenRow row, string text)
    {
        var left = text.Length;
        var at = row.Texts.Count;
        while (left > 0 && at > 0 && text.AsSpan(0, left).EndsWith(row.Texts[at - 1], StringComparison.Ordinal))
            left -= row.Texts[--at].Length;
        // A token without text at the border may belong to either side.
        return left == 0 && (at == 0 || row.Texts[at - 1].Length > 0 || row.LogProbs[at - 1] is null) ? at : null;
    }

    private static double? Sum(TokenRow row, int from)
    {
        var sum = 0.0;
        for (var i = from; i < row.LogProbs.Count; i++)
            if (row.LogProbs[i] is { } value)
                sum += value;
            else
                return null;
        return sum;
    }
}
