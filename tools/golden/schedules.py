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

path = ROOT / "tests" / "golden" / "schedules.safetensors"
save_file(dump, path)
print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
