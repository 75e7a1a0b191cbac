using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Cai.Tool.Tests.Notebooks;

/// <summary>
/// What a cell may use so that it runs in this kernel and in .NET Interactive: C# script without `namespace`, top-level
/// `using var` and spans; a short list of directives; no `Update` of a display (lost there since 2025), no `await` inside
/// torch scopes (it resumes on another thread there), nothing of either kernel's own API beyond display, HTML and input.
/// </summary>
internal static partial class PortableSyntax
{
    private static readonly string[] InputAndOutput = ["display", "HTML", "GetInputAsync", "GetPasswordAsync"];

    /// <summary>Everything in the cell that one of the two does not take; empty when it is portable.</summary>
    public static IEnumerable<string> Violations(string cell)
    {
        var lines = cell.ReplaceLineEndings("\n").Split('\n');
        var directives = lines.Where(line => line.TrimStart().StartsWith('#')).ToList();
        foreach (var line in directives.Where(line => !Directive().IsMatch(line)))
            yield return $"directive: {line.Trim()}";
        if (directives.Any(line => line.Contains("nuget:", StringComparison.Ordinal))
            && lines.Any(line => line.Trim().Length > 0 && !directives.Contains(line) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            yield return "#r \"nuget:\" stands in a cell with other code";

        var code = string.Join('\n', lines.Select(line => line.TrimStart().StartsWith('#') ? "" : line));
        var tree = CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.CSharp14, kind: SourceCodeKind.Script));
        foreach (var problem in tree.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error))
            yield return problem.GetMessage(System.Globalization.CultureInfo.InvariantCulture); // usings first, no top-level using var
        var root = (CompilationUnitSyntax)tree.GetRoot();
        var displays = root.DescendantNodes().OfType<VariableDeclaratorSyntax>().Where(v => IsDisplay(v.Initializer?.Value))
            .Select(v => v.Identifier.Text).ToHashSet();
        foreach (var node in root.DescendantNodes())
        {
            var violation = node switch
            {
                BaseNamespaceDeclarationSyntax => "namespace",
                FieldDeclarationSyntax { Parent: CompilationUnitSyntax } field when field.Declaration.Type.ToString() is var type
                    && (type.StartsWith("Span<", StringComparison.Ordinal) || type.StartsWith("ReadOnlySpan<", StringComparison.Ordinal)) => "top-level span",
                IdentifierNameSyntax { Identifier.Text: "cancel" } => "the global `cancel`, which only this kernel has",
                IdentifierNameSyntax { Identifier.Text: "KernelInvocationContext" or "CompositeKernel" } => "a kernel's own API",
                MemberAccessExpressionSyntax member when KernelClass().IsMatch(member.Expression.ToString())
                    && !InputAndOutput.Contains(member.Name.Identifier.Text) => "a kernel's own API",
                InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Update" } update } when IsDisplay(
                    update.Expression) || displays.Contains(update.Expression.ToString()) => "Update of a display",
                AwaitExpressionSyntax when node.Ancestors().OfType<UsingStatementSyntax>().Any(IsTorchScope) => "await in a torch scope",
                _ => null,
            };
            if (violation is not null)
                yield return $"{violation}: {node.ToString().Split('\n')[0]}";
        }
    }

    private static bool IsDisplay(ExpressionSyntax? value) => value is InvocationExpressionSyntax call && call.Expression switch
    {
        IdentifierNameSyntax name => name.Identifier.Text == "display",
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text is "Display" or "DisplayAs",
        _ => false,
    };

    private static bool IsTorchScope(UsingStatementSyntax scope) =>
        TorchScope().IsMatch($"{scope.Expression}{scope.Declaration}");

    [GeneratedRegex("^\\s*#(r \"(nuget: ?[^\"]+|[^\"]+\\.dll)\"|load \"[^\"]+\\.csx\"|!import \"?[^\"]+\\.csx\"?|!time)\\s*$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"^(Microsoft\.DotNet\.Interactive\.)?Kernel$")]
    private static partial Regex KernelClass();

    [GeneratedRegex("no_grad|inference_mode|enable_grad|NewDisposeScope")]
    private static partial Regex TorchScope();
}
