using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Torch;

/// <summary>Devices by the names that PyTorch gives them.</summary>
public static class Devices
{
    /// <summary>`cpu`, `cuda` or `cuda:1`.</summary>
    /// <exception cref="CaiException">Another name, or a device that this machine or this build does not have.</exception>
    public static Device Named(string name)
    {
        var parts = name.Split(':');
        if (name == "cpu")
            return CPU;
        if (parts[0] != "cuda" || parts.Length > 2 || parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new CaiException($"'{name}' is no device; cpu, cuda or cuda:N was expected.", "Take cpu where there is no NVIDIA GPU.");
        if (!cuda.is_available())
            throw new CaiException("There is no CUDA device, or this build has no CUDA.",
                "Take cpu, or build with -p:Device=cuda on a machine with an NVIDIA driver.");
        var index = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        return index < cuda.device_count()
            ? device(DeviceType.CUDA, index)
            : throw new CaiException($"There is no device {name}: this machine has {cuda.device_count()}.", "Count from cuda:0.");
    }
}
