using System.Diagnostics;
using Cai.Generation;
using Cai.Models;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>Lets the policy answer and computes everything that the update reads, without gradients.</summary>
internal sealed class RolloutCollector(
    Decoder policy, Decoder reference, ScalarModel critic, ITokenizer tokenizer, IPromptFormat format, RewardFunction reward, PpoOptions options)
{
    private readonly Sampler sampler = new(policy);
    private readonly ContinuationCodec codec = new(tokenizer);

    /// <summary>A rollout in five steps; the records between them are in RolloutSteps.cs.</summary>
    /// <param name="iteration">Names the samples' random streams together with prompt and row.</param>
    /// <param name="scoreUnit">What scores are divided by; null takes their standard deviation in this rollout when the options ask for it.</param>
    /// <param name="padTo">Least number of columns.</param>
    /// <exception cref="CaiException">A prompt is too long, a score is missing or not finite, or sampler and model disagree.</exception>
    public Rollout Collect(IReadOnlyList<Prompt> prompts, long iteration, double klCoefficient, double? scoreUnit, int padTo, CancellationToken cancel)
    {
        using var guard = no_grad();
        var watch = Stopwatch.StartNew();
        double Lap()
        {
            var seconds = watch.Elapsed.TotalSeconds;
            watch.Restart();
            return seconds;
        }

        // 1. The policy answers the prompts.
        var sampled = Sample(prompts, iteration, cancel);
        var sampleSeconds = Lap();

        // 2. The reward scores the answers.
        var scores = Score(sampled.Responses);
        var scoreSeconds = Lap();

        // 3. The networks read the answers: log-probabilities, the reference's, entropy and values.
        using var scope = NewDisposeScope();
        var networks = Evaluate(sampled, padTo, cancel);

        // 4. Scores and KL become rewards, rewards and values become advantages and returns.
        var targets = RewardAndAdvantage(sampled.Responses, scores, networks, klCoefficient, scoreUnit);
        var seconds = new PhaseSeconds(sampleSeconds, scoreSeconds, Old: Lap());

        // 5. All of it, with its metrics, in tensors that outlive this call.
        return Assemble(sampled.Responses, scores, networks, targets, klCoefficient, seconds);
    }

    private SampledResponses Sample(IReadOnlyList<Prompt> prompts, long iteration, CancellationToken cancel)
    {
        var ids = prompts.Select(p => PromptIds(p)).ToList();
        var settings = new SamplerOptions
        {
            MaxTokens = options.MaxNewTokens, Temperature = options.Temperature, EndIds = tokenizer.EndIds, BatchSize = options.SampleBatch,
        };
        var stops = options.Stops is { Count: > 0 } strings ? new StopStrings(codec, strings) : null;
        TokenPrompt[] asked = [.. ids.Select((p, i) => new TokenPrompt(p, Seeds.Derive(options.Seed, "rollout", iteration, i, prompts[i].Id)))];
        var samples = sampler.Sample(asked, settings,
            stops is null ? null : (i, sampled) => stops.Reached(ids[i], sampled), cancel: cancel);
        var responses = samples.Select((s, i) => s.Finish == FinishReason.StopString
            ? Stopped(prompts[i], ids[i], [.. s.Ids], stops!)
            : new PolicyResponse(prompts[i], ids[i], [.. s.Ids], Text(s), s.Finish == FinishReason.EndToken));
        return new([.. responses], [.. samples.Select(s => s.LogProbs)]);

        // Not every end token is one that decoding leaves out.
        string Text(TokenSample s) => tokenizer.Decode(s.Finish == FinishReason.EndToken ? [.. s.Ids.SkipLast(1)] : s.Ids);
    }

    private IReadOnlyList<double> Score(IReadOnlyList<PolicyResponse> responses)
    {
        var scores = reward(responses);
        if (scores.Count != responses.Count)
            throw new CaiException($"The reward function gave {scores.Count} scores for {responses.Count} responses.",
                "Return one score for each response, in their order.");
        for (var i = 0; i < scores.Count; i++)
            if (!double.IsFinite(scores[i]))
                throw new CaiException($"The reward function gave {scores[i]}; expected a finite number.",
                    "Correct the reward function or the preference model's weights.", $"prompt {responses[i].Prompt.Id}");
        return scores;
    }

    private NetworkOutputs Evaluate(SampledResponses sampled, int padTo, CancellationToken cancel)
    {
        var (responses, device) = (sampled.Responses, policy.Device);
        var time = Math.Max(padTo, responses.Max(r => MicroBatch.Values(r, options)));
        Tensor Blank(ScalarType type = ScalarType.Float32) => zeros([responses.Count, time], type, device);
        var outputs = new NetworkOutputs(Tokens: Blank(ScalarType.Int64), ResponseMask: Blank(ScalarType.Bool), ValueMask: Blank(ScalarType.Bool),
            SamplerLogProbs: Blank(), LogProbs: Blank(), RefLogProbs: Blank(), Entropy: Blank(), Values: Blank());
        using var shared = NewDisposeScope();
        var parts = MicroBatch.Cut(responses, Enumerable.Range(0, responses.Count), options.TokensPerMicroBatch, policy.IsSmall)
            .Select(rows => (Rows: rows, Batch: MicroBatch.Of(responses, rows, time, options, device))).ToList();
        static void Put(Tensor target, Tensor cells, Tensor flat) => target.view(-1).index_copy_(0, cells, flat);
        Action<int[], MicroBatch>[] networks =
        [
            (rows, batch) =>
            {
                var (logProbs, entropy) = batch.Policy(policy, options.Temperature);
                Put(outputs.LogProbs, batch.Cells, logProbs);
                Put(outputs.Entropy, batch.Cells, entropy);
                Put(outputs.SamplerLogProbs, batch.Cells, tensor(rows.SelectMany(r => sampled.LogProbs[r]).ToArray()).to(device));
                Put(outputs.Tokens, batch.Cells, batch.Targets);
                outputs.ResponseMask.view(-1).IndexFillInPlace(batch.Cells, 1);
                outputs.ValueMask.view(-1).IndexFillInPlace(batch.ValueCells, 1);
            },
            (_, batch) => Put(outputs.RefLogProbs, batch.Cells, batch.Policy(reference, options.Temperature).LogProbs),
            (_, batch) => Put(outputs.Values, batch.ValueCells, batch.Critic(critic)),
        ];
        Workers.Run(policy.IsSmall, parts.Count * networks.Length, piece =>
        {
            cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            var (rows, batch) = parts[piece / networks.Length];
            networks[piece % networks.Length](rows, batch);
        });
        return outputs;
    }

    private LearningTargets RewardAndAdvantage(
        IReadOnlyList<PolicyResponse> responses, IReadOnlyList<double> rawScores, NetworkOutputs networks, double klCoefficient, double? scoreUnit)
    {
        var (mask, valueMask, device) = (networks.ResponseMask, networks.ValueMask, policy.Device);
        var kl = PpoMath.Kl(networks.LogProbs, networks.RefLogProbs);
        var unit = options.ScaleScores ? scoreUnit ?? PpoMath.ScoreUnit(rawScores) : 1;
        float Scored(PolicyResponse r, int i) => (float)PpoMath.ScoreWithRule(rawScores[i] / unit, r.Finished, options.MissingEos, options.MissingEosValue);
        long Column(PolicyResponse r) => PpoMath.ScoreColumn(r.Ids, tokenizer.EndIds, options.ScorePosition, options.MaxNewTokens);
        var scores = tensor(responses.Select(Scored).ToArray(), device: device);
        var columns = tensor(responses.Select(Column).ToArray(), device: device);
        var rewards = PpoMath.Rewards(kl, mask, klCoefficient, scores, columns);
        if (options.WhitenRewards)
            rewards = PpoMath.Whiten(rewards, valueMask, shiftMean: false, options.Bessel);
        var (advantages, returns) = PpoMath.Gae(rewards, networks.Values, valueMask, options.Gamma, options.Lambda);
        advantages = options.WhitenAdvantages ? PpoMath.Whiten(advantages, mask, bessel: options.Bessel) : PpoMath.Masked(advantages, mask);
        return new(unit, scores, columns, kl, rewards, advantages, returns);
    }

    private Rollout Assemble(
        IReadOnlyList<PolicyResponse> responses, IReadOnlyList<double> rawScores, NetworkOutputs networks, LearningTargets targets,
        double klCoefficient, PhaseSeconds seconds)
    {
        var metrics = Metrics(responses, rawScores, networks, targets, klCoefficient, seconds);
        return new Rollout
        {
            Responses = responses, KlCoefficient = klCoefficient, ScoreUnit = targets.ScoreUnit, Metrics = metrics,
            Tokens = Keep(networks.Tokens), ResponseMask = Keep(networks.ResponseMask), ValueMask = Keep(networks.ValueMask),
            SamplerLogProbs = Keep(networks.SamplerLogProbs), LogProbs = Keep(networks.LogProbs), RefLogProbs = Keep(networks.RefLogProbs),
            Entropy = Keep(networks.Entropy), Values = Keep(networks.Values), Kl = Keep(targets.Kl),
            RawScores = Keep(tensor(rawScores.Select(x => (float)x).ToArray(), device: policy.Device)),
            Scores = Keep(targets.Scores), ScoreColumns = Keep(targets.ScoreColumns),
            Rewards = Keep(targets.Rewards), Advantages = Keep(targets.Advantages), Returns = Keep(targets.Returns),
        };
    }

    private Dictionary<string, double> Metrics(
        IReadOnlyList<PolicyResponse> responses, IReadOnlyList<double> rawScores, NetworkOutputs networks, LearningTargets targets,
        double klCoefficient, PhaseSeconds seconds)
    {
        var mismatch = SamplerMismatch(networks);
        double Mean(Tensor x) => x.sum(1).mean().ReadDouble();
        var (mask, valueMask) = (networks.ResponseMask, networks.ValueMask);
        var penalty = Mean(PpoMath.Masked(targets.Kl.Mul(-klCoefficient), mask));
        var meanReturn = PpoMath.MaskedMean(targets.Returns, valueMask);
        return new()
        {
            ["objective/kl"] = Mean(PpoMath.Masked(PpoMath.Kl(networks.LogProbs, networks.RefLogProbs, options.KlEstimator), mask)),
            ["objective/kl_coef"] = klCoefficient,
            ["objective/entropy"] = -Mean(networks.LogProbs),
            ["objective/scores"] = targets.Scores.mean().ReadDouble(),
            ["objective/raw_scores"] = rawScores.Average(),
            ["objective/non_score_reward"] = penalty,
            ["objective/rlhf_reward"] = targets.Scores.mean().ReadDouble() + penalty,
            ["returns/mean"] = meanReturn.ReadDouble(),
            ["returns/var"] = PpoMath.MaskedMean((targets.Returns - meanReturn).Square(), valueMask).ReadDouble(),
            ["val/num_eos_tokens"] = responses.Count(r => r.Finished),
            ["val/num_stop_strings"] = responses.Count(r => r.StopTokens > 0),
            ["val/sampler_mismatch"] = mismatch,
            ["val/response_tokens"] = responses.Average(r => r.Ids.Length),
            ["time/sample"] = seconds.Sample,
            ["time/score"] = seconds.Score,
            ["time/old"] = seconds.Old,
        };
    }

    private double SamplerMismatch(NetworkOutputs networks)
    {
        var mismatch = (networks.LogProbs - networks.SamplerLogProbs).abs().max().ReadDouble();
        return mismatch <= options.SamplerTolerance ? mismatch
            : throw new CaiException(
                $"The sampler's log-probabilities differ from recomputed ones by up to {mismatch:g3}; at most {options.SamplerTolerance:g3} was expected.",
                "Sampler and update must use the same weights, temperature and positions; for lower precision raise SamplerTolerance.",
                "PpoOptions: SamplerTolerance");
    }

    /// <summary>A response that ended in a stop string: its text ends before the string, its answer before the first token that reaches into it.</summary>
    private PolicyResponse Stopped(Prompt prompt, int[] promptIds, int[] ids, StopStrings stops)
    {
        var text = stops.Cut(codec.Text(promptIds, ids));
        var kept = ids.Length - 1;
        while (kept > 0 && !text.StartsWith(codec.Text(promptIds, ids[..kept]), StringComparison.Ordinal))
            kept--;
        return new PolicyResponse(prompt, promptIds, ids, text, Finished: false) { StopTokens = ids.Length - kept };
    }

    private int[] PromptIds(Prompt prompt)
    {
        var ids = tokenizer.EncodePrompt(format, prompt.Dialogue);
        var context = Math.Min(policy.Config.MaxPositions, critic.Decoder.Config.MaxPositions);
        return ids.Length + options.MaxNewTokens <= context ? ids
            : throw new CaiException($"The prompt has {ids.Length} tokens and {options.MaxNewTokens} more may follow, but the context is {context}.",
                "Shorten or leave out the prompt, or lower MaxNewTokens.", $"prompt {prompt.Id}");
    }

    // The step's tensors end with the collection's scope; what PPO keeps is copied out of it.
    private static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
