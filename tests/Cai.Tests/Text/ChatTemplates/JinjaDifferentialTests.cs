using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

/// <summary>The same templates through Jinja2, set up as transformers does, where Python has it (Debian: python3-jinja2).</summary>
public class JinjaDifferentialTests
{
    private const string Reference = """
        import copy, json, sys
        try:
            import jinja2
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError:
            sys.exit(77)
        env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
        env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
        job = json.load(sys.stdin)
        def run(text):
            try:
                return env.from_string(text).render(**copy.deepcopy(job["variables"])) # `indent` changes lists
            except Exception as e:
                return None
        json.dump([run(text) for text in job["templates"]], sys.stdout)
        """;

    private static readonly string[] Values =
    [
        "none", "nothing", "true", "false", "0", "3", "-7", "2.5", "''", "'abc'", "' Ab c '", "'a\\nb\\n\\nc\\n'", "'a\\r\\nb'", "'x\\u2028y\\x1cz'", "'12'",
        "'-3.5'", "[]", "[1, 2, 3]", "['b', 'A', 'c']", "[none, 0, '', 'x']", "{}", "{'b': 1, 'a': 'x'}", "[{'a': 1, 'b': 'y'}, {'a': 2}, {'a': none}]",
        "(1, 2)", "((1, 'a'), (2, 'b'))", "words", "rows", "text",
    ];

    private static readonly string[] Tails =
    [
        "", "|string", "|length", "|list", "|first", "|last", "|join(',')", "|upper", "|lower", "|capitalize", "|title", "|trim", "|default('d')",
        "|default('d', true)", "|int", "|float", "|abs", "|tojson", "|tojson(indent=2)", "|tojson(separators=(',', ':'))", "|selectattr('a')|list",
        "|selectattr('a', 'defined')|list", "|rejectattr('a', 'equalto', 1)|list", "|select|list", "|reject('none')|list", "|select('string')|list",
        "|map(attribute='a')|list", "|map('upper')|list", "|map(attribute='b', default='-')|join", "|sort|list", "|unique|list", "|reverse|list", "|sum",
        "|max", "|min", "|dictsort", "|items|list", "|indent(2)", "|indent(2, true, true)", "|replace('a', 'b')", "|round", "|escape",
        " is defined", " is none", " is string", " is number", " is mapping", " is iterable", " is sequence", " is true", " is boolean", " is integer",
        " is float", " == 3", " != none", " in [3, 'abc', none]", "[0]", "[-1]", "[1:]", "[::-1]", ".a", ".strip()", ".split()", ".split('b')",
        ".splitlines()", ".items()|list", ".get('a')", " ~ 'x'", " + 1", " * 2", " * 0", " or 'else'", " and 'both'", " if nothing else 'no'",
        ".startswith('a')", ".upper()", ".title()", " not in []", "|list|length", "|string|length",
    ];

    private static readonly string[] Whole =
    [
        "{{ none | selectattr('a') | list }}", "{% for m in none | selectattr('a') %}x{% else %}none{% endfor %}",
        "a\u2028b {% if true %}\u2028{% endif %}\n c",
        "{% set x = 'a\u2028b' %}{{ x }}", "a\r\nb\rc\n", "a\n\n", "\f{% if true %}x{% endif %}", " \x1c{%- if true %} x {% endif -%} \x1d y", "{# c #}\n x",
        "  {% set a = 1 %}  \n{{ a }}", "\u00a0{% if true %}x{% endif %}", "{{ '' * 2147483647 }}", "{{ [] * 2147483647 }}", "{{ 'a' 'b' \"c\" }}",
        "{% for i in [1,2,3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{{ loop.index }}{% endfor %}", "{{ 'a' if false }}", "{{ (1,) }}{{ () }}",
        "{% set ns = namespace(n=0) %}{% for r in rows %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 3 }}",
        "{{ 1 / 2 }} {{ 1e3 }} {{ 10 ** 20 }}", "{{ {'a': [1, {'b': none}]} }}", "{{ [true, none, 1.0, 'it\\'s', \"q\\\"\"] }}", "{% raw %}{{ x }}{% endraw %}",
        "{% macro m(a, b='z') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}", "{{ text.split('\n')[0] }}", "{{ 'ß'.upper() }} {{ 'ß'|upper }}",
    ];

    /// <summary>Where Jinja2 gives a text, it is ours, or we say that a construct is left out; never another text.</summary>
    [Fact]
    public void TheSameTextAsJinja2()
    {
        string[] templates = [.. Values.SelectMany(value => Tails.Select(tail => $"{{{{ ({value}){tail} }}}}")), .. Whole];
        var variables = JsonNode.Parse("""
            {"words": ["One", "two\u2028", "\u00e9t\u00e9"], "rows": [{"role": "user", "a": "x"}, {"role": "tool", "a": null}],
             "text": "first\nsecond\u0085third"}
            """)!.AsObject();
        var expected = Ask(templates, variables);
        SkippedTests.Unless(expected is not null, "python3 with jinja2 is not installed");
        var options = new ChatTemplateOptions { Variables = variables };
        var (same, wrong, refused) = (0, new List<string>(), new List<string>());
        for (var i = 0; i < templates.Length; i++)
        {
            if (expected![i] is not { } text)
                continue;
            try
            {
                var ours = new ChatTemplate(templates[i]).Render(Dialogue.Ask("q"), addGenerationPrompt: false, options);
                if (ours == text)
                    same++;
                else
                    wrong.Add($"{JsonSerializer.Serialize(templates[i])}: {JsonSerializer.Serialize(ours)}, Jinja2 {JsonSerializer.Serialize(text)}");
            }
            catch (CaiException e)
            {
                refused.Add($"{JsonSerializer.Serialize(templates[i])}: {e.Problem} Jinja2 {JsonSerializer.Serialize(text)}");
            }
        }
        Assert.True(wrong.Count == 0, $"{same} same, {wrong.Count} differ, {refused.Count} refused:\n" + string.Join('\n', wrong));
        // What is refused is named as left out; nothing that works there fails here as though it were wrong.
        var failed = refused.Where(line => !line.Contains("unsupported", StringComparison.Ordinal)).ToList();
        Assert.True(failed.Count == 0, $"{same} same, {failed.Count} fail:\n" + string.Join('\n', failed));
        Assert.True(same > 900, $"{same} same");
    }

    private static string?[]? Ask(string[] templates, JsonObject variables)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Reference);
        try
        {
            using var python = Process.Start(start)!;
            var errors = python.StandardError.ReadToEndAsync();
            python.StandardInput.Write(JsonSerializer.Serialize(new { templates, variables }));
            python.StandardInput.Close();
            var answer = python.StandardOutput.ReadToEnd();
            python.WaitForExit();
            return python.ExitCode == 77 ? null : JsonSerializer.Deserialize<string?[]>(answer) ?? throw new InvalidOperationException(errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no python3
        }
    }
}
