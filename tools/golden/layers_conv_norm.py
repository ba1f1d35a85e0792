"""PyTorch's answers for tests/nn/layers/conv_norm_golden_test.cpp: convolutions with every padding
mode, instance and batch norms with running statistics, on weights by rule; channels last."""
import pathlib

import torch
from channels import channels_first, channels_last
from rule_weights import rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import update_bn

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES = {1: (7,), 2: (6, 5), 3: (4, 5, 3)}
CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
KERNELS = {1: dict(kernel_size=3, padding=2, stride=2), 2: dict(kernel_size=(3, 2), padding=(2, 1)),
           3: dict(kernel_size=(2, 3, 1), padding=(1, 2, 1))}
INSTANCE = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
dump = {}


def keep(name, x):
    dump[name] = x.detach().float().contiguous()


def run_norm(name, make, shape):
    """Two batches in training, one in evaluation; the statistics after the training."""
    m = set_rule_weights(make(3, momentum=0.3, affine=True, track_running_stats=True).double())
    for i in range(3):
        if i == 2:
            m.eval()
        x = rule_tensor(f"{name}.x{i}", shape).double() * (i + 1) + i
        keep(f"{name}.y{i}", channels_last(m(channels_first(x))))
    keep(f"{name}.mean", m.running_mean)
    keep(f"{name}.var", m.running_var)
    keep(f"{name}.batches", m.num_batches_tracked)


for axes, sizes in SIZES.items():
    for mode in ("zeros", "reflect", "replicate", "circular"):
        name = f"conv{axes}.{mode}"
        m = set_rule_weights(CONVS[axes](4, 6, groups=2, padding_mode=mode, **KERNELS[axes]).double())
        x = rule_tensor(f"conv{axes}.x", (2, *sizes, 4)).double().requires_grad_()
        y = channels_last(m(channels_first(x)))
        (y * rule_tensor(f"conv{axes}.dy", tuple(y.shape)).double()).sum().backward()
        keep(f"{name}.y", y)
        keep(f"{name}.dx", x.grad)
        keep(f"{name}.dw", m.weight.grad)
    run_norm(f"instance{axes}", INSTANCE[axes], (2, *sizes, 3))
    run_norm(f"batch{axes}", BATCH[axes], (2, *sizes, 3))
run_norm("rows", nn.BatchNorm1d, (5, 3))

# Statistics anew, over batches of unequal size.
for axes, sizes in SIZES.items():
    m = set_rule_weights(nn.Sequential(BATCH[axes](3), nn.ReLU()).double())
    batches = [rule_tensor(f"anew{axes}.x{n}", (n, *sizes, 3)).double() for n in (2, 3, 5)]
    update_bn([channels_first(x) for x in batches], m)
    keep(f"anew{axes}.mean", m[0].running_mean)
    keep(f"anew{axes}.var", m[0].running_var)
path = ROOT / "tests" / "golden" / "nn" / "conv_norm.safetensors"
save_file(dump, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
