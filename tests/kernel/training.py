"""A running PPO in the kernel: it is interrupted, what it has learned is kept, and it goes on; and the memory of 500 cells.

    JUPYTER_PATH=DIR/share/jupyter python3 training.py FOLDER

FOLDER gets the run's files. Prints one line a check; the exit code is the number of checks that failed.
"""
import os
import sys
import time

import protocol

CELLS = 500
MOST_MEMORY = 400  # MB, resident, after these cells

START = """
using System.IO;
using Cai.Reproduction;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;

var folder = "FOLDER";
var pipeline = Pipeline.Open(Scale.Smoke);
// A reward model with a head that has learned nothing: its scores are noise, which is enough to train on.
using (var start = HuggingFaceFolder.Load(pipeline.Pretrained.Folder))
using (var scalar = ScalarModel.FromLanguageModel(start.Decoder, 1))
{
    HuggingFaceFolder.SaveScalar(Path.Combine(folder, "pm"), scalar, start.Tokenizer, pipeline.Pretrained.Folder);
}
var options = pipeline.Reinforcement.Options with { Iterations = 100000, RolloutsPerIteration = 16, Epochs = 2, CheckpointEvery = 1000000 };
var session = PpoSession.Open(pipeline.Helpful.Folder, Path.Combine(folder, "pm"), options);
var run = Path.Combine(folder, "ppo");
Directory.CreateDirectory(run);
"""

TRAIN = """
Console.Write("go");
var shown = pipeline.Context;
session.Trainer.Train(pipeline.Prompts.Rl, run, new SynchronousProgress<PpoProgress>(p =>
    shown.Progress?.Report(new StageProgress("ppo", p.Iteration, options.Iterations, "", "iterations",
        new Dictionary<string, double> { ["score"] = p.Metrics["objective/scores"], ["KL"] = p.Metrics["objective/kl"] }))), cancel: shown.Cancel);
"""


def iteration(c):
    return int(protocol.of(c.run("session.Trainer.Iteration")[1], "execute_result")[0]["data"]["text/plain"])


def iterations(folder):
    """How many iterations of the run are in its metrics."""
    metrics = os.path.join(folder, "ppo", "metrics.jsonl")
    return sum(1 for _ in open(metrics)) if os.path.exists(metrics) else 0


def interrupt_ppo(c, folder):
    reply, out = c.run(START.replace("FOLDER", folder))
    assert reply["status"] == "ok", protocol.of(out, "error")
    for least in (4, 8):
        request = c.kernel.execute(TRAIN)
        c.wait_for(request, "go")
        while iterations(folder) < least: # a curve needs a few
            time.sleep(0.5)
        start = time.time()
        c.manager.interrupt_kernel()
        reply = c.reply(request)["content"]
        took = time.time() - start
        assert reply["ename"] == "Interrupted", reply
        out = c.outputs(request)
        done = iteration(c)
        lines = iterations(folder)
        checkpoint = os.path.exists(os.path.join(folder, "ppo", "ppo.checkpoint"))
        print(f"    stopped {took:.2f} s after the interrupt; {done} iterations, {lines} lines of metrics, checkpoint: {checkpoint}")
        assert done > 0 and lines == done and checkpoint, (done, lines, checkpoint)
        assert took < 10, took
        # One display, whose last picture is the figure; a fast machine is interrupted before there is anything to redraw.
        displays = protocol.of(out, "display_data")
        pictures = displays + protocol.of(out, "update_display_data")
        assert len(displays) == 1 and "image/png" in pictures[-1]["data"], [list(p["data"]) for p in pictures]
    assert c.run("pipeline.Seed")[0]["status"] == "ok"


def memory(c, folder):
    c.manager.restart_kernel(now=False)
    c.kernel.wait_for_ready(timeout=protocol.PATIENCE)
    c.run('#r "nuget: TorchSharp-cpu, 0.107.0"')
    start = time.time()
    for i in range(CELLS):
        reply, _ = c.run(f"var v{i} = Enumerable.Range(0, {i + 1}).Select(x => x * 2.0).ToList();\nint F{i}(int n) => n + v{i}.Count;\ndisplay(F{i}(1));\nv{i}.Sum()")
        assert reply["status"] == "ok", reply
    pid = int(protocol.of(c.run("Environment.ProcessId")[1], "execute_result")[0]["data"]["text/plain"])
    resident = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")).split()[1]) / 1024
    print(f"    {CELLS} cells: {resident:.0f} MB resident, {(time.time() - start) / CELLS * 1000:.0f} ms a cell")
    assert resident < MOST_MEMORY, resident


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    return protocol.run_checks(protocol.Client(), (interrupt_ppo, memory), folder)


if __name__ == "__main__":
    sys.exit(main())
