namespace Cai.Interactive;

/// <summary>Stub.</summary>
public static class CaiExtension
{
    public static void Load() => Console.WriteLine("ext " + Microsoft.DotNet.Interactive.KernelInvocationContext.Current.HandlingKernel.RootKernel);
}
