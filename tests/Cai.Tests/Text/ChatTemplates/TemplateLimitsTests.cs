using System.Text;
using Cai.Jinja;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

/// <summary>A template comes with a download: whatever it holds, rendering ends soon and with one line.</summary>
public sealed class TemplateLimitsTests
{
    private static CaiException Refused(string template, TemplateLimits? limits = null)
    {
        var error = Assert.Throws<CaiException>(() => new ChatTemplate(template)
            .Render(Dialogue.Ask("Hi"), addGenerationPrompt: true, new() { Limits = limits ?? new() }));
        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("template line", error.Where);
        return error;
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s.replace('x', 'xxxxxxxxxxxxxxxx') %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s|replace('x', 'xxxxxxxxxxxxxxxx') %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "steps")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}", "steps")]
    [InlineData("{% set ns = namespace(l=[1], k=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.k = [ns.k, ns.k] %}{% endfor %}{{ "
        + "ns.l == ns.k }}", "steps")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "depth")]
    [InlineData("{{ 'x' * 999999999 }}", "characters")]
    [InlineData("{{ 'x' * 999999999999999 }}", "characters")]
    [InlineData("{{ [1] * 999999999 }}", "steps")]
    [InlineData("{{ 'x'.zfill(999999999) }}", "characters")]
    [InlineData("{{ [[1]]|tojson(indent=999999999)|length * ('x' * 99999999)|length }}", "characters")]
    [InlineData("{{ range(999999999)|list }}", "range")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "depth")]
    [InlineData("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "depth")]
    [InlineData("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}", "depth")]
    public void WhatWouldNotEndIsStopped(string template, string bound) => Assert.Contains(bound, Refused(template).Problem, StringComparison.Ordinal);

    /// <summary>A step costs about the same whatever it does, so the count bounds the time, too: loops, scans, sorts and copies within loops.</summary>
    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{% for j in range(9) %}{{ i * j }}{% endfor %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s|length %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s == s ~ 'c' %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = 'c' in s %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s.find('c') %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s.split('b')|length %}{% endfor %}")]
    [InlineData("{% set s = 'ab ' * 400000 %}{% for i in range(99999) %}{% set x = s.split()|length %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s|upper %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s[i:] %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s[5] %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s.count('a') %}{% endfor %}")]
    [InlineData("{% set s = ' ' * 800000 %}{% for i in range(99999) %}{% set x = s.strip() %}{% endfor %}")]
    [InlineData("{% set s = 'ab' * 400000 %}{% for i in range(99999) %}{% set x = s|int %}{% endfor %}")]
    [InlineData("{% set s = '1' * 400000 %}{% for i in range(99999) %}{% set x = s|int %}{% endfor %}")]
    [InlineData("{% set s = '9' * 4000 %}{% for i in range(99999) %}{% set x = s|float %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|sort %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|unique|list %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = -1 in l %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|sum + l|max %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|join|length %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l[::-1] %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|last %}{% set y = l|first %}{% set z = l|reverse|list %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|map('string')|list %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|selectattr('a')|list %}{% endfor %}")]
    [InlineData("{% set l = range(90000)|list %}{% for i in range(99999) %}{% set x = l|batch(3)|list %}{% endfor %}")]
    [InlineData("{% set ns = namespace(n=9) %}{% for i in range(99999) %}{% set ns.n = ns.n * ns.n %}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{% set x = 9 ** 99999 %}{% endfor %}")]
    [InlineData("{% macro m(n) %}{% for i in range(9) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endfor %}{% endmacro %}{{ m(60) }}")]
    public void WhatTakesLongIsStoppedSoon(string template)
    {
        var (clock, before) = (System.Diagnostics.Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        try
        {
            new ChatTemplate(template).Render(Dialogue.Ask("Hi"), addGenerationPrompt: false);
        }
        catch (CaiException)
        {
            // Stopped, or an operation that this engine leaves out.
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1L << 30, $"{GC.GetAllocatedBytesForCurrentThread() - before >> 20} MB");
    }

    [Fact]
    public void OutputCountsAndLimitsCanBeSet()
    {
        const string template = "{% for i in range(100) %}0123456789{% endfor %}";
        Assert.Equal(1000, new ChatTemplate(template).Render(Dialogue.Ask("Hi"), addGenerationPrompt: false).Length);
        Assert.Contains("999 characters", Refused(template, new() { Characters = 999 }).Problem);
        Assert.Contains("50 steps", Refused(template, new() { Steps = 50 }).Problem);
    }

    [Fact]
    public void DepthIsBoundedWhenATemplateIsReadToo()
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("[", "]"), ("{1:", "}"), ("not ", ""), ("- ", ""), ("1 if 1 else ", ""), ("x[", "]") })
            Assert.Throws<CaiException>(() => new ChatTemplate("{{ " + Repeated(open) + "1" + Repeated(close) + " }}"));
        Assert.Throws<CaiException>(() => new ChatTemplate(Repeated("{% if 1 %}") + Repeated("{% endif %}")));
        // A long chain is no nesting when it is read, and is stopped when it is rendered.
        Assert.Contains("depth", Refused("{{ 1" + Repeated(" + 1") + " }}").Problem);

        static string Repeated(string text) => new StringBuilder().Insert(0, text, 20_000).ToString();
    }

    [Fact]
    public void ARenderingLeavesNothingForTheNext()
    {
        var template = new ChatTemplate(
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{{ left is defined }}{% set left = 1 %}");
        Parallel.For(0, 20, _ => Assert.Equal("1False", template.Render(Dialogue.Ask("Hi"), addGenerationPrompt: false)));
    }

    [Theory]
    [InlineData("{{ ''.__class__.__mro__ }}")]
    [InlineData("{{ messages.__class__.__base__ }}")]
    [InlineData("{{ messages[0].GetType().Assembly }}")]
    [InlineData("{{ 'x'.GetType() }}")]
    [InlineData("{{ messages.append(1) }}")]
    [InlineData("{{ messages[0].update({'role': 'x'}) }}")]
    [InlineData("{% set messages.x = 1 %}")]
    public void NothingOfTheProgramCanBeReachedOrChanged(string template) => Refused(template);

    [Theory]
    [InlineData("{{ namespace.__globals__ }}{{ range.Method }}")]
    [InlineData("{% for m in messages %}{{ loop.items }}{{ loop.Index }}{{ loop['items'] }}{% endfor %}")]
    [InlineData("{{ 'x'.Length }}{{ messages.Items }}{{ messages[0].Count }}{{ messages[0]['Items'] }}")]
    public void MembersOfTheEnginesOwnTypesAreNotThere(string template) =>
        Assert.Equal("", new ChatTemplate(template).Render(Dialogue.Ask("Hi"), addGenerationPrompt: true));

    /// <summary>A few bytes of template cost no more than a few bytes: each of these took seconds, or more than linear time.</summary>
    [Theory]
    [InlineData("{{ '' * 2147483647 }}", "")]
    [InlineData("{% for i in range(1000) %}{% set x = [] * 2147483647 %}{% endfor %}", "")]
    [InlineData("{{ () * 2147483647 }}", "()")]
    public void NothingManyTimesCostsNothing(string template, string expected)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(expected, new ChatTemplate(template).Render(Cai.Text.Dialogue.Ask("q"), addGenerationPrompt: false));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"{clock.Elapsed}");
    }

    [Fact]
    public void StringsSideBySideAreReadInLinearTime()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var template = new ChatTemplate("{{ (" + string.Concat(Enumerable.Repeat("'0123456789' ", 200_000)) + ")|length }}");
        Assert.Equal("2000000", template.Render(Cai.Text.Dialogue.Ask("q"), addGenerationPrompt: false));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }
}
