"""More of PyTorch's optimisers over 200 steps, for tests/optim/adaptive_golden_test.cpp, as optim.py:
tests/golden/optim_adaptive.safetensors. Lion (Chen et al. 2023, algorithm 2) and LAMB (You et al. 2020,
algorithm 2, phi(x) = x), which PyTorch lacks, stand below as their papers have them. L-BFGS minimises a
chain of Rosenbrock's valleys through all 23 parameters; kept are the parameters after 1, 5 and 40 of its
steps."""
import torch
from optim_run import SHAPES, dump, flags, run, save, three_groups
from rule import Input, make_input

O = torch.optim
torch.set_default_dtype(torch.float64)  # else NAdam multiplies its mu_product in f32


class Rule(O.Optimizer):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["t"] += 1
                self.update(p, -p.grad if group["maximize"] else p.grad, state, group)


class Lion(Rule):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay,
                                      maximize=maximize))

    def update(self, p, g, state, o):
        b1, b2 = o["betas"]
        c = b1 * state["m"] + (1 - b1) * g
        p.sub_(o["lr"] * (torch.sign(c) + o["weight_decay"] * p))
        state["m"] = b2 * state["m"] + (1 - b2) * g


class LAMB(Rule):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0,
                 maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                                      maximize=maximize))

    def update(self, p, g, state, o):
        b1, b2 = o["betas"]
        state["m"] = b1 * state["m"] + (1 - b1) * g
        state["v"] = b2 * state["v"] + (1 - b2) * g * g
        m, v = state["m"] / (1 - b1 ** state["t"]), state["v"] / (1 - b2 ** state["t"])
        r = m / (v.sqrt() + o["eps"]) + o["weight_decay"] * p
        x, y = p.norm(), r.norm()
        p.sub_(o["lr"] * (x / y if x > 0 and y > 0 else 1.0) * r)


def groups(p, **more):
    return [{"params": p[:1], "lr": 0.1}, {"params": p[1:], **more}]


def cases(name, make, options, bits):
    """All combinations of `bits`, each an option with its values off and on; "maximize" always."""
    names = list(bits)
    for on in flags(len(names) + 1):
        chosen = {k: bits[k][b] for k, b in zip(names, on)}
        if chosen.get("decoupled_weight_decay") and not chosen["weight_decay"]:
            continue
        run(f"{name}." + "".join(map(str, on)),
            lambda p: make(p, maximize=bool(on[-1]), **options, **chosen), -1 if on[-1] else 1)
    run(f"{name}.defaults", lambda p: make(p))


decay, eps = {"weight_decay": (0, 0.1)}, {"eps": (1e-8, 1e-3)}
decoupled = {"decoupled_weight_decay": (False, True)}
betas = {"lr": 0.02, "betas": (0.8, 0.95)}
cases("rprop", O.Rprop, {"lr": 0.02}, {"etas": ((0.5, 1.2), (0.3, 1.7)),
                                       "step_sizes": ((1e-6, 50), (0.01, 0.05))})
cases("adagrad", O.Adagrad, {"lr": 0.1}, {**decay, **eps, "lr_decay": (0, 0.01),
                                          "initial_accumulator_value": (0, 0.5)})
cases("rmsprop", O.RMSprop, {"lr": 0.01, "alpha": 0.9},
      {**decay, **eps, "momentum": (0, 0.8), "centered": (False, True)})
cases("adamax", O.Adamax, betas, {**decay, **eps})
cases("adadelta", O.Adadelta, {"lr": 0.7, "rho": 0.8}, {**decay, "eps": (1e-6, 1e-3)})
cases("nadam", O.NAdam, betas, {**decay, **decoupled, **eps})
run("nadam.decay", lambda p: O.NAdam(p, lr=0.02, momentum_decay=0.05))
cases("radam", O.RAdam, betas, {**decay, **decoupled, **eps})
cases("lion", Lion, {"lr": 0.01, "betas": (0.8, 0.95)}, decay)
cases("lamb", LAMB, betas, {**decay, **eps})
for name, make in {"adagrad": O.Adagrad, "rmsprop": O.RMSprop, "adamax": O.Adamax,
                   "nadam": O.NAdam, "radam": O.RAdam, "lion": Lion, "lamb": LAMB}.items():
    run(f"{name}.groups", lambda p: make(groups(p, weight_decay=0.3), lr=0.01))
for name, make in {"adamax": O.Adamax, "nadam": O.NAdam, "radam": O.RAdam, "lamb": LAMB}.items():
    run(f"{name}.options",
        lambda p: make(three_groups(p, {"betas": (0.5, 0.9), "eps": 1e-3}, {"betas": (0.0, 0.95)},
                                    {"eps": 1e-2, "weight_decay": 0.1}), lr=0.01, betas=(0.8, 0.99)))
run("lion.options",
    lambda p: Lion(three_groups(p, {"betas": (0.5, 0.9)}, {"betas": (0.0, 0.95)},
                                {"weight_decay": 0.1}), lr=0.01, betas=(0.8, 0.98)))
for name, make in {"adagrad": O.Adagrad, "adadelta": O.Adadelta}.items():
    run(f"{name}.options",
        lambda p: make(three_groups(p, {"eps": 1e-3}, {"eps": 1e-2}, {"weight_decay": 0.1}), lr=0.1))
for centered in (False, True):
    run(f"rmsprop.options.{int(centered)}",
        lambda p: O.RMSprop(three_groups(p, {"momentum": 0.5, "eps": 1e-3}, {"eps": 1e-2},
                                         {"momentum": 0.9, "weight_decay": 0.1}),
                            lr=0.01, alpha=0.9, centered=centered))
run("rprop.groups", lambda p: O.Rprop(groups(p), lr=0.01))


def valley(params):
    x = torch.cat([p.flatten() for p in params])
    return (3 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def lbfgs(name, **options):
    params = [make_input(Input(s), i).requires_grad_() for i, s in enumerate(SHAPES)]
    optimizer = O.LBFGS(params, **options)

    def closure():
        optimizer.zero_grad()
        loss = valley(params)
        loss.backward()
        return loss

    rows = []
    for step in range(1, 41):
        optimizer.step(closure)
        if step in (1, 5, 40):
            rows.append(torch.cat([p.detach().flatten() for p in params]))
    dump["lbfgs." + name] = torch.stack(rows)
    evaluations = optimizer.state[params[0]]["func_evals"]
    dump["lbfgs." + name + ".evaluations"] = torch.tensor(float(evaluations), dtype=torch.float64)


lbfgs("plain", lr=0.1, max_iter=5)
lbfgs("history", lr=0.1, max_iter=5, history_size=3)
lbfgs("wolfe", max_iter=5, line_search_fn="strong_wolfe")
lbfgs("wolfe.history", max_iter=3, history_size=2, line_search_fn="strong_wolfe")
lbfgs("wolfe.short", max_iter=20, max_eval=4, line_search_fn="strong_wolfe")
lbfgs("wolfe.far", lr=7, max_iter=2, line_search_fn="strong_wolfe")
lbfgs("wolfe.loose", tolerance_grad=1e-2, tolerance_change=1e-3, line_search_fn="strong_wolfe")
save("optim_adaptive")
