namespace Cai.Constitutions;

/// <summary>A numbered article of a constitution.</summary>
/// <param name="Id">Short name, unique within its list; records carry it.</param>
public abstract record Principle(string Id);

/// <summary>
/// A principle of the supervised stage (paper 3.1, App. C.1): it asks for a critique of the last response and then for
/// a revision in the light of that critique.
/// </summary>
/// <param name="CritiqueRequest">Without the tag `CritiqueRequest:` and without surrounding blank space.</param>
/// <param name="RevisionRequest">Without the tag `RevisionRequest:` and without surrounding blank space.</param>
public sealed record CritiquePrinciple(string Id, string CritiqueRequest, string RevisionRequest) : Principle(Id);

/// <summary>A principle of the RL stage (paper 4.1, App. C.2): it says which of two responses to choose.</summary>
/// <param name="Text">The sentence alone: the layout adds the line break before it and ` Options:` after it.</param>
public sealed record ComparisonPrinciple(string Id, string Text) : Principle(Id);
