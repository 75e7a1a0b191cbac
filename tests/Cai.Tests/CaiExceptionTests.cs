using Xunit;

namespace Cai.Tests;

public sealed class CaiExceptionTests
{
    [Fact]
    public void WhatAFileSaysStaysOnOneLineAndSpeaksToNoTerminal()
    {
        var error = new CaiException("The key '\u001b[31m\n\u202ex\ud800' is unknown.", "Mend it.", "a\u009bb.json");
        Assert.Equal("a\\u009bb.json: The key '\\u001b[31m \\u202ex\\ud800' is unknown. Mend it.", error.Message);
        Assert.Equal("Ünïcode, \U0001F468\u200D\U0001F469 stays. x", new CaiException("Ünïcode, \U0001F468\u200D\U0001F469 stays.", "x").Message);
    }
}
