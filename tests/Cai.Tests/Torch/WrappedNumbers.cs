using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace Cai.Tests.Torch;

/// <summary>
/// Finds in compiled code the calls of TorchSharp's methods that take a wrapped number or wrap one themselves, however deep: their source does not show it.
/// </summary>
internal static class WrappedNumbers
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<int, OpCode> Codes =
        typeof(OpCodes).GetFields().Select(f => f.GetValue(null)).OfType<OpCode>().ToDictionary(c => (int)(ushort)c.Value);
    private static readonly Dictionary<MethodBase, bool> Known = [];

    /// <summary>Such calls in a type's own code, as "caller: called". Wrapping itself is none: it is what is done with it.</summary>
    public static IEnumerable<string> CalledBy(Type type) => type.GetMembers(Own).OfType<MethodBase>()
        .SelectMany(method => Calls(method).Where(called => Wraps(called) && !IsWrapping(called)).Select(called => $"{type.FullName}.{method.Name}: {called}"));

    private static bool IsWrapping(MethodBase method) => method.DeclaringType == typeof(Scalar) || method.Name == nameof(ScalarExtensionMethods.ToScalar);

    private static bool Wraps(MethodBase method)
    {
        if (method.DeclaringType?.Assembly != typeof(Scalar).Assembly)
            return false;
        if (Known.TryGetValue(method, out var known))
            return known;
        Known[method] = false; // ends recursion
        return Known[method] = IsWrapping(method) || method.GetParameters().Any(p => p.ParameterType == typeof(Scalar)) || Calls(method).Any(Wraps);
    }

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < code.Length;)
        {
            int value = code[at++];
            if (value == 0xFE) // the first byte of two
                value = value << 8 | code[at++];
            var kind = Codes[value].OperandType;
            if (kind == OperandType.InlineMethod)
                yield return method.Module.ResolveMethod(BitConverter.ToInt32(code, at), method.DeclaringType?.GetGenericArguments(),
                    method.IsGenericMethod ? method.GetGenericArguments() : null)!;
            at += kind switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }
}
