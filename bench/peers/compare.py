#!/usr/bin/env python3
"""Times the workloads of `strata bench` in PyTorch and here, in turn, and prints a Markdown table.

    python3 bench/peers/compare.py [--strata build/bin/strata] [--rounds 3] [WORKLOAD ...]

Each figure is the least of all rounds: one process after the other on the same machine, because its
clock speed and its neighbours change within minutes. PyTorch runs eagerly with two threads at the
most, as we do; `adam` is its fused optimiser. Needs torch (https://pytorch.org); the table was made
with 2.13.
"""
import argparse
import json
import subprocess
import sys
import time

THREADS = 2


def training(model, optimizer, x, y, loss):
    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimizer.step()
    return step


def mlp():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(),
                      nn.Linear(512, 10))
    return training(m, torch.optim.Adam(m.parameters()), torch.randn(64, 784),
                    torch.randint(0, 10, (64,)), nn.functional.cross_entropy)


def mlp_13002():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Linear(784, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(),
                      nn.Linear(16, 10), nn.Sigmoid())
    return training(m, torch.optim.SGD(m.parameters(), lr=3), torch.randn(30, 784),
                    torch.rand(30, 10), nn.functional.mse_loss)


def lenet5():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                      nn.Linear(84, 10))
    return training(m, torch.optim.Adam(m.parameters()), torch.randn(128, 1, 28, 28),
                    torch.randint(0, 10, (128,)), nn.functional.cross_entropy)


def adam():
    import torch
    params = [torch.randn(1000000, requires_grad=True) for _ in range(100)]
    for p in params:
        p.grad = torch.randn(1000000)
    return torch.optim.Adam(params, fused=True).step


WORKLOADS = {"mlp": mlp, "mlp-13002": mlp_13002, "lenet5": lenet5, "adam": adam}


def time_torch(name, seconds):
    import torch
    torch.set_num_threads(THREADS)
    step = WORKLOADS[name]()
    for _ in range(2):
        step()
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    print(1e3 * min(times))


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    p.add_argument("--strata", default="build/bin/strata")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=2, help="of each process")
    p.add_argument("--only-torch", metavar="WORKLOAD", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.only_torch:
        return time_torch(a.only_torch, a.seconds)
    print("| workload | Strata, ms | PyTorch, ms | ratio |\n| --- | --- | --- | --- |")
    for name in a.workloads or WORKLOADS:
        ours, theirs = [], []
        for _ in range(a.rounds):
            out = subprocess.check_output([a.strata, "bench", name, "--json", "--no-bound"],
                                          stderr=subprocess.DEVNULL)
            ours.append(json.loads(out)["results"][0]["ms_min"])
            theirs.append(float(subprocess.check_output(
                [sys.executable, __file__, "--only-torch", name, "--seconds", str(a.seconds)])))
        print(f"| `{name}` | {min(ours):.4g} | {min(theirs):.4g} | {min(theirs) / min(ours):.2f} |",
              flush=True)


if __name__ == "__main__":
    main()
