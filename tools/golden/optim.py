"""PyTorch's optimisers over 200 steps, for tests/optim/golden_test.cpp: tests/golden/optim.safetensors
holds, for each case, the parameters after 1, 10 and 200 steps as f64[3, 23].

The three parameters have odd shapes; their gradients are 0.5 p + noise(step), or
-0.5 p + noise(step) under maximize, and the second one has none in every fifth step. Everything is f64."""
import torch
from optim_run import flags, run, save, three_groups

for momentum, dampening, decay, nesterov, maximize in flags(5):
    if nesterov and (dampening or not momentum):
        continue
    run(f"sgd.{momentum}{dampening}{decay}{nesterov}{maximize}",
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9 * momentum, dampening=0.25 * dampening,
                                  weight_decay=0.1 * decay, nesterov=bool(nesterov),
                                  maximize=bool(maximize), foreach=False),
        -1 if maximize else 1)
for kind in ("adam", "adamw"):
    make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    for decay, amsgrad, maximize, eps in flags(4):
        run(f"{kind}.{decay}{amsgrad}{maximize}{eps}",
            lambda p: make(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3 if eps else 1e-8,
                           weight_decay=0.1 * decay, amsgrad=bool(amsgrad),
                           maximize=bool(maximize), foreach=False),
        -1 if maximize else 1)
    run(f"{kind}.defaults", lambda p: make(p, foreach=False))
    run(f"{kind}.beta0", lambda p: make(p, lr=0.01, betas=(0.0, 0.99), foreach=False))
    run(f"{kind}.beta3", lambda p: make(p, lr=0.01, betas=(0.3, 0.9), foreach=False))
    run(f"{kind}.groups",
        lambda p: make([{"params": p[:1], "lr": 0.1}, {"params": p[1:], "weight_decay": 0.3}],
                       lr=0.01, foreach=False))
run("sgd.groups",
    lambda p: torch.optim.SGD([{"params": p[:1], "lr": 0.1}, {"params": p[1:], "weight_decay": 0.3}],
                              lr=0.01, momentum=0.5, foreach=False))
for kind in ("adam", "adamw"):
    make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    run(f"{kind}.options",
        lambda p: make(three_groups(p, {"betas": (0.5, 0.9), "eps": 1e-3}, {"betas": (0.0, 0.95)},
                                    {"eps": 1e-2, "weight_decay": 0.1}),
                       lr=0.01, betas=(0.8, 0.99), foreach=False))
for name, momentum in {"sgd.options": 0.3, "sgd.some_momentum": 0}.items():
    run(name,
        lambda p: torch.optim.SGD(three_groups(p, {"momentum": 0}, {"momentum": 0.9, "lr": 0.02},
                                               {"weight_decay": 0.1}),
                                  lr=0.05, momentum=momentum, dampening=0.25, foreach=False))
run("adam.added", lambda p: torch.optim.Adam(p[:2], lr=0.01, foreach=False),
    later=lambda o, p: o.add_param_group({"params": p[2:], "lr": 0.05, "betas": (0.5, 0.9)}))
run("sgd.added", lambda p: torch.optim.SGD(p[:2], lr=0.01, foreach=False),
    later=lambda o, p: o.add_param_group({"params": p[2:], "momentum": 0.8}))

save("optim")
