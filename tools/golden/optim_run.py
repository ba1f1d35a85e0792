"""Runs of optimisers over 200 steps, for the scripts that dump them."""
import itertools

import torch
from rule import ROOT, Input, make_input
from safetensors.torch import save_file

SHAPES = [(3, 5), (7,), (1,)]
KEPT = [1, 10, 200]
dump = {}


def three_groups(p, first, second, third):
    """A group for each parameter, with options of its own."""
    return [{"params": [q], **o} for q, o in zip(p, (first, second, third))]


def run(name, make, sign=1, later=None, shapes=SHAPES):
    """`make` gets the parameters and returns the optimiser; `later` gets both before step 12."""
    params = [make_input(Input(s), i).requires_grad_() for i, s in enumerate(shapes)]
    optimizer = make(params)
    rows = []
    for step in range(1, KEPT[-1] + 1):
        if later and step == 12:
            later(optimizer, params)
        optimizer.zero_grad()
        for k, p in enumerate(params):
            if k == 1 and step % 5 == 2:
                continue
            noise = make_input(Input(shapes[k]), 1000 + 8 * step + k)
            p.grad = (0.5 * sign * p + noise).detach()
        optimizer.step()
        if step in KEPT:
            rows.append(torch.cat([p.detach().flatten() for p in params]))
    dump[name] = torch.stack(rows)


def flags(n):
    return itertools.product([0, 1], repeat=n)


def save(name):
    path = ROOT / "tests" / "golden" / (name + ".safetensors")
    save_file(dump, path)
    print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
