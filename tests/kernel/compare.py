"""Whether two engines show the same in every notebook: the same words and numbers, the same tables and claims, a picture where the other has one.

    python3 tests/kernel/compare.py FOLDER OTHER

Each folder holds executed notebooks of the same names. What cells display while they work (progress, timings) is left out: what they print and what
they end with counts. Prints one line a notebook and one a difference; the exit code is the number of notebooks that differ.
"""
import base64
import glob
import json
import os
import re
import sys

# Seconds and rates differ from run to run.
MEASURED = re.compile(r"\d+(?:[.,]\d+)*")
TIMED = ("study.Cost()",)

# All claims of a results folder: how many they are depends on what ran before.
GATHERED = '"claims.json"'


def text(value):
    return (value if isinstance(value, str) else "".join(value)).replace("\r\n", "\n").strip()


def shown(cell):
    """What the cell printed, what it ended with, its pictures, and whether it failed."""
    source = text(cell["source"])
    if GATHERED in source:
        cell = {"outputs": [o for o in cell["outputs"] if o["output_type"] == "error"]}
    printed = text([text(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream" and o["name"] == "stdout"])
    results = [o["data"] for o in cell["outputs"] if o["output_type"] == "execute_result"]
    words = "\n".join(text(data.get("text/plain", "")) for data in results)
    if source.endswith(TIMED):
        words = re.sub(r"[\s-]+", " ", MEASURED.sub("#", words))
    tables = [len(re.findall("<tr", text(data["text/html"]))) for data in results if "text/html" in data and "<table" in text(data["text/html"])]
    claims = [id_ for data in results for id_ in re.findall('data-claim="([^"]+)"', text(data.get("text/html", "")))]
    pictures = [base64.b64decode(text(data["image/png"]))[:24] for data in results if "image/png" in data]  # signature, width and height
    errors = [o["ename"] for o in cell["outputs"] if o["output_type"] == "error"]
    return {"printed": printed, "result": words, "table rows": tables, "claims": claims, "pictures": pictures, "errors": errors}


def code(path):
    with open(path, encoding="utf-8") as file:
        return [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]


def differences(path, other):
    ours, theirs = code(path), code(other)
    if len(ours) != len(theirs):
        yield f"{len(ours)} cells against {len(theirs)}"
    for number, (a, b) in enumerate(zip(ours, theirs), 1):
        a, b = shown(a), shown(b)
        for what in a:
            if a[what] != b[what]:
                yield f"cell {number}, {what}:\n      {str(a[what])[:300]!r}\n      {str(b[what])[:300]!r}"
            if what == "errors" and a[what]:
                yield f"cell {number} failed: {a[what]}"
        if any(not picture.startswith(b"\x89PNG") for picture in a["pictures"] + b["pictures"]):
            yield f"cell {number}: a picture is no PNG"


def main():
    folder, other = sys.argv[1:3]
    names = sorted({os.path.basename(p) for f in (folder, other) for p in glob.glob(os.path.join(f, "*.ipynb"))})
    failed = 0 if names else 1
    for name in names:
        paths = [os.path.join(f, name) for f in (folder, other)]
        missing = [p for p in paths if not os.path.exists(p)]
        found = [f"{p} is missing" for p in missing] or list(differences(*paths))
        failed += bool(found)
        cells = [] if missing else [shown(c) for c in code(paths[0])]
        print(f"{'DIFFERS' if found else 'same   '} {name}: {len(cells)} cells, {sum(len(c['table rows']) for c in cells)} tables, "
              f"{sum(len(c['pictures']) for c in cells)} pictures, {sum(len(c['claims']) for c in cells)} claims")
        for line in found:
            print("   ", line)
    return failed


if __name__ == "__main__":
    sys.exit(main())
