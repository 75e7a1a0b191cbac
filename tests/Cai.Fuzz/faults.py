#!/usr/bin/env python3
"""What a machine does to a stage of `cai`: a full disk, a folder that may not be written, one that is removed, a second process on the same output.

    python3 tests/Cai.Fuzz/faults.py [--stages sample,finetune,train-pm,ppo,reproduce] [--faults full,readonly,removed,two] [--tool DLL]

After a Release build of lib/Cai.Tool, as root (small file systems in memory are mounted). Right is: an error of few lines and no stack trace, an exit code that is
not 0, and afterwards the same command, where there is room again, gives the bytes of a run that nothing happened to. Exit code 1 when a line says otherwise.
"""
import argparse, os, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kill import ROOT, stages, tree

ROOM = {"sample": "12k", "finetune": "200k", "train-pm": "200k", "ppo": "200k", "reproduce": "300k"}  # less than each needs


class Mounted:
    """A file system in memory; read-only or small."""
    def __init__(self, place, options):
        self.place = place
        os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)

    def again(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.place], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.place], check=True)


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--stages", default="sample,finetune,train-pm,ppo,reproduce")
    parse.add_argument("--faults", default="full,readonly,removed,two")
    parse.add_argument("--tool", default=os.path.join(ROOT, "lib", "Cai.Tool", "bin", "Release", "net10.0", "Cai.Tool.dll"))
    options = parse.parse_args()
    work = tempfile.mkdtemp(prefix="cai-faults-")
    base, environment = os.path.join(work, "base"), dict(os.environ, OMP_NUM_THREADS="1", TMPDIR=work)
    os.makedirs(base)

    def start(name, out):
        return subprocess.Popen(["dotnet", options.tool, *stages(out, base)[name]], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(name, out):
        process = start(name, out)
        said = process.communicate()[0]
        return process.returncode, said

    made = subprocess.run(["dotnet", options.tool, "prompts", "--kind", "harmful", "--count", "32", "--out", os.path.join(base, "red.jsonl")], env=environment)
    if made.returncode:
        return 1
    wanted, bad = options.stages.split(","), 0
    order = list(stages(base, base))
    print(f"{'stage':10} {'fault':9} {'exit':>5}  right  said")
    for name in order[:1 + max(order.index(w) for w in wanted)]:
        alone = os.path.join(base, name)
        os.makedirs(alone)
        began = time.time()
        code, said = run(name, alone)
        took = time.time() - began
        if code:
            sys.exit(f"{name}: {said}")
        if name not in wanted:
            continue
        whole = tree(alone, name)
        for fault in options.faults.split(","):
            out = os.path.join(work, f"{name}-{fault}")
            os.makedirs(out)
            ends_equal, pid = None, None
            if fault in ("full", "readonly"):
                with Mounted(out, f"size={ROOM[name]}" if fault == "full" else "size=64m,ro") as place:
                    code, said = run(name, out)
                    place.again("size=2g,rw")
                    ends_equal = run(name, out)[0] == 0 and same(out, name, whole)
                right = code != 0 and ("disk is full" in said if fault == "full" else "cannot be written" in said)
            else:
                process = start(name, out)
                there = wait(out, process, locked=fault == "two")
                if fault == "removed":
                    shutil.rmtree(out, ignore_errors=True)
                    said = process.communicate()[0]
                    code = process.returncode
                    # Either it says that what it made is gone or elsewhere, or it made all of it again.
                    right = there and (code != 0 or os.path.isdir(out) and same(out, name, whole))
                    shutil.rmtree(out, ignore_errors=True)
                    os.makedirs(out)
                    ends_equal = run(name, out)[0] == 0 and same(out, name, whole)
                else:
                    pid = str(process.pid)
                    process.send_signal(signal.SIGSTOP)  # or the first may end while the second still starts
                    code, said = run(name, out)
                    process.send_signal(signal.SIGCONT)
                    first = process.communicate()[0]
                    right = there and code != 0 and f"({pid})" in said and process.returncode == 0
                    ends_equal = same(out, name, whole)
                    said = said if process.returncode == 0 else first
            clean = "Unhandled exception" not in said and "\n   at " not in said
            good = right and clean and ends_equal
            bad += not good
            line = next((l for l in said.splitlines() if any(w in l for w in ("disk is full", "cannot be written", "removed", "Another process"))),
                        said.strip().splitlines()[-1] if said.strip() else "")
            print(f"{name:10} {fault:9} {code:5}  {'yes' if good else 'NO':5}  {line.replace(work, '…')[:200]}", flush=True)
            if not good:
                print(f"    right end {right}, without stack trace {clean}, afterwards equal {ends_equal}")
    shutil.rmtree(work, ignore_errors=True)
    return 1 if bad else 0


def same(out, name, whole):
    return {k: v for k, v in tree(out, name).items() if not k.endswith((".tmp", ".lock", ".pid"))} == whole


def wait(out, process, locked):
    """Until the stage holds its lock or, not locked, has written something; whether it has and still runs."""
    while process.poll() is None:
        names = [f for _, _, files in os.walk(out) for f in files]
        if any(f.endswith(".lock") if locked else "run.json" not in f and not f.endswith((".lock", ".pid", "environment.json")) for f in names):
            return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main())
