"""Every message type of Jupyter's protocol 5.3, asked of the kernel by Jupyter's own client.

    cai kernel install --name cai --prefix DIR
    JUPYTER_PATH=DIR/share/jupyter python3 protocol.py

With names of checks it runs only those. Prints one line a check; the exit code is the number of checks that failed.
"""
import queue
import sys
import time

from jupyter_client import KernelManager

PATIENCE = 120  # seconds; a first cell on a busy machine compiles for a while


class Client:
    def __init__(self, name="cai", folder=None):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=folder)
        self.kernel = self.manager.client()  # knows the process: a kernel that is slow to start is not dead
        self.kernel.start_channels()
        self.kernel.wait_for_ready(timeout=PATIENCE)

    def outputs(self, request, until_idle=True):
        """Messages on iopub that a request led to, up to its idle."""
        found = []
        end = time.time() + PATIENCE
        while time.time() < end:
            try:
                message = self.kernel.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            found.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found
        raise TimeoutError("no idle")

    def reply(self, request, control=False):
        get = self.kernel.get_control_msg if control else self.kernel.get_shell_msg
        end = time.time() + PATIENCE
        while time.time() < end:
            try:
                message = get(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") == request:
                return message
        raise TimeoutError("no reply")

    def run(self, code, **options):
        request = self.kernel.execute(code, **options)
        return self.reply(request)["content"], self.outputs(request)

    def send(self, type_, content, control=False):
        message = self.kernel.session.msg(type_, content)
        (self.kernel.control_channel if control else self.kernel.shell_channel).send(message)
        return message["header"]["msg_id"]

    def wait_for(self, request, text):
        """Waits until a running cell has printed a text."""
        seen = ""
        end = time.time() + PATIENCE
        while text not in seen:
            if time.time() > end:
                raise TimeoutError(f"never printed {text!r}")
            try:
                message = self.kernel.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == request:
                seen += message["content"]["text"]


def of(messages, type_):
    return [m["content"] for m in messages if m["msg_type"] == type_]


def printed(messages):
    return "".join(c["text"] for c in of(messages, "stream"))


def kernel_info(c):
    info = c.reply(c.kernel.kernel_info())["content"]
    assert info["status"] == "ok" and info["protocol_version"] == "5.3" and info["language_info"]["name"] == "C#", info
    info = c.reply(c.send("kernel_info_request", {}, control=True), control=True)["content"]
    assert info["status"] == "ok", info


def execute(c):
    reply, out = c.run("var a = 20;\na + 1")
    assert reply["status"] == "ok" and reply["execution_count"] >= 1, reply
    assert [m["msg_type"] for m in out] == ["status", "execute_input", "execute_result", "status"], out
    result = of(out, "execute_result")[0]
    assert result["data"] == {"text/plain": "21"} and result["execution_count"] == reply["execution_count"], result
    assert c.run("a + 2")[1][2]["content"]["data"]["text/plain"] == "22"


def silent(c):
    before = c.run("1")[0]["execution_count"]
    _, out = c.run("a = 5; a", silent=True)
    assert [m["msg_type"] for m in out] == ["status", "status"], out
    reply, _ = c.run("")
    assert reply["status"] == "ok", reply
    assert c.run("a")[1][2]["content"]["data"]["text/plain"] == "5"
    assert before >= 1


def streams(c):
    _, out = c.run('Console.Write("a"); Console.Error.Write("b"); display(1); Console.Write("c"); for (var i = 0; i < 5000; i++) Console.WriteLine(i);')
    kinds = [(m["msg_type"], m["content"].get("name")) for m in out if m["msg_type"] in ("stream", "display_data")]
    assert kinds[:4] == [("stream", "stdout"), ("stream", "stderr"), ("display_data", None), ("stream", "stdout")], kinds[:6]
    assert printed(out).endswith("4998\n4999\n") and len(of(out, "stream")) < 500, len(out)


def displays(c):
    _, out = c.run('var shown = display("one"); shown.Update("two"); display(HTML("<b>x</b>"));')
    first, update = of(out, "display_data")[0], of(out, "update_display_data")[0]
    assert first["data"]["text/plain"] == "one" and update["data"]["text/plain"] == "two"
    assert first["transient"]["display_id"] == update["transient"]["display_id"]
    assert of(out, "display_data")[1]["data"]["text/html"] == "<b>x</b>"
    _, out = c.run('shown.Update("three");')  # of an earlier cell
    assert of(out, "update_display_data")[0]["transient"] == first["transient"]


def figure(c):
    _, out = c.run('using Cai.Figures;\nnew Figure("t", new Axis("x"), new Axis("y"), [new LineSeries("a", [new(0, 1), new(1, 2)])])')
    data = of(out, "execute_result")[0]["data"]
    assert isinstance(data["application/vnd.plotly.v1+json"], dict) and data["image/png"].startswith("iVBOR"), list(data)


def errors(c):
    reply, out = c.run("var b = 1;\n\nthrow new InvalidOperationException(\"no\");")
    error = of(out, "error")[0]
    assert reply["status"] == "error" and error["ename"] == "InvalidOperationException", reply
    assert f"cell[{reply['execution_count']}]:line 3: no" == error["evalue"] and error["traceback"], error
    reply, _ = c.run("\nmissing()")
    assert reply["ename"] == "CompilationError" and ":line 2: CS0103" in reply["evalue"], reply
    assert c.run("b")[1][2]["content"]["data"]["text/plain"] == "1"


def abort_after_error(c):
    requests = [c.kernel.execute(code) for code in ("await Task.Delay(500); throw new Exception();", "1", "2")]
    states = [c.reply(r)["content"]["status"] for r in requests]
    assert states == ["error", "aborted", "aborted"], states
    c.outputs(requests[-1])  # which come last
    assert c.run("3")[0]["status"] == "ok"


def packages(c):
    reply, _ = c.run('#r "nuget: TorchSharp-cpu, 0.107.0"\n#r "nuget: YamlDotNet"')
    assert reply["status"] == "ok", reply
    reply, _ = c.run('#r "nuget: Not.There"')
    assert reply["status"] == "error" and "Not.There" in reply["evalue"], reply


def complete(c):
    def matches(code, at=None):
        return c.reply(c.kernel.complete(code, at))["content"]

    found = matches("Console.Wri")
    assert found["matches"] == ["Write", "WriteLine"] and (found["cursor_start"], found["cursor_end"]) == (8, 11), found
    c.run("var longVariableName = new List<int> { 1 };")
    assert "longVariableName" in matches("longV")["matches"]
    assert "Add" in matches("longVariableName.")["matches"] and "Select" in matches("longVariableName.Sel")["matches"]
    assert "Figures" in matches("using Cai.")["matches"]
    assert "foreach" in matches("fore")["matches"]
    found = matches('var s = "😀"; Console.Wri')  # positions count code points
    assert found["matches"] and found["cursor_start"] == 21, found["cursor_start"]


def inspect(c):
    found = c.reply(c.kernel.inspect("longVariableName", 5))["content"]
    assert found["found"] and found["data"]["text/plain"].startswith("List<int> longVariableName"), found
    c.run("using Cai.Reproduction;")
    found = c.reply(c.kernel.inspect("Pipeline.Open()", 13))["content"]
    assert "Open" in found["data"]["text/plain"] and "CAI_SCALE" in found["data"]["text/plain"], found
    assert c.reply(c.kernel.inspect("   ", 1))["content"]["found"] is False


def is_complete(c):
    def state(code):
        return c.reply(c.kernel.is_complete(code))["content"]

    for code in ("var x = 1;", "x + 1", "#r \"nuget: X\"", "if (true) { }\n"):
        assert state(code)["status"] == "complete", code
    assert state("if (true)\n{") == {"status": "incomplete", "indent": "    "}, state("if (true)\n{")
    assert state("var x = );")["status"] == "invalid", state("var x = );")


def inputs(c):
    for ask, password in (("Microsoft.DotNet.Interactive.Kernel.GetInputAsync", False), ("Microsoft.DotNet.Interactive.Kernel.GetPasswordAsync", True)):
        request = c.kernel.execute(f'Console.Write("before"); var answer{password} = await {ask}("your name?"); "Hello " + answer{password}')
        question = c.kernel.get_stdin_msg(timeout=PATIENCE)["content"]
        assert question == {"prompt": "your name?", "password": password}, question
        c.kernel.input("Ada")
        assert c.reply(request)["content"]["status"] == "ok"
        assert of(c.outputs(request), "execute_result")[0]["data"]["text/plain"] == "Hello Ada"
    request = c.kernel.execute("Console.ReadLine()")
    c.kernel.get_stdin_msg(timeout=PATIENCE)
    c.kernel.input("line")
    c.reply(request)
    assert of(c.outputs(request), "execute_result")[0]["data"]["text/plain"] == "line"
    reply, _ = c.run('await Microsoft.DotNet.Interactive.Kernel.GetInputAsync("x")', allow_stdin=False)
    assert reply["status"] == "error" and "nobody is there" in reply["evalue"], reply


def interrupts(c):
    c.run("var kept = 41;")
    cells = {
        "a loop": "long n = 0; while (true) { n++; if (n % 100000000 == 0) Console.Write(\"\"); }",
        "a sleep": "System.Threading.Thread.Sleep(-1);",
        "an await": "await Task.Delay(-1);",
        "a polite loop": "while (!cancel.IsCancellationRequested) await Task.Delay(5);\nkept++;",
        "a question": 'await Microsoft.DotNet.Interactive.Kernel.GetInputAsync("x")',
    }
    for round_ in range(2):
        for name, code in cells.items():
            request = c.kernel.execute('Console.Write("go");\n' + code)
            c.wait_for(request, "go")
            time.sleep(0.2)
            start = time.time()
            c.manager.interrupt_kernel()
            reply = c.reply(request)["content"]
            took = time.time() - start
            assert reply["status"] == "error" and reply["ename"] == "Interrupted", (name, reply)
            assert took < 5, (name, took)
            assert of(c.outputs(request), "error"), name
            print(f"    {name}: {took:.2f} s")
        # each question was left unanswered
        c.kernel.get_stdin_msg(timeout=PATIENCE)
    assert c.run("kept")[1][2]["content"]["data"]["text/plain"] == "43"


def comms(c):
    assert c.reply(c.kernel.comm_info())["content"] == {"status": "ok", "comms": {}}
    request = c.send("comm_open", {"comm_id": "x1", "target_name": "widget", "data": {}})
    assert of(c.outputs(request), "comm_close")[0]["comm_id"] == "x1"


def history(c):
    assert c.reply(c.kernel.history())["content"] == {"status": "ok", "history": []}


def heartbeat(c):
    assert c.kernel.hb_channel.is_beating() or (time.sleep(3) or c.kernel.hb_channel.is_beating())


def signature(c):
    """A message signed with another key is not answered, and does no harm."""
    key, c.kernel.session.key = c.kernel.session.key, b"another key"
    c.kernel.execute("kept = 0;")
    c.kernel.session.key = key
    assert c.run("kept")[1][2]["content"]["data"]["text/plain"] == "43"


def restart(c):
    c.manager.restart_kernel(now=False)
    c.kernel.wait_for_ready(timeout=PATIENCE)
    reply, _ = c.run("kept")
    assert reply["status"] == "error" and reply["execution_count"] == 1, reply


def shutdown(c):
    request = c.send("shutdown_request", {"restart": False}, control=True)
    reply = c.reply(request, control=True)["content"]
    assert reply == {"status": "ok", "restart": False}, reply
    start = time.time()
    while c.manager.is_alive() and time.time() - start < 10:
        time.sleep(0.05)
    assert not c.manager.is_alive()
    print(f"    ended after {time.time() - start:.2f} s")


CHECKS = [kernel_info, execute, silent, streams, displays, figure, errors, abort_after_error, packages, complete, inspect, is_complete, inputs,
          interrupts, comms, history, heartbeat, signature, restart, shutdown]


def run_checks(client, checks, *arguments):
    """Runs them one after the other, prints a line each, ends the kernel, and returns how many failed."""
    failed = 0
    try:
        for check in checks:
            try:
                check(client, *arguments)
                print(f"ok     {check.__name__}", flush=True)
            except Exception as error:  # noqa: BLE001: a failing check is reported, the others still run
                failed += 1
                print(f"FAILED {check.__name__}: {type(error).__name__}: {error}", flush=True)
    finally:
        if client.manager.is_alive():
            client.manager.shutdown_kernel(now=True)
        client.kernel.stop_channels()
    return failed


def main():
    return run_checks(Client(), [check for check in CHECKS if not sys.argv[1:] or check.__name__ in sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
