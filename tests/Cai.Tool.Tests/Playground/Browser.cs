using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Cai.Tool.Tests.Playground;

/// <summary>A headless Chromium, driven over its debugging protocol. Tests skip where there is none.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly string profile;
    private readonly ClientWebSocket socket = new();
    private int number;

    private Browser(Process process, string profile) => (this.process, this.profile) = (process, profile);

    public static async Task<Browser> OpenAsync(string url)
    {
        var program = new[] { "chromium", "chromium-browser", "google-chrome" }
            .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "Chromium is not installed.");
        var profile = Directory.CreateTempSubdirectory("cai-browser-").FullName;
        var start = new ProcessStartInfo(program!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in new[] { "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
            $"--user-data-dir={profile}", "--window-size=1100,900", "about:blank" })
            start.ArgumentList.Add(arg);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var browser = new Browser(process, profile);
        try
        {
            await browser.ConnectAsync(url);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value of an expression in the page; promises are awaited.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        if (answer["exceptionDetails"] is { } error)
            throw new InvalidOperationException($"{expression}: {error.ToJsonString()}");
        return answer["result"]!["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task UntilAsync(string condition)
    {
        var watch = Stopwatch.StartNew();
        while ((bool?)await EvaluateAsync($"Boolean({condition})") != true)
        {
            if (watch.Elapsed > Patience)
                throw new TimeoutException($"{condition} did not come true: {await EvaluateAsync("document.body.innerText")}");
            await Task.Delay(20);
        }
    }

    /// <summary>A picture of the page, for people: written only where CAI_SCREENSHOTS names a folder.</summary>
    public async Task PictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("CAI_SCREENSHOTS") is not { Length: > 0 } folder)
            return;
        var answer = await CallAsync("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true });
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), Convert.FromBase64String((string)answer["data"]!));
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        for (var tries = 0; Directory.Exists(profile) && tries < 20; tries++)
            try
            {
                Directory.Delete(profile, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(100); // a child is still writing
            }
    }

    private async Task ConnectAsync(string url)
    {
        var portFile = Path.Combine(profile, "DevToolsActivePort");
        var watch = Stopwatch.StartNew();
        while (!File.Exists(portFile) || File.ReadAllLines(portFile).Length < 2)
        {
            if (watch.Elapsed > Patience || process.HasExited)
                throw new TimeoutException("Chromium did not start.");
            await Task.Delay(50);
        }
        using var http = new HttpClient();
        using var response = await http.PutAsync($"http://127.0.0.1:{File.ReadAllLines(portFile)[0]}/json/new?{Uri.EscapeDataString(url)}", null);
        var page = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        await socket.ConnectAsync(new Uri((string)page["webSocketDebuggerUrl"]!), CancellationToken.None);
    }

    private async Task<JsonNode> CallAsync(string method, JsonObject parameters)
    {
        using var limit = new CancellationTokenSource(Patience);
        var id = ++number;
        await socket.SendAsync(Encoding.UTF8.GetBytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString()),
            WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            using var message = new MemoryStream();
            var buffer = new byte[1 << 16];
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer, limit.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            var answer = JsonNode.Parse(message.ToArray())!;
            if ((int?)answer["id"] == id)
                return answer["result"] ?? throw new InvalidOperationException(answer.ToJsonString());
        }
    }
}
