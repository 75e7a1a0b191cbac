"""What the kit adds to .NET Interactive (lib/Cai.Interactive), asked of that engine by Jupyter's own client.

    dotnet tool restore && dotnet build -c Release lib/Cai.Interactive
    JUPYTER_PATH=DIR/share/jupyter python3 tests/kernel/interactive.py FOLDER

FOLDER gets a training's files. Prints one line a check; the exit code is the number of checks that failed.
"""
import os
import signal
import sys
import time

import protocol
import training

NOTEBOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "notebooks")
FIRST = os.environ.get("CAI_CSX", "../lib/Cai.Interactive/cai.csx")
FIGURE = """
using Cai.Figures;
new Figure("A line", new Axis("x"), new Axis("y"), [new LineSeries("s", [new DataPoint(0, 1), new DataPoint(1, 2)])])
"""


def ok(c, code):
    reply, out = c.run(code)
    assert reply["status"] == "ok", protocol.of(out, "error") or reply
    return out


def result(out):
    return protocol.of(out, "execute_result")[0]["data"]


def tensors_before_the_kit(c, folder):
    ok(c, f'#load "{FIRST}"')
    assert "4" in result(ok(c, "using TorchSharp;\n$\"{torch.ones(2, 2).sum().item<float>()}\""))["text/plain"]
    ok(c, f'#load "{FIRST}"')  # again, as after a change


def one_thread(c, folder):
    inside = "using (torch.no_grad()) { for (var i = 0; i < 5; i++) { await Task.Delay(5); await Task.Run(() => 1); } Console.Write(torch.is_grad_enabled()); }"
    for _ in range(3):
        assert protocol.printed(ok(c, inside)) == "False"
        assert protocol.printed(ok(c, "Console.Write(torch.is_grad_enabled());")) == "True"
    here = "Console.Write(Environment.CurrentManagedThreadId);"
    assert protocol.printed(ok(c, here)) == protocol.printed(ok(c, "await Task.Delay(9);" + here))


def formatters(c, folder):
    figure = result(ok(c, FIGURE))
    assert set(figure) == {"text/html", "image/png", "text/plain"}, list(figure)
    assert "newPlot" in figure["text/html"] and figure["image/png"].strip() in figure["text/html"]
    assert "data-cai-figure" in protocol.of(ok(c, "display(" + FIGURE.strip().split("\n")[-1] + ");"), "display_data")[0]["data"]["text/html"]
    talk = result(ok(c, "using Cai.Text;\nDialogue.Ask(\"<b>Who?</b>\").Answer(\"Me.\")"))
    assert "border-left" in talk["text/html"] and "&lt;b&gt;" in talk["text/html"] and talk["text/plain"].startswith("Human: "), talk
    strip = result(ok(c, "new TokenStrip([new TokenValue(\"a\", -1), new TokenValue(\"b\", 2)], \"two tokens\")"))
    assert "<span" in strip["text/html"], strip


def magics(c, folder):
    answers = protocol.of(ok(c, '#!cai sample "How do I plant a tree?"'), "display_data")[0]["data"]
    assert answers["text/html"].count("<tr") == 4, answers
    claims = os.path.join(os.environ["CAI_OUT"], "claims.json")
    reply, out = c.run("#!cai claims")
    if os.path.exists(claims):
        assert "data-claim" in protocol.of(out, "display_data")[0]["data"]["text/html"], out
    else:
        assert reply["status"] == "error", reply


def progress(c, folder):
    out = ok(c, """
using Cai.Reproduction;
var shown = RunContext.Announced.Progress;
for (var i = 0; i <= 8; i++)
{
    shown.Report(new StageProgress("training", i, 8, "", "steps", new Dictionary<string, double> { ["loss"] = 1.0 / (i + 1) }));
    await Task.Delay(400);
}
""")
    shown, updates = protocol.of(out, "display_data"), protocol.of(out, "update_display_data")
    assert len(shown) == 1 and "<progress" in shown[0]["data"]["text/html"], shown
    assert {u["transient"]["display_id"] for u in updates} == {shown[0]["transient"]["display_id"]}
    # The engine keeps the mime types of an output that it redraws.
    assert "data-cai-figure" in updates[-1]["data"]["text/html"], updates[-1]["data"]


def progress_and_interrupt(c, folder):
    ok(c, training.START.replace("FOLDER", folder))
    for least in (4, 8):
        request = c.kernel.execute(training.TRAIN)
        c.wait_for(request, "go")
        time.sleep(3)
        while training.iterations(folder) < least:
            time.sleep(0.5)
        start = time.time()
        c.manager.interrupt_kernel()
        reply = c.reply(request)["content"]
        took = time.time() - start
        assert reply["status"] == "error", reply
        out = c.outputs(request)
        done = int(protocol.printed(ok(c, "Console.Write(session.Trainer.Iteration);")))
        lines = training.iterations(folder)
        checkpoint = os.path.exists(os.path.join(folder, "ppo", "ppo.checkpoint"))
        shown, updates = protocol.of(out, "display_data"), protocol.of(out, "update_display_data")
        print(f"    stopped {took:.2f} s after the interrupt; {done} iterations, {lines} lines of metrics, {len(updates)} redraws of {len(shown)} output")
        assert done > 0 and lines == done and checkpoint, (done, lines, checkpoint)
        assert len(shown) == 1 and any("<progress" in u["data"].get("text/html", "") for u in shown + updates)
        assert {u["transient"]["display_id"] for u in updates} == {shown[0]["transient"]["display_id"]}
        assert "data-cai-figure" in updates[-1]["data"]["text/html"], updates[-1]["data"]


def shape_mistake(c, folder):
    """What libtorch throws where TorchSharp has no catch ends its cell: on the cells' thread, behind an await, on a thread of the pool."""
    ok(c, "var kept = torch.ones(3);")
    wrong = "torch.zeros(2, 3).matmul(torch.zeros(5, 7))"
    for code in (f"{wrong};", f"await Task.Delay(5); {wrong};", f"await Task.Run(() => {wrong});", f"Task.Run(() => {wrong}).Wait();"):
        reply, out = c.run(f"Console.Write(\"go\");\n{code}")
        assert reply["status"] == "error" and "cannot be multiplied (2x3 and 5x7)" in reply["evalue"], reply
        assert protocol.printed(out) == "go"
        assert protocol.printed(ok(c, "Console.Write(kept.sum().item<float>());")) == "3"
    one_thread(c, folder)


def interrupts(c, folder):
    """What waits is given up; what computes without watching the signal runs to its end, which the README says."""
    for code, least, most in (("await Task.Delay(60000);", 0, 10),
                              ("var n = 0L; var w = System.Diagnostics.Stopwatch.StartNew(); while (w.Elapsed.TotalSeconds < 8) n++;", 6, 20)):
        request = c.kernel.execute("Console.Write(\"go\");\n" + code)
        c.wait_for(request, "go")
        time.sleep(0.5)
        start = time.time()
        c.manager.interrupt_kernel()
        c.reply(request)
        took = time.time() - start
        print(f"    over {took:.1f} s after the interrupt: {code[:30]}")
        c.outputs(request)
        assert least <= took <= most, took
        assert protocol.printed(ok(c, "Console.Write(6 * 7);")) == "42"


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    # Interrupts come as this signal, which a shell in the background lets its children ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    checks = (tensors_before_the_kit, one_thread, formatters, magics, progress, shape_mistake, progress_and_interrupt, interrupts)
    return protocol.run_checks(protocol.Client(".net-csharp", NOTEBOOKS), checks, folder)


if __name__ == "__main__":
    sys.exit(main())
