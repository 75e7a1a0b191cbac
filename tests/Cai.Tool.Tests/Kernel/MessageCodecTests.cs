using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Tool.Kernel;
using Xunit;

namespace Cai.Tool.Tests.Kernel;

public sealed class MessageCodecTests
{
    private static readonly JupyterMessage Parent = new([[1, 0]], "execute_request", """{ "msg_id":  "7" }"""u8.ToArray(), []);

    [Fact]
    public void FramesAreIdentitiesDelimiterSignatureAndFourParts()
    {
        var frames = new MessageCodec("secret", "s").Encode(Parent.Identities, "execute_reply", Parent, new JsonObject { ["status"] = "ok" });
        Assert.Equal(7, frames.Count);
        Assert.Equal([1, 0], frames[0]);
        Assert.Equal("<IDS|MSG>", Encoding.ASCII.GetString(frames[1]));
        var expected = HMACSHA256.HashData("secret"u8, frames.Skip(3).SelectMany(f => f).ToArray());
        Assert.Equal(Convert.ToHexString(expected).ToLowerInvariant(), Encoding.ASCII.GetString(frames[2]));
        var header = JsonNode.Parse(frames[3])!;
        Assert.Equal(("execute_reply", "5.3", "s"), ((string?)header["msg_type"], (string?)header["version"], (string?)header["session"]));
        Assert.Equal(Parent.RawHeader, frames[4]); // byte for byte, spaces included
        Assert.Equal("{}", Encoding.UTF8.GetString(frames[5]));
        Assert.Equal("""{"status":"ok"}""", Encoding.UTF8.GetString(frames[6]));
    }

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        var codec = new MessageCodec("secret", "s");
        var read = codec.Decode(codec.Encode([[5]], "kernel_info_request", Parent, new JsonObject { ["a"] = "é" }))!;
        Assert.Equal(("kernel_info_request", "é"), (read.Type, (string?)read.Content["a"]));
        Assert.Equal([5], Assert.Single(read.Identities));
    }

    [Fact]
    public void ForgedAndBrokenMessagesAreNone()
    {
        var codec = new MessageCodec("secret", "s");
        Assert.Null(codec.Decode(new MessageCodec("other", "s").Encode([], "execute_request", Parent, [])));
        var frames = codec.Encode([], "execute_request", Parent, []);
        frames[5] = "{\"code\":\"1\"}"u8.ToArray();
        Assert.Null(codec.Decode(frames));
        Assert.Null(codec.Decode([]));
        Assert.Null(codec.Decode([.. frames.Take(4)]));
        Assert.NotNull(new MessageCodec("", "s").Decode(new MessageCodec("", "s").Encode([], "x", Parent, [])));
    }

    [Theory]
    [InlineData("{\"msg_type\": 5}", "{}")]
    [InlineData("{\"msg_type\": [\"x\"]}", "{}")]
    [InlineData("{\"msg_type\": null}", "{}")]
    [InlineData("{\"msg_type\": \"a\", \"msg_type\": \"b\"}", "{}")]
    [InlineData("{\"msg_type\": \"\\ud800\"}", "{}")]
    [InlineData("{\"msg_type\": \"x\"}", "{\"a\": 1, \"a\": 2}")]
    [InlineData("{\"msg_type\": \"x\"}", "[1]")]
    public void SignedMessagesOfAnotherShapeAreNone(string header, string content)
    {
        var codec = new MessageCodec("secret", "s");
        byte[][] parts = [Encoding.UTF8.GetBytes(header), "{}"u8.ToArray(), "{}"u8.ToArray(), Encoding.UTF8.GetBytes(content)];
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData("secret"u8, parts.SelectMany(p => p).ToArray()));
        Assert.Null(codec.Decode([[1], "<IDS|MSG>"u8.ToArray(), Encoding.ASCII.GetBytes(signature), .. parts]));
    }

    [Fact]
    public void FieldsOfAnotherKindAreRefused()
    {
        var message = Parent with
        {
            Content = (JsonObject)JsonNode.Parse("""{"code": 1, "silent": "yes", "cursor_pos": 1.5, "value": "\ud800", "good": "a"}""")!,
        };
        foreach (var read in new Action[] { () => message.Text("code"), () => message.Flag("silent"), () => message.Number("cursor_pos"),
            () => message.Text("value") })
            Assert.Throws<CaiException>(read);
        Assert.Equal(("a", null, null), (message.Text("good"), message.Text("none"), message.Flag("none")));
    }

    [Fact]
    public void PositionsCountCodePoints()
    {
        const string text = "a😀b";
        Assert.Equal([0, 1, 3, 4, 4], new[] { 0, 1, 2, 3, 9 }.Select(p => CodePoints.ToIndex(text, p)));
        Assert.Equal([0, 1, 2, 3], new[] { 0, 1, 3, 4 }.Select(i => CodePoints.Count(text, i)));
    }

    [Theory]
    [InlineData("{", "not a connection file")]
    [InlineData("{}", "lacks")]
    [InlineData("""{"transport":"tcp","ip":"127.0.0.1","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":0,"key":""}""", "lacks")]
    [InlineData("""{"transport":"tcp","ip":"127.0.0.1","shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5,"""
        + """ "key":"k","signature_scheme":"hmac-md5"}""", "hmac-md5")]
    public void BadConnectionFilesAreExplained(string text, string expected)
    {
        using var work = new Workspace();
        File.WriteAllText(work.Path("c.json"), text);
        Assert.Contains(expected, Assert.Throws<CaiException>(() => ConnectionFile.Load(work.Path("c.json"))).Message);
        Assert.Contains("does not exist", Assert.Throws<CaiException>(() => ConnectionFile.Load(work.Path("none.json"))).Message);
    }
}
