using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

/// <summary>
/// Templates of ours, and what Jinja 2 (3.1.6, with transformers' settings: ImmutableSandboxedEnvironment, trim_blocks,
/// lstrip_blocks, loop controls, `tojson` by json.dumps) makes of them.
/// </summary>
public sealed class JinjaTemplateTests
{
    private static readonly System.Text.Json.Nodes.JsonObject Variables = System.Text.Json.Nodes.JsonNode.Parse("""
        {
            "d": { "b": 1, "A": [1, 2.5, null, true, "q\"'x\n"], "items": 3 }, "l": [3, 1, 2], "s": "Hello wörld 🙂 x", "n": 7, "f": 0.1, "e": "", "nul": null,
            "big": [1e16, 1e15, 123456789012345680.0, 0.0001, 0.00001, 1.5e-7, 100.0, 1e22]
        }
        """)!.AsObject();

    private static string Render(string template)
    {
        var dialogue = new Dialogue([Turn.System("You are kind"), Turn.Human("  Hi 🙂 é "), Turn.Assistant("ok")]);
        var tokens = new Dictionary<string, string> { ["bos_token"] = "<BOS>", ["eos_token"] = "<EOS>" };
        return new ChatTemplate(template, tokens).Render(dialogue, addGenerationPrompt: true,
            new() { Variables = Variables, Date = new DateTimeOffset(2024, 7, 26, 0, 0, 0, TimeSpan.Zero) });
    }

    [Theory]
    [InlineData("{{ l }} {{ d }} {{ s }} {{ n }} {{ f }} {{ e }} {{ nul }}",
        "[3, 1, 2] {'b': 1, 'A': [1, 2.5, None, True, 'q\"\\'x\\n'], 'items': 3} Hello wörld 🙂 x 7 0.1  None")]
    [InlineData("{{ big }}",
        "[1e+16, 1000000000000000.0, 1.2345678901234568e+17, 0.0001, 1e-05, 1.5e-07, 100.0, 1e+22]")]
    [InlineData("{{ d|tojson }} {{ d|tojson(indent=2) }}",
        "{\"b\": 1, \"A\": [1, 2.5, null, true, \"q\\\"'x\\n\"], \"items\": 3} {\n  \"b\": 1,\n  \"A\": [\n    1,\n    2.5,\n    null,\n    true,\n    "
            + "\"q\\\"'x\\n\"\n  ],\n  \"items\": 3\n}")]
    [InlineData("{{ s|tojson(ensure_ascii=true) }} {{ l|tojson(separators=(',',':')) }} {{ d|tojson(sort_keys=true, indent=4) }} {{ big|tojson }}",
        "\"Hello w\\u00f6rld \\ud83d\\ude42 x\" [3,1,2] {\n    \"A\": [\n        1,\n        2.5,\n        null,\n        true,\n        \"q\\\"'x\\n\"\n    "
            + "],\n    \"b\": 1,\n    \"items\": 3\n} [1e+16, 1000000000000000.0, 1.2345678901234568e+17, 0.0001, 1e-05, 1.5e-07, 100.0, 1e+22]")]
    [InlineData("{{ {'a': {'b': {}}} }}{{ {1: 'x', 'y': [(1,), ()]} }}{{ [\"it's\", 'a\"b', '\\t\\\\'] }}",
        "{'a': {'b': {}}}{1: 'x', 'y': [(1,), ()]}[\"it's\", 'a\"b', '\\t\\\\']")]
    [InlineData("{{ 'a' 'b' \"c\" }}{{ 'x\\u00e9\\x41\\n\\q' }}{{ 1_000 }}{{ 1e3 }}{{ 2.50 }}",
        "abcxéA\n\\q10001000.02.5")]
    [InlineData("{{ s[0] }}{{ s[-3] }}{{ s[1:4] }}{{ s[::-1] }}{{ s[-4:] }}{{ s[:-2] }}{{ s[::2] }}{{ s[10:2:-3] }}{{ s[100:] }}{{ s|length }}",
        "H🙂ellx 🙂 dlröw olleH 🙂 xHello wörld 🙂Hlowrd🙂xdöo15")]
    [InlineData("{{ l[0] }}{{ l[-1] }}{{ l[1:] }}{{ l[::-1] }}{{ l[-100:100] }}{{ l[5] }}{{ l[1:2:1] }}",
        "32[1, 2][2, 1, 3][3, 1, 2][1]")]
    [InlineData("{{ (1, 2)[0] }}{{ (1, 2) }}{% set a, b = (1, 2) %}{{ a }}{{ b }}{% for a, b in [(1,2),[3,4]] %}{{ a }}{{ b }}{% endfor %}",
        "1(1, 2)121234")]
    [InlineData("{{ s.foo }}|{{ d.foo }}|{{ messages[0].zz }}|{{ messages[9] is defined }}|{{ d['items'] }}",
        "|||False|3")]
    [InlineData("{% for c in 'a🙂b' %}[{{ c }}]{% endfor %}",
        "[a][🙂][b]")]
    [InlineData("{{ zz|length }}{{ zz|list }}{{ zz|join }}{{ zz|upper }}{{ zz == yy }}{{ zz ~ 'x' }}{{ 'a' in zz }}{% for x in zz %}{% endfor %}",
        "0[]TruexFalse")]
    public void ValuesPrintAndIndexAsInPython(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** 0.5 }} {{ 1.0 + 1 }} {{ 'a' * 3 }} {{ [1] * 2 }} {{ [1] "
        + "+ [2] }} {{ 'a' ~ 1 ~ none }}",
        "5.0 3 -4 -2 1024 1.4142135623730951 2.0 aaa [1, 1] [1, 2] a1None")]
    [InlineData("{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 5.5 // 2 }} {{ -5.5 % 2 }} {{ true + true }} {{ 1/3 }} {{ 1e100 }} {{ 0.1+0.2 }}",
        "4 64 2.0 0.5 2 0.3333333333333333 1e+100 0.30000000000000004")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 'a' == 1 }} {{ [1,2] < [1,3] }} {{ 'H' in s }} {{ 5 in l }} {{ 'b' in d }} "
        + "{{ 4 not in l }} {{ not 1 == 2 }} {{ none == none }} {{ true == 1 }} {{ [1,[2]] == [1,[2]] }} {{ (1,) == [1] }}",
        "True False True True False True True False True True True True True True False")]
    [InlineData(
        "{{ 1 if n else 2 }} {{ 1 if e else 2 }} {{ 1 if e }} {{ 'a' if false else 'b' if true else 'c' }} {{ n and 'x' }} {{ e or 'y' }} {{ e and 1 or 2 }}",
        "1 2  b x y 2")]
    [InlineData("{{ not none }}{{ not not 1 }}{{ -n }}{{ +n }}{{ - 3|abs }}{{ n|string ~ 'x' }}{{ (n ~ 'x')|upper }}",
        "TrueTrue-7737x7X")]
    public void OperatorsAreThoseOfPython(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ n is defined }}{{ zz is defined }}{{ zz is undefined }}{{ nul is none }}{{ s is string }}{{ n is number }}{{ f is float }}{{ n is integer "
        + "}}{{ true is boolean }}{{ d is mapping }}{{ l is sequence }}{{ s is iterable }}{{ n is odd }}{{ n is even }}",
        "TrueFalseTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueFalse")]
    [InlineData("{{ n is divisibleby 7 }}{{ n is divisibleby(2) }}{{ n is eq 7 }}{{ n is gt 3 }}{{ n is in l }}{{ 3 is in l }}{{ n is not none }}{{ none is "
        + "sameas none }}{{ true is true }}{{ false is false }}{{ 1 is true }}{{ s is lower }}{{ 'AB' is upper }}{{ range is callable }}",
        "TrueFalseTrueTrueFalseTrueTrueTrueTrueTrueFalseFalseTrueTrue")]
    [InlineData("{{ zz|default('q') }}{{ nul|default('q') }}{{ nul|default('q', true) }}{{ e|d('q', boolean=true) }}{{ s|trim }}{{ '  a '|trim "
        + "}}|{{ 'xax'|trim('x') }}",
        "qNoneqqHello wörld 🙂 xa|a")]
    [InlineData("{{ s|upper }}{{ s|lower }}{{ s|capitalize }}{{ s|title }}{{ \"a-b (c it's\"|title }}{{ l|length }}{{ l|count }}{{ l|first }}{{ l|last }}{{ "
        + "l|sort }}{{ l|sort(reverse=true) }}{{ l|reverse|list }}{{ s|reverse }}",
        "HELLO WÖRLD 🙂 Xhello wörld 🙂 xHello wörld 🙂 xHello Wörld 🙂 XA-B (C It's3332[1, 2, 3][3, 2, 1][2, 1, 3]x 🙂 dlröw olleH")]
    [InlineData(
        "{{ l|join('-') }}{{ l|join }}{{ l|sum }}{{ l|min }}{{ l|max }}{{ [1,2,1]|unique|list }}{{ ['b','A','a']|sort }}{{ ['b','A','a']|unique|list }}",
        "3-1-2312613[1, 2]['A', 'a', 'b']['b', 'A']")]
    [InlineData("{{ d|dictsort }}{{ {'z':1,'y':3}|dictsort(by='value', reverse=true) }}{{ {'a':1}|items|list }}",
        "[('A', [1, 2.5, None, True, 'q\"\\'x\\n']), ('b', 1), ('items', 3)][('y', 3), ('z', 1)][('a', 1)]")]
    [InlineData("{{ '3'|int }}{{ 'x'|int }}{{ 'x'|int(9) }}{{ '3.7'|int }}{{ 3.9|int }}{{ '2.5'|float }}{{ 'x'|float }}{{ 2.567|round(1) }}{{ 2.5|round }}{{ "
        + "3.5|round }}{{ 2.1|round(0,'ceil') }}{{ -3|abs }}{{ 5|string }}",
        "309332.50.02.62.04.03.035")]
    [InlineData("{{ '<a b=\"c\">'|e }}{{ s|safe }}{{ 'abc'|list }}{{ s|replace('o','0') }}{{ s|replace('o','0',1) }}",
        "&lt;a b=&#34;c&#34;&gt;Hello wörld 🙂 x['a', 'b', 'c']Hell0 wörld 🙂 xHell0 wörld 🙂 x")]
    [InlineData(
        "{{ 'a\\n\\nb'|indent }}|{{ 'a\\nb'|indent(2) }}|{{ 'a\\n\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('>>') }}",
        "a\n\n    b|a\n  b|  a\n\n  b|a\n  \n  b|a\n>>b")]
    [InlineData("{{ messages|map(attribute='role')|list }}{{ messages|map(attribute='zz', default='q')|list }}{{ ['a','b']|map('upper')|join }}{{ "
        + "messages|selectattr('role','equalto','user')|list|length }}{{ messages|rejectattr('role','equalto','user')|map(attribute='content')|join('|') }}",
        "['system', 'user', 'assistant']['q', 'q', 'q']AB1You are kind|ok")]
    [InlineData("{{ l|select('gt', 1)|list }}{{ l|reject('odd')|list }}{{ messages|selectattr('zz')|list }}{{ "
        + "messages|selectattr('role','in',['user'])|list|length }}{{ messages|selectattr('role','defined')|list|length }}",
        "[3, 2][2][]13")]
    public void TestsAndFiltersAreThoseOfJinja(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ s.upper() }}{{ s.lower() }}{{ s.title() }}{{ s.capitalize() }}{{ s.split() }}{{ s.split('o') }}{{ s.split('o', 1) }}{{ s.rsplit('l',1) }}",
        "HELLO WÖRLD 🙂 Xhello wörld 🙂 xHello Wörld 🙂 XHello wörld 🙂 x['Hello', 'wörld', '🙂', 'x']['Hell', ' wörld 🙂 x']['Hell', ' wörld 🙂 "
            + "x']['Hello wör', 'd 🙂 x']")]
    [InlineData("{{ s.replace('l','LL') }}{{ s.replace('l','LL',1) }}{{ s.replace('','-') }}{{ s.replace('','-',2) }}",
        "HeLLLLo wörLLd 🙂 xHeLLlo wörld 🙂 x-H-e-l-l-o- -w-ö-r-l-d- -🙂- -x--H-ello wörld 🙂 x")]
    [InlineData("{{ s.startswith('He') }}{{ s.endswith(('x','y')) }}{{ s.find('x') }}{{ s.rfind('l') }}{{ s.count('l') }}{{ s.count('') }}{{ '  a '.strip() "
        + "}}|{{ '  a '.lstrip() }}|{{ '  a '.rstrip() }}|{{ 'xxaxx'.strip('x') }}{{ 'abc'.strip('') }}",
        "TrueTrue149316a|a |  a|aabc")]
    [InlineData("{{ s.partition('o') }}{{ s.rpartition('o') }}{{ 'a\\nb\\r\\nc\\n'.splitlines() }}{{ 'a\\nb'.splitlines(true) }}{{ '5'.zfill(3) }}{{ "
        + "'-5'.zfill(4) }}{{ 'ab'.removeprefix('a') }}{{ 'ab'.removesuffix('b') }}",
        "('Hell', 'o', ' wörld 🙂 x')('Hell', 'o', ' wörld 🙂 x')['a', 'b', 'c']['a\\n', 'b']005-005ba")]
    [InlineData("{{ ','.join(['a','b']) }}{{ '12'.isdigit() }}{{ 'ab'.isalpha() }}{{ ''.isspace() }}{{ 'aB'.isupper() }}{{ 'ab'.islower() }}{{ 'a1'.isalnum() "
        + "}}{{ 'aB'.swapcase() }}",
        "a,bTrueTrueFalseFalseTrueTrueAb")]
    [InlineData(
        "{{ d.items()|list }}{{ d.keys()|list }}{{ d.values()|list }}{{ d.get('b') }}{{ d.get('zz') }}{{ d.get('zz', 4) }}{{ l.index(2) }}{{ l.count(1) }}",
        "[('b', 1), ('A', [1, 2.5, None, True, 'q\"\\'x\\n']), ('items', 3)]['b', 'A', 'items'][1, [1, 2.5, None, True, 'q\"\\'x\\n'], 3]1None421")]
    public void MethodsAreThoseOfPython(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
        "b=1;A=[1, 2.5, None, True, 'q\"\\'x\\n'];items=3;")]
    [InlineData("{% for k in d %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ "
        + "loop.depth }}{{ loop.previtem }}{{ loop.nextitem }}{{ k }}{% endfor %}",
        "1032TrueFalse31Ab2121FalseFalse31bitemsA3210FalseTrue31Aitems")]
    [InlineData("{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}{% for x in [] %}a{% else %}empty{% endfor %}{% for x in zz %}a{% "
        + "else %}undef{% endfor %}",
        "3222emptyundef")]
    [InlineData(
        "{% for x in l %}{% for y in l %}{% if y == 1 %}{% continue %}{% endif %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }}{% endfor %}{% endfor %}",
        "331323")]
    [InlineData("{% for x in [1,1,2,2,1] %}{{ loop.changed(x) }}{{ loop.cycle('a','b') }}{% endfor %}",
        "TrueaFalsebTrueaFalsebTruea")]
    [InlineData("{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% for i in l %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
        "25342")]
    [InlineData("{% set ns = namespace(a=1, b=[]) %}{% for i in l %}{% set ns.a = ns.a + i %}{% set ns.b = ns.b + [i] %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ "
        + "ns.c }}{{ ns.c is defined }}",
        "7[3, 1, 2]False")]
    [InlineData(
        "{% macro m(a, b='z', c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}{{ m(1)|length }}{{ m(1) ~ 'x' }}",
        "[1z1][121][434][z]5[1z1]x")]
    [InlineData("{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{% call m(1) %}body{{ n }}{% endcall %}{% macro k() %}{{ caller('q') }}{% endmacro %}{% "
        + "call(z) k() %}<{{ z }}>{% endcall %}",
        "1body7<q>")]
    [InlineData("{% macro r(k) %}{{ k }}{% if k > 0 %}{{ r(k-1) }}{% endif %}{% endmacro %}{{ r(5) }}",
        "543210")]
    [InlineData("{% macro m() %}{{ z }}{% endmacro %}{% set z = 3 %}{{ m() }}{% for i in [1] %}{% set z = 4 %}{{ m() }}{% endfor %}",
        "33")]
    [InlineData("{% set b %}  x {{ n }} {% endset %}[{{ b }}]{% set b | trim | upper %}  x {{ n }} {% endset %}[{{ b }}]{% filter upper %}abc{% endfilter %}",
        "[  x 7 ][X 7]ABC")]
    [InlineData("{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
        "12")]
    [InlineData("{% if e %}a{% elif nul %}b{% else %}c{% endif %}{% if not e and (n or zz) %}y{% endif %}",
        "cy")]
    [InlineData("{{ range(3)|list }}{{ range(1,4)|list }}{{ range(5,0,-2)|list }}{{ range(0)|list }}{{ dict(a=1) }}",
        "[0, 1, 2][1, 2, 3][5, 3, 1][]{'a': 1}")]
    [InlineData("{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M %A %B %j %-d') }}",
        "26 Jul 2024 2024-07-26 00:00 Friday July 208 26")]
    [InlineData("{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}",
        "<BOS><EOS>TrueTrueTrue")]
    [InlineData("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message.content|trim + '<|im_end|>' + '\\n' }}{% endfor %}{% if "
        + "add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
        "<|im_start|>system\nYou are kind<|im_end|>\n<|im_start|>user\nHi 🙂 é<|im_end|>\n<|im_start|>assistant\nok<|im_end|>\n<|im_start|>assistant\n")]
    public void StatementsAndScopesAreThoseOfJinja(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc\n",
        "a\n  b\nc")]
    [InlineData("  {{ 1 }}\n  {# c #}\n x {#- d -#}  y",
        "  1\n xy")]
    [InlineData("{% for x in [1,2] %}\n  - {{ x }}\n{% endfor %}\n\n",
        "  - 1\n  - 2\n")]
    [InlineData("x\n\n  {%- if true -%}\n\n y \n {%- endif %}\n\nz\n\n",
        "xy\nz\n")]
    [InlineData("{% raw %}\n a {{ x }}\n  {% endraw %}\n b",
        "\n a {{ x }}\n b")]
    [InlineData("  {% set x = 1 %}  {% set y = 2 %}\n{{ x }}\n",
        "  1")]
    [InlineData("a {# c #}\n b\n   {# d #}   e\n",
        "a  b\n   e")]
    [InlineData("{%- for m in messages %}\n    {%- if loop.first %}\n        {{- 'F' }}\n    {%- endif %}\n    {{- m.role }}\n{%- endfor %}\n",
        "Fsystemuserassistant")]
    [InlineData("{{ [1,\n2] }}\n{{ 'a\nb' }}",
        "[1, 2]\na\nb")]
    [InlineData("\r\na\r\n{% if true %}\r\nb\r\n{% endif %}\r\n",
        "\na\nb\n")]
    [InlineData("{{ '{{' }}{{ '}}' }}{{ '%}' }}",
        "{{}}%}")]
    [InlineData("{% if true %}{# x #}\n{% endif %}\ny",
        "y")]
    [InlineData("  {% raw -%}  a  {%- endraw %}  \n b",
        "a  \n b")]
    [InlineData("{#a#}\n\n  {#b#}  {% if 1 %}\n\t{% endif %}c",
        "\n  c")]
    [InlineData("{% if x\n is defined %}1{% else\n %}2{% endif %}",
        "2")]
    [InlineData("    {%+ if true %} w {% endif +%}\n end",
        "     w \n end")]
    [InlineData("{{- n -}}   z",
        "7z")]
    [InlineData("{% generation %}a{% endgeneration %}",
        "a")]
    public void BlankSpaceGoesWhereTransformersTakesIt(string template, string expected) => Assert.Equal(expected, Render(template));
}
