using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Cai.Storage;
using Microsoft.AspNetCore.Http;

namespace Cai.Tool.Serving;

/// <summary>Server-sent events, as OpenAI's clients read them.</summary>
internal static class EventStream
{
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>
    /// Sends what <paramref name="produce"/> puts out, as it comes, and the end mark. An error before the first event is
    /// thrown, so that it can have a status of its own; a later one becomes an event, since the status is out already.
    /// </summary>
    /// <param name="produce">Gets a way to send an event from any thread.</param>
    public static async Task SendAsync(HttpContext context, Func<Action<JsonObject>, Task> produce)
    {
        var events = Channel.CreateUnbounded<JsonObject>(new UnboundedChannelOptions { SingleReader = true });
        var producing = Task.Run(async () =>
        {
            try
            {
                await produce(item => events.Writer.TryWrite(item));
                events.Writer.Complete();
            }
            catch (Exception e)
            {
                events.Writer.Complete(e);
            }
        });
        var begun = false;
        try
        {
            await foreach (var item in events.Reader.ReadAllAsync(context.RequestAborted))
            {
                if (!begun)
                {
                    context.Response.ContentType = "text/event-stream; charset=utf-8";
                    context.Response.Headers.CacheControl = "no-cache";
                    begun = true;
                }
                await WriteAsync(context, item);
            }
        }
        catch (Exception e) when (begun && e is not OperationCanceledException)
        {
            await WriteAsync(context, (e as ApiException ?? new ApiException(500, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}")).Body());
            return;
        }
        finally
        {
            await producing;
        }
        await context.Response.Body.WriteAsync(Done, context.RequestAborted);
    }

    private static async Task WriteAsync(HttpContext context, JsonObject item)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {item.ToJsonString(CaiJson.Options)}\n\n"), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
