using System.Text.Json;
using Cai.Storage;

namespace Cai.Tool.Kernel;

/// <summary>Where a Jupyter client wants its kernel to listen, and the key that signs their messages (Jupyter's "connection file").</summary>
internal sealed record ConnectionFile(
    string Transport, string Ip, int ShellPort, int IopubPort, int StdinPort, int ControlPort, int HbPort, string Key, string SignatureScheme = "hmac-sha256")
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <exception cref="CaiException">The file is missing, is no connection file, or asks for another signature than HMAC-SHA256.</exception>
    public static ConnectionFile Load(string path)
    {
        if (!File.Exists(path))
            throw new CaiException("This connection file does not exist.",
                "Jupyter writes one and starts `cai kernel run` with it; run `cai kernel install` and choose the kernel in Jupyter.", path);
        ConnectionFile? file;
        try
        {
            const string remedy = "Let Jupyter start the kernel.";
            file = OutsideJson.Element(InputFile.ReadText(path, remedy), path, "a connection file", remedy).Deserialize<ConnectionFile>(Names);
        }
        catch (JsonException e)
        {
            throw new CaiException("This is not a connection file.", "Let Jupyter start the kernel.", path, e);
        }
        if (file is not { Transport: "tcp" or "ipc", Ip: not null, Key: not null }
            || new[] { file.ShellPort, file.IopubPort, file.StdinPort, file.ControlPort, file.HbPort }.Any(port => port is < 1 or > ushort.MaxValue))
            throw new CaiException("The connection file lacks transport (tcp or ipc), ip, key or one of the five ports (1 to 65535).",
                "Let Jupyter start the kernel.", path);
        if (file.Key.Length > 0 && file.SignatureScheme != "hmac-sha256")
            throw new CaiException($"The signature scheme {file.SignatureScheme} is not known.", "Use hmac-sha256, Jupyter's default.", path);
        return file;
    }

    /// <summary>Address of a port, as ZeroMQ wants it.</summary>
    public string Address(int port) => Transport == "ipc" ? $"ipc://{Ip}-{port}" : $"{Transport}://{Ip}:{port}";
}
