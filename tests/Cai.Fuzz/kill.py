#!/usr/bin/env python3
"""Kills stages of `cai` at random moments, gives the same command again, and compares the results with those of a run that was left alone.

    python3 tests/Cai.Fuzz/kill.py [--trials 3] [--kills 2] [--seed 1] [--stages sample,critique,...] [--tool DLL] [--work DIR]

After a Release build of lib/Cai.Tool. Exit code 1 when a result differs or a resumed command fails.
Temporary files that a kill left behind are counted (`left over`).
"""
import argparse, hashlib, json, os, random, shutil, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STILL = ("runs", "claims.json")  # of what `reproduce` writes, that which has no times in it
TIMES = ("time", "second", "/s", "per", "eps")  # parts of the names of what differs from run to run


def stages(out, base):
    """Each stage reads what the stages before it wrote when they were left alone."""
    s = os.path.join(ROOT, "data", "miniature", "S")
    red, answers = os.path.join(base, "red.jsonl"), os.path.join(base, "sample", "o.jsonl")
    file, folder = os.path.join(out, "o.jsonl"), os.path.join(out, "m")
    return {
        "sample": ["sample", "--model", f"{s}/helpful", "--prompts", red, "--per-prompt", "2", "--max-tokens", "32", "--out", file],
        "critique": ["critique", "--model", f"{s}/helpful", "--prompts", red, "--rounds", "2", "--max-tokens", "24", "--out", file],
        "label": ["label", "--model", f"{s}/pretrained", "--samples", answers, "--both-orders", "--chunk", "8", "--out", file],
        "train-pm": ["train-pm", "--model", f"{s}/pretrained", "--comparisons", os.path.join(base, "label", "o.jsonl"), "--epochs", "6", "--out", folder],
        "finetune": ["finetune", "--model", f"{s}/pretrained", "--revisions", os.path.join(base, "critique", "o.jsonl"), "--helpful", answers,
                     "--epochs", "4", "--checkpoint-every", "3", "--out", folder],
        "ppo": ["ppo", "--model", f"{s}/helpful", "--pm", os.path.join(base, "train-pm", "m"), "--prompts", red, "--iterations", "6", "--batch", "8",
                "--max-tokens", "16", "--checkpoint-every", "2", "--snapshot-every", "3", "--out", folder],
        "reproduce": ["reproduce", "--scale", "smoke", "--out", folder],
    }


def digest(path):
    data = open(path, "rb").read()
    if os.path.basename(path) == "metrics.jsonl":
        def steady(value):
            if isinstance(value, dict):
                return {k: steady(v) for k, v in value.items() if not any(t in k.lower() for t in TIMES)}
            return value
        data = json.dumps([steady(json.loads(line)) for line in data.splitlines()]).encode()
    return hashlib.sha256(data).hexdigest()


def tree(folder, stage):
    names = (os.path.relpath(os.path.join(d, f), folder) for d, _, files in os.walk(folder) for f in files)
    return {name: digest(os.path.join(folder, name)) for name in names
            if stage != "reproduce" or name.endswith(".tmp") or os.path.relpath(name, "m").split(os.sep)[0] in STILL}


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--trials", type=int, default=3)
    parse.add_argument("--kills", type=int, default=2)
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--stages", default="sample,critique,label,train-pm,finetune,ppo,reproduce")
    parse.add_argument("--tool", default=os.path.join(ROOT, "lib", "Cai.Tool", "bin", "Release", "net10.0", "Cai.Tool.dll"))
    parse.add_argument("--work", default=None)
    options = parse.parse_args()
    work = options.work or tempfile.mkdtemp(prefix="cai-kill-")
    draw, environment = random.Random(options.seed), dict(os.environ, OMP_NUM_THREADS="1")
    base = os.path.join(work, "base")
    os.makedirs(base, exist_ok=True)

    def run(arguments):
        return subprocess.run(["dotnet", options.tool, *arguments], env=environment, capture_output=True, text=True)

    made = run(["prompts", "--kind", "harmful", "--count", "32", "--out", os.path.join(base, "red.jsonl")])
    if made.returncode:
        sys.exit(made.stderr)
    bad = 0
    print(f"{'stage':10} {'alone, s':>8} {'trials':>6} {'killed':>6} {'equal':>6} {'left over':>9}")
    wanted = options.stages.split(",")
    order = list(stages(base, base))
    for name in order[:1 + max(order.index(name) for name in wanted)]:
        alone = os.path.join(base, name)
        os.makedirs(alone, exist_ok=True)
        began = time.time()
        done = run(stages(alone, base)[name])
        took = time.time() - began
        if done.returncode:
            sys.exit(f"{name}: {done.stderr}")
        if name not in wanted:
            continue
        expected, killed, equal, left = tree(alone, name), 0, 0, 0
        for trial in range(options.trials):
            out = os.path.join(work, f"{name}-{trial}")
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            for _ in range(options.kills):
                process = subprocess.Popen(["dotnet", options.tool, *stages(out, base)[name]], env=environment,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    process.wait(draw.uniform(0.2, max(0.4, took)))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
            resumed = run(stages(out, base)[name])
            found = tree(out, name)
            left += sum(f.endswith(".tmp") for f in found)
            if resumed.returncode == 0 and {k: v for k, v in found.items() if not k.endswith(".tmp")} == expected:
                equal += 1
            else:
                bad += 1
                differing = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
                print(f"    {name} trial {trial}: exit code {resumed.returncode}, differs in {', '.join(differing) or 'nothing'} {resumed.stderr.strip()[:300]}")
        print(f"{name:10} {took:8.1f} {options.trials:6} {killed:6} {equal:6} {left:9}", flush=True)
    if options.work is None:
        shutil.rmtree(work)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
