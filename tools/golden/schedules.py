"""PyTorch's learning rates over a whole run, for tests/optim/schedules_test.cpp:
tests/golden/schedules.safetensors holds, for each case, lr at steps 0 ... 119 as f64[120] (for
one-cycle also the momentum, as "....momentum")."""
import warnings

import torch
from rule import ROOT
from safetensors.torch import save_file
from torch.optim import lr_scheduler as S

STEPS = 120
dump = {}
warnings.filterwarnings("ignore")


def run(name, lr, make, momentum=False):
    p = torch.zeros(1, requires_grad=True)
    p.grad = torch.zeros(1)
    optimizer = torch.optim.SGD([p], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    lrs, momenta = [], []
    for _ in range(STEPS):
        lrs.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()
    dump[name] = torch.tensor(lrs, dtype=torch.float64)
    if momentum:
        dump[name + ".momentum"] = torch.tensor(momenta, dtype=torch.float64)


run("step", 0.5, lambda o: S.StepLR(o, 30, gamma=0.3))
run("multistep", 0.5, lambda o: S.MultiStepLR(o, [10, 11, 90], gamma=0.2))
run("exponential", 0.5, lambda o: S.ExponentialLR(o, 0.97))
run("cosine", 0.5, lambda o: S.CosineAnnealingLR(o, STEPS))
run("cosine.floor", 0.5, lambda o: S.CosineAnnealingLR(o, STEPS, eta_min=0.02))
run("linear", 0.5, lambda o: S.LinearLR(o, 0.1, 1.0, 25))
run("linear.down", 0.5, lambda o: S.LinearLR(o, 1.0, 0.25, 77))
for name, options in {"": {}, ".linear": {"anneal_strategy": "linear"},
                      ".three": {"three_phase": True, "pct_start": 0.4},
                      ".factors": {"div_factor": 7, "final_div_factor": 30, "pct_start": 0.17,
                                   "base_momentum": 0.6, "max_momentum": 0.8}}.items():
    run("one_cycle" + name, 0.1,
        lambda o: S.OneCycleLR(o, 0.5, total_steps=STEPS, **options), momentum=True)
run("sequential", 0.5, lambda o: S.SequentialLR(
    o, [S.LinearLR(o, 0.01, 1.0, 20), S.CosineAnnealingLR(o, 80, eta_min=0.001),
        S.ExponentialLR(o, 0.9)], [20, 100]))

run("restarts", 0.5, lambda o: S.CosineAnnealingWarmRestarts(o, 17, eta_min=0.03))
run("restarts.longer", 0.5, lambda o: S.CosineAnnealingWarmRestarts(o, 9, T_mult=3))
run("polynomial", 0.5, lambda o: S.PolynomialLR(o, 70))
run("polynomial.power", 0.5, lambda o: S.PolynomialLR(o, 90, power=2.5))
run("noam", 2.0, lambda o: S.LambdaLR(o, lambda i: 512 ** -0.5 * min((i + 1) ** -0.5,
                                                                     (i + 1) * 30 ** -1.5)))
run("constant_factor", 0.5, lambda o: S.ConstantLR(o, 0.2, 25))
run("sequential.constant", 0.5, lambda o: S.SequentialLR(
    o, [S.ConstantLR(o, 0.1, 10), S.PolynomialLR(o, 60, power=2)], [10]))

for name, options in {"": {}, ".halving": {"mode": "triangular2", "step_size_down": 9},
                      ".exponential": {"mode": "exp_range", "gamma": 0.98}}.items():
    run("cyclic" + name, 0.5,
        lambda o: S.CyclicLR(o, 0.03, 0.4, step_size_up=13, base_momentum=0.5, max_momentum=0.85,
                             **options), momentum=True)
run("multiplicative", 0.5, lambda o: S.MultiplicativeLR(o, lambda i: 0.9 + 0.01 * (i % 15)))
run("chained", 0.5, lambda o: S.ChainedScheduler(
    [S.LinearLR(o, 0.1, 1.0, 20), S.ExponentialLR(o, 0.97), S.MultiStepLR(o, [50, 80], 0.5)]))

VALUES = [1 / (1 + i) + (0.02 * ((i * 7919) % 13) if i > 20 else 0) for i in range(STEPS)]


def plateau(name, sign=1, **options):
    """lr of two groups after each value of VALUES (times sign), as f64[120, 2]."""
    p = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.03}], lr=0.5)
    scheduler = S.ReduceLROnPlateau(optimizer, **options)
    lrs = []
    for value in VALUES:
        scheduler.step(sign * value)
        lrs.append([g["lr"] for g in optimizer.param_groups])
    dump["plateau." + name] = torch.tensor(lrs, dtype=torch.float64)


dump["plateau.values"] = torch.tensor(VALUES, dtype=torch.float64)
plateau("defaults")
plateau("max", -1, mode="max", patience=3, factor=0.5)
plateau("threshold", threshold=0.2, patience=2, factor=0.7)
plateau("absolute", threshold=0.02, threshold_mode="abs", patience=4, factor=0.5)
plateau("absolute.max", -1, mode="max", threshold=0.05, threshold_mode="abs", patience=1,
        cooldown=5, factor=0.6)
plateau("cooldown", patience=2, cooldown=7, factor=0.5)
plateau("floor", patience=1, factor=0.3, min_lr=0.01)
plateau("eps", patience=1, factor=0.9, eps=0.02)



def groups(name, make):
    """lr of two groups whose own differ, as f64[120, 2]."""
    p = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.03}], lr=0.5)
    scheduler = make(optimizer)
    lrs = []
    for _ in range(STEPS):
        lrs.append([g["lr"] for g in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    dump["groups." + name] = torch.tensor(lrs, dtype=torch.float64)


groups("cosine", lambda o: S.CosineAnnealingLR(o, STEPS))
groups("sequential", lambda o: S.SequentialLR(
    o, [S.LinearLR(o, 0.01, 1.0, 20), S.PolynomialLR(o, 70, power=2)], [20]))
groups("floor", lambda o: S.CosineAnnealingLR(o, STEPS, eta_min=0.02))

path = ROOT / "tests" / "golden" / "schedules.safetensors"
save_file(dump, path)
print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
