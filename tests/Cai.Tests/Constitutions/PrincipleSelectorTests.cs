using Cai.Constitutions;
using Cai.Storage;
using Xunit;

namespace Cai.Tests.Constitutions;

public sealed class PrincipleSelectorTests
{
    [Fact]
    public void SelectorsComeBackAsTheyWent()
    {
        foreach (var selector in new[] { PrincipleSelector.Drawn, PrincipleSelector.Fixed("safe"), PrincipleSelector.Averaged(3) })
            Assert.Equal(CaiJson.Write(selector), CaiJson.Write(CaiJson.Read<IPrincipleSelector>(CaiJson.Write(selector), "", "")));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"mode":5}""")]
    [InlineData("""{"mode":"other"}""")]
    [InlineData("""{"mode":"fixed"}""")]
    [InlineData("""{"mode":"fixed","id":null}""")]
    [InlineData("""{"mode":"averaged"}""")]
    [InlineData("""{"mode":"averaged","count":"3"}""")]
    [InlineData("""{"mode":"averaged","count":0.5}""")]
    public void WhatIsNoSelectorIsOneLine(string json)
    {
        var error = Assert.Throws<CaiException>(() => CaiJson.Read<IPrincipleSelector>(json, "config.json", ""));
        Assert.DoesNotContain('\n', error.Message);
    }
}
