using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

public sealed class UnsupportedConstructTests
{
    [Theory]
    [InlineData("{% include 'x' %}", "statement 'include'")]
    [InlineData("{% extends 'x' %}", "statement 'extends'")]
    [InlineData("{% do x %}", "statement 'do'")]
    [InlineData("a\n{% for x in y recursive %}{% endfor %}", "recursive loop")]
    [InlineData("{{ 1|xmlattr }}", "filter 'xmlattr'")]
    [InlineData("{{ messages|groupby('role') }}", "filter 'groupby'")]
    [InlineData("{{ 1 is escaped }}", "test 'escaped'")]
    [InlineData("{{ 1 is filter('trim') }}", "test 'filter'")]
    [InlineData("{{ 'a'.encode() }}", "method 'encode' of a text")]
    [InlineData("{{ '%s' % 1 }}", "formatting a text by '%'")]
    [InlineData("{{ f(*x) }}", "'*' before an argument")]
    [InlineData("{{ x[1, 2] }}", "an index of several parts")]
    [InlineData("{{ 99999999999999999999 }}", "the number 99999999999999999999")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "beyond 64 bits")]
    [InlineData("{{ messages|tojson(cls=1) }}", "the argument 'cls' of the filter 'tojson'")]
    public void WhatIsLeftOutIsNamed(string template, string construct)
    {
        var error = Assert.Throws<CaiException>(() => new ChatTemplate(template, source: "m/tokenizer_config.json")
            .Render(Dialogue.Ask("Hi"), addGenerationPrompt: false));
        Assert.Contains("unsupported construct", error.Problem);
        Assert.Contains(construct, error.Problem);
        Assert.Equal($"m/tokenizer_config.json, template line {(template.StartsWith('a') ? 2 : 1)}", error.Where);
    }

    [Theory]
    [InlineData("a\nb {{ x", "no end '}}'", 2)]
    [InlineData("{% if x", "no end '%}'", 1)]
    [InlineData("{# x", "comment has no end", 1)]
    [InlineData("{{ 'x }}", "string has no end", 1)]
    [InlineData("{% raw %}x", "raw block has no end", 1)]
    [InlineData("\n{% if x %}y", "no 'endif'", 2)]
    [InlineData("{% endfor %}", "'endfor' stands outside", 1)]
    [InlineData("{% break %}", "'break' stands outside", 1)]
    [InlineData("{{ ) }}", "')'", 1)]
    [InlineData("{{ 1 + }}", "a value was expected", 1)]
    [InlineData("{{ x ? y }}", "'?'", 1)]
    [InlineData("{% for 1 in x %}{% endfor %}", "a name was expected", 1)]
    [InlineData("{% set x y %}{% endset %}", "'%}' was expected", 1)]
    public void WhatIsNoJinjaIsRefusedWithItsLine(string template, string problem, int line)
    {
        var error = Assert.Throws<CaiException>(() => new ChatTemplate(template));
        Assert.Contains(problem, error.Problem);
        Assert.EndsWith($"template line {line}", error.Where);
    }

    [Theory]
    [InlineData("{{ raise_exception('no way') }}", "no way")]
    [InlineData("{{ zz.y }}", "'zz' is undefined")]
    [InlineData("{{ zz + 'a' }}", "'zz' is undefined")]
    [InlineData("{{ zz() }}", "'zz' is undefined")]
    [InlineData("{{ zz < 1 }}", "'zz' is undefined")]
    [InlineData("{{ 'a' + 1 }}", "'+' does not work on a text and a whole number")]
    [InlineData("{{ 'a' + none }}", "none")]
    [InlineData("{{ 1 / 0 }}", "Division by zero")]
    [InlineData("{% for x in none %}{% endfor %}", "none cannot be looped over")]
    [InlineData("{{ zz|tojson }}", "undefined cannot be written as JSON")]
    [InlineData("{% set a, b = 1, 2, 3 %}", "3 values cannot be given to 2 names")]
    [InlineData("{{ {[1]: 2} }}", "a list cannot be the key")]
    [InlineData("{{ range(1, 5, 0) }}", "step of 'range' is 0")]
    [InlineData("{{ 'a'.split('') }}", "separator")]
    [InlineData("{{ strftime_now('%d') }}", "'strftime_now' is undefined")]
    public void WhatJinjaRefusesIsRefused(string template, string problem)
    {
        var error = Assert.Throws<CaiException>(() => new ChatTemplate(template).Render(Dialogue.Ask("Hi"), addGenerationPrompt: false));
        Assert.Contains(problem, error.Problem);
        Assert.DoesNotContain("unsupported", error.Problem);
    }
}
