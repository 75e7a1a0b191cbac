using System.Text.Json.Nodes;

namespace Cai.Tests.Models;

/// <summary>A tensor as a file holds it.</summary>
internal sealed record Numbers(long[] Shape, double[] Data);

/// <summary>
/// The families a second time: loops over doubles, one text at a time, from config.json and the tensors under their
/// Hugging Face names. No batches, no cache, no fused matrices, no masks, and nothing of the library.
/// </summary>
internal sealed class NaiveFamily(JsonObject config, IReadOnlyDictionary<string, Numbers> tensors)
{
    /// <summary>Logits after each token.</summary>
    public double[][] Logits(IReadOnlyList<int> ids) => (string)config["model_type"]! switch
    {
        "gpt2" => Gpt2(ids),
        "gpt_neox" => NeoX(ids),
        _ => Llama(ids),
    };

    private double[][] Llama(IReadOnlyList<int> ids)
    {
        int heads = Int("num_attention_heads"), kv = Int("num_key_value_heads"), width = (int?)config["head_dim"] ?? Int("hidden_size") / heads;
        var phi = (string)config["model_type"]! == "phi3";
        var rotated = (int)(width * ((double?)config["partial_rotary_factor"] ?? 1));
        var x = ids.Select(id => Row("model.embed_tokens.weight", id)).ToArray();
        for (var layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            var p = $"model.layers.{layer}.";
            var h = x.Select(r => Rms(r, p + "input_layernorm.weight")).ToArray();
            double[][] Part(string name, int first, int count) => phi
                ? [.. h.Select(r => Dense(p + "self_attn.qkv_proj", r)[first..(first + count)])]
                : [.. h.Select(r => Dense(p + $"self_attn.{name}_proj", r))];
            var q = Heads(Part("q", 0, heads * width), heads, width);
            var k = Heads(Part("k", heads * width, kv * width), kv, width);
            var v = Heads(Part("v", (heads + kv) * width, kv * width), kv, width);
            foreach (var (vectors, norm) in new[] { (q, "q_norm"), (k, "k_norm") })
                for (var t = 0; t < x.Length; t++)
                    for (var head = 0; head < vectors[t].Length; head++)
                    {
                        if (tensors.ContainsKey($"{p}self_attn.{norm}.weight"))
                            vectors[t][head] = Rms(vectors[t][head], $"{p}self_attn.{norm}.weight");
                        vectors[t][head] = Rotate(vectors[t][head], t, rotated, (double?)config["rope_theta"] ?? 10000);
                    }
            var mixed = Attend(q, k, v, Window(layer));
            for (var t = 0; t < x.Length; t++)
            {
                x[t] = Add(x[t], Dense(p + "self_attn.o_proj", mixed[t]));
                var m = Rms(x[t], p + "post_attention_layernorm.weight");
                var both = phi ? Dense(p + "mlp.gate_up_proj", m) : [.. Dense(p + "mlp.gate_proj", m), .. Dense(p + "mlp.up_proj", m)];
                var half = both.Length / 2;
                x[t] = Add(x[t], Dense(p + "mlp.down_proj", [.. Enumerable.Range(0, half).Select(i => both[i] / (1 + Math.Exp(-both[i])) * both[half + i])]));
            }
        }
        return [.. x.Select(r => Head(Rms(r, "model.norm.weight"), "lm_head.weight", "model.embed_tokens.weight"))];
    }

    private double[][] Gpt2(IReadOnlyList<int> ids)
    {
        int heads = Int("n_head"), d = Int("n_embd");
        var x = ids.Select((id, t) => Add(Row("transformer.wte.weight", id), Row("transformer.wpe.weight", t))).ToArray();
        for (var layer = 0; layer < Int("n_layer"); layer++)
        {
            var p = $"transformer.h.{layer}.";
            var qkv = x.Select(r => Conv1D(p + "attn.c_attn", LayerNorm(r, p + "ln_1"))).ToArray();
            double[][][] Part(int i) => Heads([.. qkv.Select(r => r[(i * d)..((i + 1) * d)])], heads, d / heads);
            var mixed = Attend(Part(0), Part(1), Part(2), int.MaxValue);
            for (var t = 0; t < x.Length; t++)
            {
                x[t] = Add(x[t], Conv1D(p + "attn.c_proj", mixed[t]));
                var wide = Conv1D(p + "mlp.c_fc", LayerNorm(x[t], p + "ln_2"));
                x[t] =
                    Add(x[t], Conv1D(p + "mlp.c_proj", [.. wide.Select(u => 0.5 * u * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u))))]));
            }
        }
        return [.. x.Select(r => Head(LayerNorm(r, "transformer.ln_f"), "lm_head.weight", "transformer.wte.weight"))];
    }

    private double[][] NeoX(IReadOnlyList<int> ids)
    {
        int heads = Int("num_attention_heads"), width = Int("hidden_size") / heads;
        var rotated = (int)(width * (double)config["rotary_pct"]!);
        var parallel = (bool)config["use_parallel_residual"]!;
        var x = ids.Select(id => Row("gpt_neox.embed_in.weight", id)).ToArray();
        for (var layer = 0; layer < Int("num_hidden_layers"); layer++)
        {
            var p = $"gpt_neox.layers.{layer}.";
            var qkv = x.Select(r => Dense(p + "attention.query_key_value", LayerNorm(r, p + "input_layernorm"))).ToArray();
            double[][][] Part(int i, bool turn) =>
                [.. qkv.Select((r, t) => Enumerable.Range(0, heads).Select(h => r[((3 * h + i) * width)..((3 * h + i + 1) * width)])
                .Select(v => turn ? Rotate(v, t, rotated, (double)config["rotary_emb_base"]!) : v).ToArray())];
            var mixed = Attend(Part(0, true), Part(1, true), Part(2, false), int.MaxValue);
            for (var t = 0; t < x.Length; t++)
            {
                var attended = Add(x[t], Dense(p + "attention.dense", mixed[t]));
                var wide = Dense(p + "mlp.dense_h_to_4h", LayerNorm(parallel ? x[t] : attended, p + "post_attention_layernorm"));
                x[t] = Add(attended, Dense(p + "mlp.dense_4h_to_h", [.. wide.Select(u => u * 0.5 * (1 + Erf(u / Math.Sqrt(2))))]));
            }
        }
        return [.. x.Select(r => Head(LayerNorm(r, "gpt_neox.final_layer_norm"), "embed_out.weight", "gpt_neox.embed_in.weight"))];
    }

    /// <summary>q[t][head][i]; k and v with fewer heads serve runs of query heads. Heads joined: [t][heads × width].</summary>
    private static double[][] Attend(double[][][] q, double[][][] k, double[][][] v, int window)
    {
        var result = new double[q.Length][];
        for (var t = 0; t < q.Length; t++)
        {
            result[t] = [.. q[t].SelectMany((query, head) =>
            {
                var shared = head / (q[t].Length / k[t].Length);
                var seen = Enumerable.Range(0, t + 1).Where(s => t - s < window).ToArray();
                var weights = seen.Select(s => Math.Exp(Dot(query, k[s][shared]) / Math.Sqrt(query.Length))).ToArray();
                return Enumerable.Range(0, query.Length).Select(i => seen.Zip(weights, (s, w) => w * v[s][shared][i]).Sum() / weights.Sum());
            })];
        }
        return result;
    }

    private double[] Rotate(double[] x, int position, int rotated, double theta)
    {
        var result = x.ToArray();
        for (var i = 0; i < rotated / 2; i++)
        {
            var (sin, cos) = Math.SinCos(position * Scaled(Math.Pow(theta, -2.0 * i / rotated)));
            result[i] = x[i] * cos - x[i + rotated / 2] * sin;
            result[i + rotated / 2] = x[i + rotated / 2] * cos + x[i] * sin;
        }
        return result;
    }

    private double Scaled(double frequency)
    {
        if (config["rope_scaling"] is not JsonObject scaling)
            return frequency;
        var factor = (double)scaling["factor"]!;
        if ((string)scaling["rope_type"]! == "linear")
            return frequency / factor;
        double low = (double)scaling["low_freq_factor"]!, high = (double)scaling["high_freq_factor"]!,
            original = (double)scaling["original_max_position_embeddings"]!;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength > original / low)
            return frequency / factor;
        if (wavelength < original / high)
            return frequency;
        var smooth = (original / wavelength - low) / (high - low);
        return (1 - smooth) * frequency / factor + smooth * frequency;
    }

    private int Window(int layer)
    {
        if (config["sliding_window"] is not { } window || config["use_sliding_window"] is { } use && !(bool)use)
            return int.MaxValue;
        return layer >= ((int?)config["max_window_layers"] ?? 0) ? (int)window : int.MaxValue;
    }

    private double[] Head(double[] x, string head, string tied)
    {
        var matrix = (bool)config["tie_word_embeddings"]! ? tied : head;
        return [.. Enumerable.Range(0, (int)tensors[matrix].Shape[0]).Select(i => Dot(Row(matrix, i), x))];
    }

    private double[] Dense(string name, double[] x)
    {
        var y = Enumerable.Range(0, (int)tensors[name + ".weight"].Shape[0]).Select(i => Dot(Row(name + ".weight", i), x)).ToArray();
        return tensors.TryGetValue(name + ".bias", out var bias) ? Add(y, bias.Data) : y;
    }

    private double[] Conv1D(string name, double[] x)
    {
        var y = tensors[name + ".bias"].Data.ToArray();
        for (var i = 0; i < x.Length; i++)
            y = Add(y, [.. Row(name + ".weight", i).Select(w => w * x[i])]);
        return y;
    }

    private double[] Rms(double[] x, string name)
    {
        var scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + (double)config["rms_norm_eps"]!);
        return [.. x.Select((v, i) => v * scale * tensors[name].Data[i])];
    }

    private double[] LayerNorm(double[] x, string name)
    {
        var mean = x.Average();
        var scale = 1 / Math.Sqrt(x.Sum(v => (v - mean) * (v - mean)) / x.Length + (double)(config["layer_norm_eps"] ?? config["layer_norm_epsilon"])!);
        return [.. x.Select((v, i) => (v - mean) * scale * tensors[name + ".weight"].Data[i] + tensors[name + ".bias"].Data[i])];
    }

    /// <summary>The series at 0: exact to rounding for the small arguments here.</summary>
    private static double Erf(double x)
    {
        double sum = 0, term = x;
        for (var n = 0; n < 200; n++)
        {
            sum += term / (2 * n + 1);
            term *= -x * x / (n + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private double[] Row(string name, int row)
    {
        var columns = (int)tensors[name].Shape[1];
        return tensors[name].Data[(row * columns)..((row + 1) * columns)];
    }

    private int Int(string key) => (int)config[key]!;

    private static double[][][] Heads(double[][] x, int heads, int width) =>
        [.. x.Select(r => Enumerable.Range(0, heads).Select(h => r[(h * width)..((h + 1) * width)]).ToArray())];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (p, q) => p * q).Sum();

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (p, q) => p + q)];
}
