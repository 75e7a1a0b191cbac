using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Models;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Text.Tokenizers;
using TorchSharp;

namespace Cai.Fuzz;

/// <summary>Files of model folders.</summary>
internal static class ModelTargets
{
    private static readonly string Miniature = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful");

    public static IEnumerable<Target> All(string folder)
    {
        var words = new[] { "llama", "qwen2", "gpt2", "gpt_neox", "hidden_size", "num_attention_heads", "num_key_value_heads", "rope_scaling", "rope_theta",
            "eos_token_id",
            "vocab_size", "type", "linear", "dynamic", "yarn", "factor", "torch_dtype", "tie_word_embeddings", "rope_parameters" };
        yield return Target.Text("config", (input, at) =>
        {
            var model = Copy(at, "config.json", input, "model.safetensors");
            using var decoder = HuggingFaceFolder.LoadDecoder(model);
            using var off = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            new Sampler(decoder).Sample([new TokenPrompt([1, 2, 3], 1)], new SamplerOptions { MaxTokens = 2, Temperature = 1, EndIds = [0] });
        }, words, File.ReadAllText(Path.Combine(Miniature, "config.json")));
        var tensors = Path.Combine(folder, "seed.safetensors");
        using (var a = torch.ones(3, 4))
        using (var b = torch.zeros(2, 2, dtype: torch.ScalarType.BFloat16))
            Safetensors.Write(tensors, [KeyValuePair.Create("a", a), KeyValuePair.Create("b.weight", b)]);
        yield return new Target("safetensors", [File.ReadAllBytes(tensors)], ["F32", "BF16", "dtype", "shape", "data_offsets", "__metadata__"], (input, at) =>
        {
            using var file = Safetensors.Open(Target.Put(at, "x.safetensors", input));
            foreach (var entry in file.Entries)
                file.Read(entry.Name, true).Dispose();
        });
        yield return Target.Text("weight-index", (input, at) =>
        {
            if (!File.Exists(Path.Combine(at, "model-00001-of-00001.safetensors")))
                File.Copy(Path.Combine(Miniature, "model.safetensors"), Path.Combine(at, "model-00001-of-00001.safetensors"));
            Target.Put(at, "model.safetensors.index.json", input);
            using var weights = new WeightFiles(at);
            foreach (var name in weights.Names)
                weights.Shape(name);
        }, ["weight_map", "metadata", "model.norm.weight"],
            """{"metadata":{"total_size":366000},"weight_map":{"model.embed_tokens.weight":"model-00001-of-00001.safetensors","""
                + """ "model.norm.weight":"model-00001-of-00001.safetensors"}}""");
        yield return Adapter(Path.Combine(folder, "adapter"));
        yield return Target.Text("tokenizer", (input, at) =>
        {
            Target.Put(at, "tokenizer.json", input);
            var tokenizer = TokenizerJson.Load(at);
            foreach (var text in new[] { "hello world 123", "", " ", "\0\u200b", "na\u00efve \U0001F600 x", "<|end|> </s>", new string('a', 2000),
                "a b\n\n c\t" })
                foreach (var special in new[] { true, false })
                {
                    var ids = tokenizer.Encode(text, special);
                    tokenizer.Decode(ids);
                    foreach (var id in ids.Take(20))
                        tokenizer.TokenText(id);
                }
        }, ["vocab", "merges", "added_tokens", "special", "content", "ByteLevel", "BPE", "Sequence", "Split", "Regex", "pattern", "normalizer",
            "pre_tokenizer", "decoder"],
            SmallTokenizer());
        yield return Target.Text("tokenizer-config", (input, at) =>
        {
            using var model = HuggingFaceFolder.Load(Copy(at, "tokenizer_config.json", input, "model.safetensors", "config.json", "tokenizer.json"),
                new LoadOptions { ChatTemplate = true });
            model.Format.Prompt(Dialogue.Ask("hello"));
        }, ["eos_token", "bos_token", "chat_template", "name", "default", "template", "add_bos_token"],
            """{"eos_token":"<|end|>","chat_template":"{% for m in messages %}{{ m['role'] }}:{{ m['content'] }}{% endfor %}"}""",
            """{"eos_token":{"content":"<|end|>"},"chat_template":[{"name":"default","template":"{{ messages[0].content }}"},{"name":"tool","""
                + """ "template":"x"}]}""");
        yield return Target.Text("template", (input, _) =>
        {
            var template = new ChatTemplate(Encoding.UTF8.GetString(input), new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" });
            template.Render(new Dialogue([Turn.Human("hello \u00e9"), Turn.Assistant("ok"), Turn.Human("again")]), true,
                new ChatTemplateOptions { Date = DateTimeOffset.UnixEpoch });
        }, ["{%", "%}", "{{", "}}", "for", "in", "if", "else", "endif", "endfor", "set", "macro", "loop.index", "messages", "trim", "length", "selectattr",
            "tojson", "is", "defined",
            "namespace", "range", "join", "default", "not", "~", "|"],
            "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content | trim }} [/INST]{% else %}"
            + "{{ m['content'] ~ eos_token }}{% endif %}{% endfor %}",
            "{%- set ns = namespace(x=0) -%}{% for m in messages | selectattr('role', 'equalto', 'user') %}{% set ns.x = ns.x + loop.index0 %}"
            + "{% endfor %}{{ ns.x }}{% if add_generation_prompt %}A:{% endif %}",
            "{% macro f(a, b='x') %}{{ a | upper }}{{ b }}{% endmacro %}{{ f(messages[0].content[1:3]) }}{{ range(3) | join(', ') }}{{ messages | tojson }}");
    }

    private static Target Adapter(string folder)
    {
        using (var decoder = HuggingFaceFolder.LoadDecoder(Miniature))
        {
            LoraAdapter.Attach(decoder, new LoraOptions { Rank = 2, TargetModules = ["q_proj", "v_proj"] });
            PeftFolder.Save(folder, decoder, "base");
        }
        var weights = File.ReadAllBytes(Path.Combine(folder, PeftFolder.WeightFile));
        return Target.Text("adapter", (input, at) =>
        {
            Target.Put(at, PeftFolder.WeightFile, weights);
            Target.Put(at, PeftFolder.ConfigFile, input);
            using var decoder = HuggingFaceFolder.LoadDecoder(Miniature);
            PeftFolder.Load(at, decoder);
        }, ["r", "lora_alpha", "target_modules", "q_proj", "all-linear", "peft_type", "LORA", "modules_to_save", "rank_pattern", "alpha_pattern",
            "use_rslora", "use_dora", "bias"],
            File.ReadAllText(Path.Combine(folder, PeftFolder.ConfigFile)));
    }

    /// <summary>The miniature's tokenizer with the 256 bytes and a few merges, so that a case is cheap.</summary>
    private static string SmallTokenizer()
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer", "tokenizer.json")))!.AsObject();
        var vocabulary = new JsonObject();
        foreach (var (token, _) in json["model"]!["vocab"]!.AsObject().Where(t => t.Key.Length == 1).ToList())
            vocabulary[token] = vocabulary.Count;
        foreach (var merged in new[] { "he", "ll", "hell", "hello" })
            vocabulary[merged] = vocabulary.Count;
        (json["model"]!["vocab"], json["model"]!["merges"]) = (vocabulary, JsonNode.Parse("""[["h","e"],["l","l"],["he","ll"],["hell","o"]]"""));
        var next = vocabulary.Count;
        foreach (var added in json["added_tokens"]!.AsArray())
            added!["id"] = next++;
        return json.ToJsonString();
    }

    /// <summary>A model folder with one file of the case.</summary>
    private static string Copy(string folder, string name, byte[] input, params string[] others)
    {
        foreach (var other in others)
            if (!File.Exists(Path.Combine(folder, other)))
                File.Copy(Path.Combine(Miniature, other), Path.Combine(folder, other));
        Target.Put(folder, name, input);
        return folder;
    }
}
