"""Inputs by rule and dumps of PyTorch's answers, for the cases declared in strata/opcases/.

A family's script lists its cases under the names of the C++ declarations, with the same inputs:

    from rule import Input, family
    cases = family("unary")
    cases.add("exp", [Input((3, 5), -4, 4)], lambda x: torch.exp(x))
    cases.write()

and writes tests/golden/ops/unary.safetensors: NAME.y0, NAME.y1 ... (outputs, f64) and NAME.g0,
NAME.g1 ... (gradients of sum(y * weights) for each input that has one). Everything is computed in
f64 from inputs rounded to f32. Layouts are Strata's (NHWC, weights [out, kh, kw, in]): the lambda
does the permuting.
"""
import pathlib
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIGHTS_FROM = 100


@dataclass
class Input:
    shape: tuple
    low: float = -1
    high: float = 1
    integer: bool = False
    grad: bool = True


def unit(position, count):
    """splitmix64 of position and index, in [0, 1); the same as opcases/op_case.cpp."""
    with np.errstate(over="ignore"):
        z = (np.uint64(position) << np.uint64(40)) + np.arange(1, count + 1, dtype=np.uint64)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def make_input(spec, position):
    count = int(np.prod(spec.shape, dtype=np.int64))
    v = spec.low + (spec.high - spec.low) * unit(position, count)
    if spec.integer:
        return torch.from_numpy(np.floor(v).astype(np.int64).reshape(spec.shape))
    return torch.from_numpy(v.astype(np.float32).astype(np.float64).reshape(spec.shape))


class family:
    def __init__(self, name):
        self.name, self.dump = name, {}

    def add(self, name, inputs, f):
        xs = [make_input(spec, i) for i, spec in enumerate(inputs)]
        for x, spec in zip(xs, inputs):
            if spec.grad and not spec.integer:
                x.requires_grad_()
        ys = f(*xs)
        ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
        loss = 0
        for i, y in enumerate(ys):
            self.dump[f"{name}.y{i}"] = y.detach().to(torch.float64).contiguous()
            if y.requires_grad:
                loss = loss + (y * make_input(Input(tuple(y.shape)), WEIGHTS_FROM + i)).sum()
        if torch.is_tensor(loss):
            loss.backward()
        for i, x in enumerate(xs):
            if x.grad is not None:
                self.dump[f"{name}.g{i}"] = x.grad.contiguous()

    def write(self):
        path = ROOT / "tests" / "golden" / "ops" / f"{self.name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        dump = {k: v.clone() for k, v in self.dump.items()}
        save_file(dump, path)
        print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
        assert path.stat().st_size < 100_000, "keep each dump under 100 KB"
