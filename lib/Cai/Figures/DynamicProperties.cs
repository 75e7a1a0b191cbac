namespace Cai.Figures;

/// <summary>Plotly.NET's objects from C#: its own builders take F# options for every property that they have.</summary>
internal static class DynamicProperties
{
    /// <summary>The same object with these properties set, named as in plotly.js; those that are null are left out.</summary>
    public static T With<T>(this T target, params ReadOnlySpan<(string Name, object? Value)> properties) where T : DynamicObj.DynamicObj
    {
        foreach (var (name, value) in properties)
            if (value is not null)
                target.SetProperty(name, value);
        return target;
    }
}
