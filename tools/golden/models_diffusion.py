"""Noise schedules, steps back and Frechet distances in f64 by numpy and scipy, for
tests/models/generative/diffusion_test.cpp and tests/train/frechet_test.cpp."""
import math
import pathlib

import numpy as np
import scipy.linalg
import torch
from rule_weights import rule_tensor
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
dump = {}


def keep(name, array):
    dump[name] = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))


def cosine(steps, s=0.008):
    at = lambda t: math.cos((t / steps + s) / (1 + s) * math.pi / 2) ** 2
    return np.array([min(1 - at(t + 1) / at(t), 0.999) for t in range(steps)])


shape = (2, 3, 2, 1)
x, noise, fresh = (rule_tensor(n, shape, -2, 2).numpy().astype(np.float64)
                   for n in ("x", "noise", "fresh"))
for name, betas in (("linear", np.linspace(1e-4, 0.02, 1000)), ("cosine", cosine(1000))):
    signals = np.cumprod(1 - betas)
    before = np.append(1, signals[:-1])
    keep(f"{name}.betas", betas)
    keep(f"{name}.signals", signals)
    keep(f"{name}.variances", betas * (1 - before) / (1 - signals))
    t = np.array([7, 930])
    a = signals[t].reshape(2, 1, 1, 1)
    keep(f"{name}.noised", np.sqrt(a) * x + np.sqrt(1 - a) * noise)
    for t, b in ((999, 979), (420, 400), (20, 0), (0, -1)):
        a, p = signals[t], signals[b] if b >= 0 else 1.0
        beta = betas[t] if b == t - 1 else 1 - a / p
        variance = beta * (1 - p) / (1 - a)
        for clip in (False, True):
            image = (x - np.sqrt(1 - a) * noise) / np.sqrt(a)
            if clip:
                image = np.clip(image, -1, 1)
            rest = (x - np.sqrt(a) * image) / np.sqrt(1 - a) if clip else noise
            key = f"{name}.{t}" + (".clip" if clip else "")
            mean = (np.sqrt(p) * beta / (1 - a) * image
                    + np.sqrt(1 - beta) * (1 - p) / (1 - a) * x)
            keep(f"{key}.ancestral", mean + np.sqrt(variance) * fresh)
            for eta in (0, 0.5):
                sigma = eta * np.sqrt(variance)
                keep(f"{key}.ddim{eta}", np.sqrt(p) * image
                     + np.sqrt(1 - p - sigma ** 2) * rest + sigma * fresh)

distances = []
for rows, width, spread in ((200, 5, 1.0), (40, 20, 3.0), (9, 12, 0.5)):  # the last: singular
    f = rule_tensor(f"f{width}", (rows, width), -1, 1).numpy().astype(np.float64)
    g = rule_tensor(f"g{width}", (rows, width), -spread, spread + 1).numpy().astype(np.float64)
    g[:, 1:] += g[:, :-1]  # correlated
    c, d = np.cov(f, rowvar=False), np.cov(g, rowvar=False)
    values, vectors = scipy.linalg.eigh(c)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    between = np.maximum(scipy.linalg.eigvalsh(root @ d @ root), 0)
    delta = f.mean(0) - g.mean(0)
    distances.append(delta @ delta + np.trace(c) + np.trace(d) - 2 * np.sqrt(between).sum())
keep("frechet", distances)
m = rule_tensor("symmetric", (9, 9)).numpy().astype(np.float64)
keep("eigenvalues", scipy.linalg.eigvalsh(np.triu(m) + np.triu(m, 1).T))
path = ROOT / "tests" / "golden" / "models" / "diffusion.safetensors"
save_file(dump, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
