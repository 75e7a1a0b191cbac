using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Cai.Tool.Notebooks;

/// <summary>One way to go on typing.</summary>
/// <param name="Text">The whole word.</param>
/// <param name="Kind">`method`, `property`, `class`, `keyword`, …: what a front end picks an icon by.</param>
public sealed record Completion(string Text, string Kind);

/// <summary>Ways to go on typing: each replaces the text from Start to End (UTF-16 positions in the cell).</summary>
public sealed record Completions(int Start, int End, IReadOnlyList<Completion> Items);

/// <summary>Whether a cell is ready to run.</summary>
public enum CellCompleteness { Complete, Incomplete, Invalid }

/// <summary>What a front end asks about a cell while it is being written, in the light of the cells that ran before.</summary>
public sealed class CellAnalysis(ScriptSession session)
{
    /// <summary>Names and keywords that fit at a position.</summary>
    /// <param name="position">UTF-16 position in <paramref name="code"/>.</param>
    public Completions Complete(string code, int position)
    {
        position = Math.Clamp(position, 0, code.Length);
        var start = position;
        while (start > 0 && SyntaxFacts.IsIdentifierPartCharacter(code[start - 1]))
            start--;
        var prefix = code[start..position];
        var model = session.Analyse(CellSource.Without(code, blank: true));
        var dot = start - 1;
        while (dot >= 0 && char.IsWhiteSpace(code[dot]))
            dot--;
        var root = model.SyntaxTree.GetRoot();
        var before = Math.Max(0, position - 1);
        if (root.FindTrivia(before).Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
            || root.FindToken(before).Kind() is SyntaxKind.StringLiteralToken)
            return new Completions(position, position, []);
        var symbols = dot >= 0 && code[dot] == '.' ? Members(model, root, dot) : model.LookupSymbols(start).Where(s => !IsHidden(s));
        var items = symbols.Where(s => s.CanBeReferencedByName && !s.IsImplicitlyDeclared).Select(s => new Completion(s.Name, KindOf(s)));
        if (dot < 0 || code[dot] != '.')
            items = items.Concat(SyntaxFacts.GetKeywordKinds().Select(SyntaxFacts.GetText).Where(k => char.IsLetter(k[0]))
                .Select(k => new Completion(k, "keyword")));
        return new Completions(start, position, [.. items
            .Where(i => i.Text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).DistinctBy(i => i.Text)
            .OrderBy(i => i.Text.StartsWith(prefix, StringComparison.Ordinal) ? 0 : 1).ThenBy(i => i.Text, StringComparer.OrdinalIgnoreCase)]);
    }

    /// <summary>What the name at a position is: its declaration, overloads and docstring; null when there is no name.</summary>
    /// <param name="position">UTF-16 position in <paramref name="code"/>; just behind a name counts as on it.</param>
    public string? Inspect(string code, int position)
    {
        var model = session.Analyse(CellSource.Without(code, blank: true));
        var root = model.SyntaxTree.GetRoot();
        foreach (var at in new[] { position, position - 1, position - 2 }.Where(at => at >= 0 && at < code.Length))
        {
            var token = root.FindToken(at);
            if (token.Parent is not { } node || !token.IsKind(SyntaxKind.IdentifierToken) && !SyntaxFacts.IsPredefinedType(token.Kind())
                || !token.Span.IntersectsWith(position) && at == position)
                continue;
            var found = model.GetSymbolInfo(node);
            var symbol = found.Symbol ?? found.CandidateSymbols.FirstOrDefault() ?? model.GetDeclaredSymbol(node) ?? model.GetTypeInfo(node).Type;
            if (symbol is null or IErrorTypeSymbol)
                continue;
            var others = Math.Max(found.CandidateSymbols.Length, model.GetMemberGroup(node).Length) - 1;
            return Describe(symbol) + (others > 0 ? $" (+ {others} overloads)" : "") + (SymbolDocs.Of(symbol) is { Length: > 0 } docs ? $"\n\n{docs}" : "");
        }
        return null;
    }

    /// <summary>Whether Enter should run the cell or begin a new line, and how far that is indented.</summary>
    public static (CellCompleteness State, string Indent) Completeness(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(SourceText.From(CellSource.Without(code, blank: true)), CellSource.Script);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
        {
            var last = code[(code.TrimEnd('\n', ' ').LastIndexOf('\n') + 1)..];
            var indent = last.Length - last.TrimStart(' ').Length + (last.TrimEnd().EndsWith('{') ? 4 : 0);
            return (CellCompleteness.Incomplete, new string(' ', indent));
        }
        var broken = tree.GetDiagnostics().Any(d => d.Severity == DiagnosticSeverity.Error);
        return (broken ? CellCompleteness.Invalid : CellCompleteness.Complete, "");
    }

    private static IEnumerable<ISymbol> Members(SemanticModel model, SyntaxNode root, int dot)
    {
        var node = root.FindToken(dot).Parent;
        var owner = node switch
        {
            MemberAccessExpressionSyntax member => member.Expression,
            QualifiedNameSyntax name => name.Left,
            MemberBindingExpressionSyntax binding => binding.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault()?.Expression,
            _ => null,
        };
        if (owner is null)
            return [];
        var type = model.GetTypeInfo(owner).Type;
        return model.GetSymbolInfo(owner).Symbol switch
        {
            INamespaceSymbol ns => model.LookupNamespacesAndTypes(dot, ns),
            INamedTypeSymbol named => model.LookupStaticMembers(dot, named).Concat(named.GetTypeMembers()),
            _ when type is null or IErrorTypeSymbol => [],
            _ => model.LookupSymbols(dot, type, includeReducedExtensionMethods: true).Where(s => !s.IsStatic && s is not INamedTypeSymbol),
        };
    }

    // The submission's own machinery, which a script can name and nobody wants to.
    private static bool IsHidden(ISymbol symbol) => symbol.Name.StartsWith("Submission#", StringComparison.Ordinal) || symbol.Name.StartsWith('<');

    private static string Describe(ISymbol symbol) => symbol switch
    {
        INamedTypeSymbol type => $"{(type.IsRecord ? "record" : type.TypeKind.ToString().ToLowerInvariant())} {type.ToDisplayString()}",
        IFieldSymbol { ContainingType.IsScriptClass: true } variable =>
            $"{variable.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)} {variable.Name}",
        _ => symbol.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
    };

    private static string KindOf(ISymbol symbol) => symbol switch
    {
        INamespaceSymbol => "module",
        INamedTypeSymbol { TypeKind: TypeKind.Interface } => "interface",
        INamedTypeSymbol { TypeKind: TypeKind.Enum } => "enum",
        ITypeSymbol => "class",
        IMethodSymbol => "function",
        IPropertySymbol => "property",
        _ => "instance",
    };
}
