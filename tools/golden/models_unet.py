"""PyTorch's answers for tests/models/generative/unet_test.cpp: outputs, in training mode the same
as in evaluation, and samples of one step's gradients, on weights by rule. "cifar10" and "other" are
diffusers' UNet2DModel (pip install diffusers), the small nets are written out here."""
import math
import pathlib

import torch
import torch.nn.functional as F
from rule_weights import rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch import nn
from torchvision_import import torchvision  # noqa: F401: before diffusers, which imports it too

from diffusers import UNet2DModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = 6
torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, i, o, t, groups):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, i), nn.Conv2d(i, o, 3, padding=1)
        self.time_emb_proj = nn.Linear(t, o)
        self.norm2, self.conv2 = nn.GroupNorm(groups, o), nn.Conv2d(o, o, 3, padding=1)
        if i != o:
            self.conv_shortcut = nn.Conv2d(i, o, 1)

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(F.silu(t))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(c, c) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(c, c)])

    def forward(self, x):
        n, c, h, w = x.shape
        rows = x.reshape(n, c, h * w).transpose(1, 2)
        q, k, v = self.to_q(rows), self.to_k(rows), self.to_v(rows)
        y = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(c), -1) @ v
        return x + self.to_out[0](y).transpose(1, 2).reshape(x.shape)


def waves(t, count):
    half = count // 2
    phase = t[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / (half - 1))[None]
    return torch.cat([phase.sin(), phase.cos()], 1)


class Small(nn.Module):
    """models::ResidualUNet, with its names."""

    def __init__(self, channels, widths, up_widths, blocks, halve_last, attention, doubled_conv,
                 time_width, groups=8):
        super().__init__()
        self.time_embedding = nn.ModuleDict({"linear_1": nn.Linear(64, time_width),
                                             "linear_2": nn.Linear(time_width, time_width)})
        self.conv_in, width = nn.Conv2d(channels, widths[0], 3, padding=1), widths[0]
        self.down, self.up, self.mid = nn.ModuleList(), nn.ModuleList(), nn.ModuleDict()
        for i, w in enumerate(widths):
            level = nn.Module()
            level.blocks = nn.ModuleList(
                Block(width if k == 0 else w, w, time_width, groups) for k in range(blocks))
            width = w
            if halve_last or i + 1 < len(widths):
                level.halve = nn.Conv2d(w, w, 3, 2, 1)
            self.down.append(level)
        self.mid["0"] = Block(width, width, time_width, groups)
        if attention:
            self.mid["attention"] = Attention(width)
        self.mid["1"] = Block(width, width, time_width, groups)
        levels = []
        for i in reversed(range(len(widths))):
            level = nn.Module()
            if doubled_conv and hasattr(self.down[i], "halve"):
                level.doubled = nn.Conv2d(width, width, 3, padding=1)
            level.blocks = nn.ModuleList()
            for _ in range(blocks):
                level.blocks.append(Block(width + widths[i], up_widths[i], time_width, groups))
                width = up_widths[i]
            levels.insert(0, level)
        self.up.extend(levels)
        self.norm_out = nn.GroupNorm(groups, width)
        self.conv_out = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x, t):
        e = self.time_embedding
        time = e["linear_2"](F.silu(e["linear_1"](waves(t, 64).to(x.dtype))))
        h, skips = self.conv_in(x), []
        for level in self.down:
            for block in level.blocks:
                h = block(h, time)
                skips.append(h)
            if hasattr(level, "halve"):
                h = level.halve(h)
        h = self.mid["0"](h, time)
        if "attention" in self.mid:
            h = self.mid["attention"](h)
        h = self.mid["1"](h, time)
        for i in reversed(range(len(self.up))):
            if hasattr(self.down[i], "halve"):
                h = F.interpolate(h, scale_factor=2)
            if hasattr(self.up[i], "doubled"):
                h = self.up[i].doubled(h)
            for block in self.up[i].blocks:
                h = block(torch.cat([h, skips.pop()], 1), time)
        return self.conv_out(F.silu(self.norm_out(h)))


def diffusers_net(**config):
    net = UNet2DModel(**config)
    net.plain_forward = net.forward
    net.forward = lambda x, t: net.plain_forward(x, t).sample
    return net


CIFAR = dict(
    sample_size=32, freq_shift=1, flip_sin_to_cos=False, downsample_padding=0, norm_eps=1e-6,
    down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    block_out_channels=(128, 256, 256, 256), attention_head_dim=None)
OTHER = dict(  # the other choices, images that are not square
    in_channels=2, out_channels=5, freq_shift=0, flip_sin_to_cos=True, downsample_padding=1,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D"), block_out_channels=(16, 24), layers_per_block=1,
    norm_num_groups=8, attention_head_dim=None)
NETS = {
    "cifar10": (lambda: diffusers_net(**CIFAR), (2, 32, 32, 3)),
    "other": (lambda: diffusers_net(**OTHER), (3, 12, 20, 2)),
    "digits": (lambda: Small(1, (32, 64), (32, 32), 1, True, True, False, 64), (3, 28, 28, 1)),
    "bench": (lambda: Small(3, (16, 32, 32), (16, 32, 32), 2, False, False, True, 64),
              (2, 16, 24, 3)),
}


def samples(t):
    """Evenly spaced values of t in its own order."""
    flat = t.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


dump = {}
for name, (make, shape) in NETS.items():
    net = set_rule_weights(make())
    print(name, sum(p.numel() for p in net.parameters()))
    x = rule_tensor("x", shape, -2, 2).permute(0, 3, 1, 2)
    t = torch.tensor([3.0, 977.0, 401.0])[:shape[0]]
    with torch.no_grad():
        dump[f"{name}.y"] = net.eval()(x, t).permute(0, 2, 3, 1)
    y = net.train()(x, t)
    assert torch.equal(y.permute(0, 2, 3, 1), dump[f"{name}.y"]), "training mode is no other"
    wanted = rule_tensor("y", (shape[0], *shape[1:3], y.shape[1])).permute(0, 3, 1, 2)
    F.mse_loss(y, wanted).backward()
    grads = sorted((n, p.grad) for n, p in net.named_parameters())
    dump[f"{name}.grads"] = torch.stack([samples(g) for _, g in grads])
    dump[f"{name}.largest"] = torch.stack([g.abs().max() for _, g in grads])
path = ROOT / "tests" / "golden" / "models" / "unet.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
