"""PyTorch's answers for tests/nn/layers/further_golden_test.cpp: padding layers, an adaptive softmax
and layers of two inputs, on weights and inputs by rule, in f64; channels last."""
import torch
from channels import channels_first, channels_last
from rule_weights import rule_integers, rule_tensor, set_rule_weights
from safetensors.torch import save_file
from rule import ROOT
from torch import nn

dump = {}


def keep(name, x):
    dump[name] = x.detach().float().contiguous()


def record(name, m, shapes, call):
    xs = [rule_tensor(f"{name}.x{i}", s).double().requires_grad_() for i, s in enumerate(shapes)]
    y = call(m, *xs)
    (y * rule_tensor(name + ".dy", tuple(y.shape)).double()).sum().backward()
    keep(name + ".y", y)
    for i, x in enumerate(xs):
        keep(f"{name}.dx{i}", x.grad)
    for key, p in m.named_parameters():
        if p.grad is not None:
            keep(f"{name}.grad.{key}", p.grad)


SIDES = [(2, 1), (1, 3, 2, 0), (2, 0, 1, 2, 1, 1)]
SHAPES = [(2, 5, 3), (2, 4, 5, 2), (1, 3, 4, 5, 2)]
for mode in ("Reflection", "Replication", "Circular", "Zero", "Constant"):
    for axes in (1, 2, 3):
        layer = getattr(nn, f"{mode}Pad{axes}d")
        more = (0.75,) if mode == "Constant" else ()
        record(f"{mode}{axes}", layer(SIDES[axes - 1], *more), [SHAPES[axes - 1]],
               lambda m, x: channels_last(m(channels_first(x))))
        record(f"{mode}{axes}.all", layer(1, *more), [SHAPES[axes - 1][1:]],
               lambda m, x: m(x.movedim(-1, 0)).movedim(0, -1))

record("cosine", nn.CosineSimilarity(2, 0.1), [(2, 3, 4)] * 2, lambda m, a, b: m(a, b))
record("pairwise", nn.PairwiseDistance(3, 1e-3, True), [(3, 4)] * 2, lambda m, a, b: m(a, b))
record("softmin", nn.Softmin(1), [(2, 3, 4)], lambda m, x: m(x))

target = rule_integers("adaptive.target", (9,), 20)
for name, options in (("adaptive", {"div_value": 2}), ("adaptive.bias", {"head_bias": True, "div_value": 2.5})):
    layer = set_rule_weights(
        nn.AdaptiveLogSoftmaxWithLoss(17, 20, [4, 5, 12], **options).double())
    record(name + ".output", layer, [(9, 17)], lambda m, x: m(x, target).output)
    layer.zero_grad()
    record(name + ".loss", layer, [(9, 17)], lambda m, x: m(x, target).loss)
    layer.zero_grad()
    record(name + ".all", layer, [(9, 17)], lambda m, x: m.log_prob(x))
    layer.zero_grad()
    record(name + ".frequent", layer, [(9, 17)], lambda m, x: m(x, target % 4).output)
    layer.zero_grad()
    record(name + ".one", layer, [(17,)], lambda m, x: m(x, target[0]).output)
    keep(name + ".predicted", layer.predict(rule_tensor(name + ".x", (30, 17), -9, 9).double()))
    for key, value in layer.state_dict().items():
        keep(f"{name}.state.{key}", value)

path = ROOT / "tests" / "golden" / "nn" / "further.safetensors"
save_file(dump, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
