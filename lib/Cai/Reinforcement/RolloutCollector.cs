using System.Diagnostics;
using Cai.Generation;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>Lets the policy answer and computes everything that the update reads, without gradients.</summary>
internal sealed class RolloutCollector(Decoder policy, Decoder reference, ScalarModel critic, ITokenizer tokenizer, IPromptFormat format, RewardFunction reward, PpoOptions options)
{
    private readonly Sampler sampler = new(policy);
    private readonly ContinuationCodec codec = new(tokenizer);

    /// <param name="iteration">Names the samples' random streams together with prompt and row.</param>
    /// <param name="scoreUnit">What scores are divided by; null takes their standard deviation in this rollout when the options ask for it.</param>
    /// <param name="padTo">Least number of columns.</param>
    public Rollout Collect(IReadOnlyList<Prompt> prompts, long iteration, double klCoefficient, double? scoreUnit, int padTo, CancellationToken cancel)
    {
        using var guard = no_grad();
        var watch = Stopwatch.StartNew();
        var phases = new Dictionary<string, double>();
        void Phase(string name)
        {
            phases[$"time/{name}"] = watch.Elapsed.TotalSeconds;
            watch.Restart();
        }
        var (responses, samples) = Sample(prompts, iteration, cancel);
        Phase("sample");
        var raw = Reward(responses);
        Phase("score");
        using var scope = NewDisposeScope();
        var device = policy.Device;
        var time = Math.Max(padTo, responses.Max(r => MicroBatch.Values(r, options)));
        long[] shape = [responses.Count, time];
        var cells = new Dictionary<string, Tensor>();
        foreach (var name in new[] { "policy", "reference", "entropy", "values", "sampler", "mask", "valueMask" })
            cells[name] = zeros(responses.Count * time, device: device);
        var tokens = zeros(responses.Count * time, dtype: ScalarType.Int64, device: device);
        foreach (var rows in MicroBatch.Cut(responses, Enumerable.Range(0, responses.Count), options.TokensPerMicroBatch))
        {
            cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            var piece = MicroBatch.Of(responses, rows, time, options, device);
            var (logProbs, entropy) = piece.Policy(policy, options.Temperature);
            cells["policy"].index_copy_(0, piece.Cells, logProbs);
            cells["entropy"].index_copy_(0, piece.Cells, entropy);
            cells["reference"].index_copy_(0, piece.Cells, piece.Policy(reference, options.Temperature).LogProbs);
            cells["values"].index_copy_(0, piece.ValueCells, piece.Critic(critic));
            cells["sampler"].index_copy_(0, piece.Cells, tensor(rows.SelectMany(r => samples[r].LogProbs).ToArray()).to(device));
            cells["mask"].IndexFillInPlace(piece.Cells, 1);
            cells["valueMask"].IndexFillInPlace(piece.ValueCells, 1);
            tokens.index_copy_(0, piece.Cells, piece.Targets);
        }
        Tensor Shaped(string name) => cells[name].view(shape);
        var mask = Shaped("mask").to(ScalarType.Bool);
        var valueMask = Shaped("valueMask").to(ScalarType.Bool);
        var kl = PpoMath.Kl(Shaped("policy"), Shaped("reference"));
        var unit = options.ScaleScores ? scoreUnit ?? PpoMath.ScoreUnit(raw) : 1;
        var scores = responses.Select((r, i) => (float)PpoMath.ScoreWithRule(raw[i] / unit, r.Finished, options.MissingEos, options.MissingEosValue)).ToArray();
        var scoreTensor = tensor(scores, device: device);
        var columns = tensor(responses.Select(r => (long)PpoMath.ScoreColumn(r.Ids, tokenizer.EosId, options.ScorePosition, options.MaxNewTokens)).ToArray(), device: device);
        var rewards = PpoMath.Rewards(kl, mask, klCoefficient, scoreTensor, columns);
        if (options.WhitenRewards)
            rewards = PpoMath.Whiten(rewards, valueMask, shiftMean: false, options.Bessel);
        var (advantages, returns) = PpoMath.Gae(rewards, Shaped("values"), valueMask, options.Gamma, options.Lambda);
        advantages = options.WhitenAdvantages ? PpoMath.Whiten(advantages, mask, bessel: options.Bessel) : PpoMath.Masked(advantages, mask);
        Phase("old");
        var mismatch = (Shaped("policy") - Shaped("sampler")).abs().max().ReadDouble();
        if (!(mismatch <= options.SamplerTolerance))
            throw new CaiException($"The sampler's log-probabilities differ from recomputed ones by up to {mismatch:g3}; at most {options.SamplerTolerance:g3} was expected.",
                "Sampler and update must use the same weights, temperature and positions; for lower precision raise SamplerTolerance.", "PpoOptions: SamplerTolerance");
        double Mean(Tensor x) => x.sum(1).mean().ReadDouble();
        var penalty = Mean(PpoMath.Masked(kl.Mul(-klCoefficient), mask));
        var meanReturn = PpoMath.MaskedMean(returns, valueMask);
        var metrics = new Dictionary<string, double>
        {
            ["objective/kl"] = Mean(PpoMath.Masked(PpoMath.Kl(Shaped("policy"), Shaped("reference"), options.KlEstimator), mask)),
            ["objective/kl_coef"] = klCoefficient,
            ["objective/entropy"] = -Mean(Shaped("policy")),
            ["objective/scores"] = scoreTensor.mean().ReadDouble(),
            ["objective/raw_scores"] = raw.Average(),
            ["objective/non_score_reward"] = penalty,
            ["objective/rlhf_reward"] = scoreTensor.mean().ReadDouble() + penalty,
            ["returns/mean"] = meanReturn.ReadDouble(),
            ["returns/var"] = PpoMath.MaskedMean((returns - meanReturn).Square(), valueMask).ReadDouble(),
            ["val/num_eos_tokens"] = responses.Count(r => r.Finished),
            ["val/num_stop_strings"] = responses.Count(r => r.StopTokens > 0),
            ["val/sampler_mismatch"] = mismatch,
            ["val/response_tokens"] = responses.Average(r => r.Ids.Length),
        };
        return new Rollout
        {
            Responses = responses, KlCoefficient = klCoefficient, ScoreUnit = unit, Metrics = metrics.Concat(phases).ToDictionary(),
            Tokens = Keep(tokens.view(shape)), ResponseMask = Keep(mask), ValueMask = Keep(valueMask),
            SamplerLogProbs = Keep(Shaped("sampler")), LogProbs = Keep(Shaped("policy")), RefLogProbs = Keep(Shaped("reference")),
            Entropy = Keep(Shaped("entropy")), Values = Keep(Shaped("values")), Kl = Keep(kl), RawScores = Keep(tensor(raw.Select(x => (float)x).ToArray(), device: device)),
            Scores = Keep(scoreTensor), ScoreColumns = Keep(columns), Rewards = Keep(rewards), Advantages = Keep(advantages), Returns = Keep(returns),
        };
    }

    private (List<PolicyResponse> Responses, IReadOnlyList<TokenSample> Samples) Sample(IReadOnlyList<Prompt> prompts, long iteration, CancellationToken cancel)
    {
        var ids = prompts.Select(p => PromptIds(p)).ToList();
        var settings = new SamplerOptions { MaxTokens = options.MaxNewTokens, Temperature = options.Temperature, EndIds = [tokenizer.EosId], BatchSize = options.SampleBatch };
        var stops = options.Stops is { Count: > 0 } strings ? new StopStrings(codec, strings) : null;
        var samples = sampler.Sample([.. ids.Select((p, i) => new TokenPrompt(p, Seeds.Derive(options.Seed, "rollout", iteration, i, prompts[i].Id)))], settings,
            stops is null ? null : (i, sampled) => stops.Reached(ids[i], sampled), cancel: cancel);
        return ([.. samples.Select((s, i) => s.Finish == FinishReason.StopString ? Stopped(prompts[i], ids[i], [.. s.Ids], stops!)
            : new PolicyResponse(prompts[i], ids[i], [.. s.Ids], tokenizer.Decode(s.Ids), s.Finish == FinishReason.EndToken))], samples);
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

    private IReadOnlyList<double> Reward(IReadOnlyList<PolicyResponse> responses)
    {
        var scores = reward(responses);
        if (scores.Count != responses.Count)
            throw new CaiException($"The reward function gave {scores.Count} scores for {responses.Count} responses.", "Return one score for each response, in their order.");
        for (var i = 0; i < scores.Count; i++)
            if (!double.IsFinite(scores[i]))
                throw new CaiException($"The reward function gave {scores[i]}; expected a finite number.", "Correct the reward function or the preference model's weights.", $"prompt {responses[i].Prompt.Id}");
        return scores;
    }

    /// <summary>Outlives the collection's scope; a copy where it would be a view of a buffer that others share.</summary>
    private static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
