"""PyTorch's answers for tests/nn/layers/computed_weight_test.cpp: layers of several kinds under
torch.nn.utils.parametrizations and under the older functions, on weights by rule: outputs and
gradients of a training call, the output of one in evaluation after it, and what the state dict
holds then."""
import pathlib
import warnings

import torch
from channels import channels_first, channels_last
from rule_weights import rule_integers, rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {  # and the shape of x in Strata's order
    "Linear": (lambda: nn.Linear(5, 7), (3, 5)),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, dilation=2), (2, 9, 4)),
    "Conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), groups=2), (2, 5, 4, 4)),
    "Conv3d": (lambda: nn.Conv3d(2, 3, (1, 2, 3)), (1, 2, 3, 4, 2)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 3, 4, stride=2), (2, 5, 4)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 6, (3, 2), groups=2), (1, 3, 4, 4)),
    "Embedding": (lambda: nn.Embedding(6, 4), (2, 5)),
}


def answers(name, wrap, dump, key):
    make, shape = LAYERS[name]
    layer = set_rule_weights(wrap(make())).double()
    if name == "Embedding":
        given = x = rule_integers("x", shape, 6)
    else:
        given = rule_tensor("x", shape).double().requires_grad_()
        x = channels_first(given)
    y = layer(x)
    y = y if name == "Embedding" else channels_last(y)
    dump[key + ".y"] = y.detach()
    (y * rule_tensor("dy", tuple(y.shape)).double()).sum().backward()
    if given.is_floating_point():
        dump[key + ".grad.x"] = given.grad
    for n, p in layer.named_parameters():
        dump[f"{key}.grad.{n}"] = channels_last(p.grad)
    layer(x)
    layer.eval()
    with torch.no_grad():
        y = layer(x)
    dump[key + ".eval.y"] = y if name == "Embedding" else channels_last(y)
    for n, t in layer.state_dict().items():
        dump[f"{key}.state.{n}"] = t


def write(file, cases):
    dump = {}
    for key, name, wrap in cases:
        answers(name, wrap, dump, key)
    path = ROOT / "tests" / "golden" / "nn" / file
    save_file({k: v.float().clone().contiguous() for k, v in dump.items()}, path)
    print(path.relative_to(ROOT), len(dump), path.stat().st_size)
    assert path.stat().st_size < 100_000


write("weight_norm.safetensors",
      [(name, name, parametrizations.weight_norm) for name in LAYERS]
      + [("Conv2d.whole", "Conv2d", lambda m: parametrizations.weight_norm(m, dim=None)),
         ("Conv2d.dim1", "Conv2d", lambda m: parametrizations.weight_norm(m, dim=1)),
         ("Conv2d.dim3", "Conv2d", lambda m: parametrizations.weight_norm(m, dim=3)),
         ("Linear.dim1", "Linear", lambda m: parametrizations.weight_norm(m, dim=1)),
         ("Conv1d.old", "Conv1d", weight_norm)])
write("spectral_norm.safetensors",
      [(name, name, parametrizations.spectral_norm) for name in LAYERS]
      + [("Conv2d.dim1", "Conv2d", lambda m: parametrizations.spectral_norm(m, dim=1)),
         ("Conv2d.dim2", "Conv2d",
          lambda m: parametrizations.spectral_norm(m, dim=2, n_power_iterations=3)),
         ("Conv2d.old", "Conv2d", spectral_norm),
         ("ConvTranspose2d.old", "ConvTranspose2d", spectral_norm)])
