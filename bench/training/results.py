#!/usr/bin/env python3
"""Trains the systems to the bars of docs/results.md and writes that page.

usage: bench/training/results.py --data FOLDER [NAME ...]     (from the project's folder)

Each row is one command of the program, run once for each seed on final weights; what is measured
stands in docs/results.json, from which the page is made anew. Names pick rows; all if none is given.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "results.md"

# name: what follows `strata train`, the metric's bar and whether more is better
ROWS = {
    "mlp-13002": ("mlp-13002 --data {data}/mnist", 0.925, True),
    "lenet5": ("lenet5 --data {data}/mnist", 0.992, True),
    "resnet-cifar": ("resnet-cifar --data {data}/cifar10", 0.81, True),
    "vit-mnist": ("vit-mnist --data {data}/mnist", 0.98, True),
    "row-rnn": ("row-rnn --data {data}/mnist", None, True),
    "row-lstm": ("row-lstm --data {data}/mnist", 0.97, True),
    "row-gru": ("row-gru --data {data}/mnist", 0.97, True),
    "adding-lstm": ("adding-lstm", 0.01, False),
    "charrnn": ("charrnn --data {data}/text/tiny_shakespeare.txt", 1.62, False),
    "gpt-char": ("gpt-char --data {data}/text/tiny_shakespeare.txt", 1.92, False),
    "gpt-char, longer": ("gpt-char --data {data}/text/tiny_shakespeare.txt --steps 4000 length=128 "
                         "batch=24 lr=0.003", 1.60, False),
    "ddpm, 1 epoch": ("ddpm --data {data}/mnist --epochs 1", 0.38, False),
    "ddpm, 2 epochs": ("ddpm --data {data}/mnist --epochs 2", 0.26, False),
}

HEAD = """# What the systems learn

Trained from nothing on real data (the adding problem makes its own), measured on data that took no
part in training, on the weights as they are at the end. Two seeds each. The bars say what a working
implementation reaches.

    python3 bench/training/results.py --data FOLDER

trains them all and writes this page; `--data` is a folder with `mnist/`, `cifar10/` and `text/`.
The bits follow the seed and the instruction set, not the number of threads.

"""


def train(arguments, seed):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [str(ROOT / "build/bin/strata"), "train", *arguments, "--seed", str(seed), "--json",
             "--out", folder + "/run"],
            check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(out.stdout)


def cpu():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def reached(value, bar, more_is_better):
    if bar is None:
        return ""
    return "yes" if (value >= bar if more_is_better else value <= bar) else "NO"


def page(kept):
    lines = [HEAD]
    lines.append("| system | parameters | metric | seed 0 | seed 1 | bar | reached | steps |\n")
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for name, (_, bar, more) in ROWS.items():
        runs = kept["rows"].get(name)
        if not runs:
            continue
        values = [r["metric"]["value"] for r in runs]
        worst = min(values) if more else max(values)
        first = runs[0]
        lines.append(
            f"| `{name}` | {first['parameters']:,} | {first['metric']['name']} | "
            + " | ".join([f"{v:.4f}" for v in values] + ["not run"] * (2 - len(values)))
            + f" | {'' if bar is None else ('≥ ' if more else '≤ ') + str(bar)} | "
            f"{reached(worst, bar, more)} | {first['steps']:,} |\n")
    lines.append(f"\nOn {kept['machine']}.\n")
    PAGE.write_text("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ROWS))
    args = parser.parse_args()
    unknown = [n for n in args.names if n not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; there are: {', '.join(ROWS)}")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"rows": {}}
    kept["machine"] = f"{cpu()}, {len(os.sched_getaffinity(0))} cores"
    for name in args.names or ROWS:
        words = [w.format(data=args.data) for w in ROWS[name][0].split()]
        runs = []
        for seed in (0, 1):
            run = train(words, seed)
            run.pop("run_dir")
            runs.append(run)
            print(f"{name} seed {seed}: {run['metric']['name']} {run['metric']['value']:.4f} "
                  f"in {run['seconds']:.0f} s", flush=True)
        kept["rows"][name] = runs
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
        page(kept)


if __name__ == "__main__":
    main()
