"""ASGD, Adafactor and Muon over 200 steps, for tests/optim/further_golden_test.cpp, as optim.py:
tests/golden/optim_further.safetensors. torch.optim.Muon computes its products in bf16 whatever the
parameters are; it is run as it is ("muon.bf16"), and with these products in f64."""
import torch
from optim_run import flags, run, save, three_groups

O = torch.optim
torch.set_default_dtype(torch.float64)  # else ASGD keeps its rate in f32


def cases(name, make, bits, **options):
    """All combinations of `bits`, each some options with their values off and on; "maximize" always."""
    for on in flags(len(bits) + 1):
        chosen = dict(options, maximize=bool(on[-1]))
        for values, b in zip(bits, on):
            chosen.update({k: v[b] for k, v in values.items()})
        run(f"{name}." + "".join(map(str, on)), lambda p: make(p, **chosen), -1 if on[-1] else 1)


decay = {"weight_decay": (0, 0.1)}
cases("asgd", O.ASGD, [decay, {"lambd": (1e-4, 0.02), "alpha": (0.75, 0.6)}, {"t0": (1e6, 5)}], lr=0.1)
run("asgd.defaults", O.ASGD)
run("asgd.groups", lambda p: O.ASGD(three_groups(p, {"lr": 0.2}, {"weight_decay": 0.3}, {}), lr=0.05))

cases("adafactor", O.Adafactor,
      [decay, {"eps": ((None, 1e-3), (0.3, 0.9))}, {"d": (1.0, 3.0)}, {"beta2_decay": (-0.8, -0.3)}],
      lr=0.05)
run("adafactor.defaults", O.Adafactor)
run("adafactor.stacks", lambda p: O.Adafactor(p, lr=0.05), shapes=[(2, 3, 4), (5, 1), (2, 1, 3, 2)])
run("adafactor.groups",
    lambda p: O.Adafactor(three_groups(p, {"lr": 0.2}, {"weight_decay": 0.3}, {}), lr=0.05))

MATRICES = [(3, 5), (6, 3), (4, 4)]


def muon(name, **options):
    run("muon." + name, lambda p: O.Muon(p, **{"lr": 0.02, **options}), shapes=MATRICES)


muon("bf16")
torch.Tensor.bfloat16 = torch.Tensor.clone  # from here on in f64
for on in flags(4):
    muon("".join(map(str, on)), weight_decay=(0.1, 0)[on[0]], nesterov=(True, False)[on[1]],
         adjust_lr_fn=(None, "match_rms_adamw")[on[2]],
         **[{}, {"ns_steps": 3, "momentum": 0.8, "ns_coefficients": (2.0, -1.5, 0.5)}][on[3]])
run("muon.defaults", O.Muon, shapes=MATRICES)
run("muon.groups", lambda p: O.Muon(three_groups(p, {"lr": 0.2}, {"weight_decay": 0.3},
                                                 {"momentum": 0.5}), lr=0.05), shapes=MATRICES)
save("optim_further")
