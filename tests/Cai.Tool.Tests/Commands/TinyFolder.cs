using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Text.Tokenizers;
using TorchSharp;

namespace Cai.Tool.Tests.Commands;

/// <summary>A model folder made on the spot: random weights, a token for every byte, and a chat template with control tokens of its own.</summary>
internal static class TinyFolder
{
    /// <summary>ChatML as real folders have it: the turn ends with a control token that is not the one that ends a text.</summary>
    public const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <param name="template">For tokenizer_config.json.</param>
    public static string Make(string folder, string template = ChatMl)
    {
        Directory.CreateDirectory(folder);
        BpeTrainer.Train(["ab"], new() { VocabularySize = 300 }).Save(folder);
        Edit(folder, "tokenizer.json", file =>
        {
            foreach (var control in new[] { "<|im_start|>", "<|im_end|>" })
            {
                var id = file["model"]!["vocab"]!.AsObject().Count + file["added_tokens"]!.AsArray().Count - 1;
                file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = id, ["content"] = control, ["special"] = true });
            }
        });
        Edit(folder, "tokenizer_config.json", file => file["chat_template"] = template);
        var tokenizer = TokenizerJson.Load(folder);
        var config = new DecoderConfig
        {
            VocabularySize = tokenizer.VocabularySize, HiddenSize = 16, Layers = 2, Heads = 4, KvHeads = 2, IntermediateSize = 24, MaxPositions = 1024,
        };
        using var model = Decoder.Create(config, seed: 3);
        // Far from uniform, so that another prompt gives other answers.
        using (torch.no_grad())
            model.Parameters.Flat.mul_(6);
        HuggingFaceFolder.Save(folder, model, tokenizer);
        return folder;
    }

    /// <summary>Changes a JSON file of a folder.</summary>
    public static void Edit(string folder, string name, Action<JsonObject> change)
    {
        var path = Path.Combine(folder, name);
        var file = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(file);
        File.WriteAllText(path, file.ToJsonString());
    }
}
