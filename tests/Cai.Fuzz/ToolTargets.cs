using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Models;
using Cai.Tool.Kernel;
using Cai.Tool.Notebooks;
using Cai.Tool.Report;
using Cai.Tool.Serving;

namespace Cai.Fuzz;

/// <summary>Notebooks, the report, Jupyter's messages, requests to the server and answers to the client.</summary>
internal static class ToolTargets
{
    public static IEnumerable<Target> All()
    {
        yield return Target.Text("notebook", (input, at) =>
        {
            var path = Target.Put(at, "notebooks/01-x.ipynb", input);
            Target.Each(() => ReportPage.Render([path], Path.Combine(at, "claims.json"), null), () =>
            {
                var notebook = NotebookDocument.Load(path);
                foreach (var cell in notebook.Cells)
                    _ = (cell.Source, cell.MayFail, cell.ExecutionCount, cell.IsCode);
                notebook.Clear();
                notebook.Save(Path.Combine(at, "out.ipynb"));
            });
        }, ["cells", "cell_type", "code", "markdown", "source", "outputs", "output_type", "stream", "error", "display_data", "data", "text/html", "image/png",
            "traceback", "metadata", "tags"],
            """{"cells":[{"cell_type":"markdown","metadata":{},"source":["# T\n","x [a](02.ipynb) <b>b</b>"]},{"cell_type":"code","execution_count":1,"""
                + """ "metadata":{"tags":["x"]},"outputs":[{"name":"stdout","output_type":"stream","text":["a\n"]},{"data":{"text/plain":"x","""
                + """ "text/html":"<b>x</b>"},"metadata":{},"output_type":"display_data"},{"ename":"E","evalue":"v","output_type":"error","""
                + """ "traceback":["t"]}],"source":"1"}],"metadata":{},"nbformat":4,"nbformat_minor":5}""");
        yield return Target.Text("markdown", (input, _) =>
        {
            var html = new MarkdownHtml("a", new Dictionary<string, string> { ["b.ipynb"] = "nb" }).Render(Encoding.UTF8.GetString(input));
            if (html.Contains("<script", StringComparison.OrdinalIgnoreCase) || html.Contains("href=\"javascript:", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException("a script came through");
        }, ["<script>", "javascript:", "](", "![", "<a href=", "| - |", "```", "> ", "[^1]:", "- [x]", "<!--", "-->"],
            "# T\n\n[x](b.ipynb) ![y](data:image/png;base64,AA) <b>b</b> <script>alert(1)</script>\n\n"
            + "| a | b |\n|---|---|\n| [z](javascript:alert(1)) | 2 |\n\n- [x] do\n\nn[^1]\n\n[^1]: note\n",
            "```\ncode\n```\n<div onclick=\"x\">\n\ntext\n\n</div>\n<javascript:alert(1)>\n");
        yield return Target.Text("dib", (input, at) => DibFile.Read(Encoding.UTF8.GetString(input), Path.Combine(at, "x.dib")), ["#!csharp", "#!markdown",
            "#!meta"],
            "#!meta\n\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\"}}\n\n#!markdown\n\n# T\n\n#!csharp\n\nvar x = 1;\n");
        yield return Target.Text("cell", (input, _) => CellSource.Parse(Encoding.UTF8.GetString(input), "cell[1]"), ["#r", "#load", "#!import", "#!time",
            "\"nuget: X\"", "\"\"\"", "$@\"", "/*"],
            "#r \"nuget: X, 1.0\"\n#!time\nvar s = \"\"\"\n#!csharp\n\"\"\";\nConsole.WriteLine($\"{s}\");\n", "#!import \"a b.ipynb\"\n#load x.csx\n// c\n");
        yield return Target.Text("claims", (input, at) => ReportPage.Render([], Target.Put(at, "claims.json", input), null), ["id", "value", "low", "high",
            "n", "seeds", "holds"],
            """[{"id": "a", "source": "Fig 2", "claim": "x < y", "paper": "+121", "value": 80.25,"""
            + """ "low": -60.5, "high": 99, "n": 1300, "seeds": [1, 2], "holds": true}]""");
        yield return Target.Text("environment", (input, at) =>
        {
            Target.Put(at, "environment.json", input);
            RunEnvironment.Load(at);
        }, ["cpu", "seed"], """{"cpu":"c","cores":2,"threads":1,"system":"s","dotnet":"d","torch":"t","scale":"smoke","seed":1,"seeds":2}""");
        yield return Target.Text("connection", (input, at) => ConnectionFile.Load(Target.Put(at, "k.json", input)), ["ip", "key", "shell_port"],
            """{"transport":"tcp","ip":"127.0.0.1","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5,"key":"k","""
                + """ "signature_scheme":"hmac-sha256"}""");
        yield return Target.Text("kernel-message", KernelMessage, ["header", "content", "msg_type", "execute_request", "complete_request", "code", "silent",
            "msg_id"],
            """{"msg_id":"a","session":"s","username":"u","date":"d","msg_type":"execute_request","version":"5.3"}""" + "\n" + """{"code":"1","""
                + """ "silent":false}""");
        yield return KernelTarget.Create();
        yield return Target.Text("remote-answer", RemoteAnswer, ["choices", "text", "message", "content", "logprobs", "tokens", "token_logprobs",
            "top_logprobs", "finish_reason", "usage",
            "prompt_logprobs", "token_ids", "error"],
            """{"id":"x","choices":[{"index":0,"text":" hello","finish_reason":"stop","logprobs":{"tokens":["a"," hello"],"token_logprobs":[null,-0.5],"""
                + """ "top_logprobs":[null,{"a":-1}],"text_offset":[0,1]},"token_ids":[1],"prompt_logprobs":[null,{"5":{"logprob":-1,"""
                + """ "decoded_token":"x"}}]}],"usage":{"prompt_tokens":1,"completion_tokens":1}}""",
            """{"choices":[{"index":0,"message":{"role":"assistant","content":" hello"},"finish_reason":"length","logprobs":{"content":[{"token":" A","""
                + """ "logprob":-0.1,"top_logprobs":[{"token":" B","logprob":-2}]}]}}]}""");
        yield return Server();
    }

    /// <summary>Frames that are rightly signed, with damaged JSON in them; the first line is the header, the rest the content.</summary>
    private static void KernelMessage(byte[] input, string folder)
    {
        var split = Array.IndexOf(input, (byte)'\n');
        var (header, content) = split < 0 ? (input, "{}"u8.ToArray()) : (input[..split], input[(split + 1)..]);
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, "key"u8.ToArray());
        byte[][] parts = [header, "{}"u8.ToArray(), "{}"u8.ToArray(), content];
        foreach (var part in parts)
            mac.AppendData(part);
        var signature = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(mac.GetHashAndReset()));
        new MessageCodec("key", "s").Decode([[1], "<IDS|MSG>"u8.ToArray(), signature, .. parts]);
        if (new MessageCodec("key", "s").Decode([[1], "<IDS|MSG>"u8.ToArray(), [.. signature[..^1], (byte)'!'], .. parts]) is not null)
            throw new InvalidOperationException("a wrong signature was accepted");
    }

    private static void RemoteAnswer(byte[] input, string folder)
    {
        const string prompt = "\n\nHuman: x\n\nAssistant:";
        Target.Each([.. from asked in ((RemoteEndpoint, int)[])[(RemoteEndpoint.Completions, 200), (RemoteEndpoint.Chat, 200), (RemoteEndpoint.Completions,
            400)]
                        from score in new[] { false, true }
                        select (Action)(() => Ask(asked.Item1, asked.Item2, score))]);

        void Ask(RemoteEndpoint endpoint, int status, bool score)
        {
            using var model = new RemoteModel(
                new RemoteOptions { Server = "http://127.0.0.1:1/v1", Model = "m", Endpoint = endpoint, Retries = 0 }, handler: new Canned(input, status));
            if (score)
                model.LogProbsAsync([new ScoreRequest(prompt, [" hello", " b"])]).GetAwaiter().GetResult();
            else
                model.SampleAsync([new SampleRequest("a", prompt)], new SampleOptions()).GetAwaiter().GetResult();
        }
    }

    private sealed class Canned(byte[] body, int status) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) });
    }

    /// <summary>The whole server over loopback: every answer is JSON, and none of status 500.</summary>
    private static Target Server()
    {
        var started = new Lazy<(string Address, HttpClient Http)>(() =>
        {
            var loaded = HuggingFaceFolder.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful"));
            var server = ModelServer.StartAsync([new ServedModel(loaded, "m", DateTimeOffset.UnixEpoch, new ModelThread())],
                new ServerOptions()).GetAwaiter().GetResult();
            return (server.Address, new HttpClient());
        });
        return Target.Text("server-request", (input, _) =>
        {
            var (address, http) = started.Value;
            var chat = input.AsSpan().IndexOf("messages"u8) >= 0;
            using var content = new ByteArrayContent(input);
            content.Headers.ContentType = new("application/json");
            using var answer = http.PostAsync($"{address}/v1/{(chat ? "chat/" : "")}completions", content).GetAwaiter().GetResult();
            var text = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            if ((int)answer.StatusCode >= 500)
                throw new InvalidOperationException($"status {(int)answer.StatusCode}: {text}");
            if (answer.Content.Headers.ContentType?.MediaType == "text/event-stream")
                return;
            var body = JsonNode.Parse(text)!.AsObject();
            if (!answer.IsSuccessStatusCode)
                throw new CaiException((string)body["error"]!["message"]!, "");
        }, ["prompt", "messages", "role", "content", "max_tokens", "temperature", "n", "seed", "stop", "stream", "echo", "logprobs", "top_logprobs",
            "prompt_logprobs", "ignore_eos",
            "return_token_ids", "continue_final_message", "stream_options", "include_usage", "model"],
            """{"prompt":"\n\nHuman: hi\n\nAssistant:","max_tokens":2,"temperature":1,"n":2,"seed":1,"stop":["x"],"echo":true,"logprobs":2}""",
            """{"messages":[{"role":"user","content":"hi"}],"max_tokens":2,"logprobs":true,"top_logprobs":2,"stream":false,"return_token_ids":true}""",
            """{"messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"user","content":"hi"}],"max_tokens":2,"stream":true,"""
                + """ "stream_options":{"include_usage":true}}""");
    }
}
