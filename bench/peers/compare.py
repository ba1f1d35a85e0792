#!/usr/bin/env python3
"""Times the workloads of `strata bench` in PyTorch and here, in turn, and prints a Markdown table.

    python3 bench/peers/compare.py [--strata build/bin/strata] [--rounds 3] [WORKLOAD ...]

Each figure is the least of all rounds: one process after the other on the same machine, because its
clock speed and its neighbours change within minutes. PyTorch runs eagerly with two threads at the
most, as we do, in the better of its memory layouts; `adam` is its fused optimiser. Needs torch
(https://pytorch.org); the table was made with 2.13.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import time

THREADS = 2


def training(model, optimizer, x, y, loss):
    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimizer.step()
    return step


def mlp():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(),
                      nn.Linear(512, 10))
    return training(m, torch.optim.Adam(m.parameters()), torch.randn(64, 784),
                    torch.randint(0, 10, (64,)), nn.functional.cross_entropy)


def mlp_13002():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Linear(784, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(),
                      nn.Linear(16, 10), nn.Sigmoid())
    return training(m, torch.optim.SGD(m.parameters(), lr=3), torch.randn(30, 784),
                    torch.rand(30, 10), nn.functional.mse_loss)


def lenet5():
    import torch
    from torch import nn
    m = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                      nn.Linear(84, 10))
    return training(m, torch.optim.Adam(m.parameters()), torch.randn(128, 1, 28, 28),
                    torch.randint(0, 10, (128,)), nn.functional.cross_entropy)


def ddpm_unet():
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self, i, o, t):
            super().__init__()
            self.n1, self.c1 = nn.GroupNorm(8, i), nn.Conv2d(i, o, 3, 1, 1)
            self.t, self.n2, self.c2 = nn.Linear(t, o), nn.GroupNorm(8, o), nn.Conv2d(o, o, 3, 1, 1)
            self.s = nn.Conv2d(i, o, 1) if i != o else nn.Identity()

        def forward(self, x, t):
            h = self.c1(F.silu(self.n1(x))) + self.t(F.silu(t))[:, :, None, None]
            return self.c2(F.silu(self.n2(h))) + self.s(x)

    class UNet(nn.Module):
        def __init__(self, c=64, t=256):
            super().__init__()
            self.t = nn.Sequential(nn.Linear(64, t), nn.SiLU(), nn.Linear(t, t))
            self.i = nn.Conv2d(3, c, 3, 1, 1)
            widths = [(c, c), (c, c), (c, 2 * c), (2 * c, 2 * c), (2 * c, 2 * c), (2 * c, 2 * c)]
            self.d = nn.ModuleList(Block(a, b, t) for a, b in widths)
            self.dn = nn.ModuleList(nn.Conv2d(k * c, k * c, 3, 2, 1) for k in (1, 2))
            self.m = nn.ModuleList(Block(2 * c, 2 * c, t) for _ in range(2))
            ins = [(4, 2), (4, 2), (4, 2), (4, 2), (3, 1), (2, 1)]
            self.u = nn.ModuleList(Block(a * c, b * c, t) for a, b in ins)
            self.up = nn.ModuleList(nn.Conv2d(2 * c, 2 * c, 3, 1, 1) for _ in range(2))
            self.n, self.o = nn.GroupNorm(8, c), nn.Conv2d(c, 3, 3, 1, 1)

        def forward(self, x):
            t, h, skips = self.t(torch.ones(x.shape[0], 64)), self.i(x), []
            for level in range(3):
                for j in range(2):
                    h = self.d[2 * level + j](h, t)
                    skips.append(h)
                if level < 2:
                    h = self.dn[level](h)
            for block in self.m:
                h = block(h, t)
            for level in range(3):
                for j in range(2):
                    h = self.u[2 * level + j](torch.cat([h, skips.pop()], 1), t)
                if level < 2:
                    h = self.up[level](F.interpolate(h, scale_factor=2))
            return self.o(F.silu(self.n(h)))

    def step(layout):
        m = UNet().to(memory_format=layout)
        x = torch.randn(16, 3, 32, 32).to(memory_format=layout)
        return training(m, torch.optim.Adam(m.parameters()), x, torch.randn(16, 3, 32, 32),
                        F.mse_loss)
    return [step(torch.contiguous_format), step(torch.channels_last)]


def resnet(blocks, bottleneck, small, classes):
    """As torchvision's, with a 3x3 stem and no max-pooling for small images."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self, i, width, stride):
            super().__init__()
            o = 4 * width if bottleneck else width
            shapes = ([(i, width, 1, 1), (width, width, 3, stride), (width, o, 1, 1)] if bottleneck
                      else [(i, width, 3, stride), (width, o, 3, 1)])
            layers = []
            for a, b, k, t in shapes:
                layers += [nn.Conv2d(a, b, k, t, k // 2, bias=False), nn.BatchNorm2d(b),
                           nn.ReLU(True)]
            self.f, self.relu = nn.Sequential(*layers[:-1]), layers[-1]
            self.shortcut = (nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))
                             if stride > 1 or i != o else nn.Identity())

        def forward(self, x):
            return self.relu(self.f(x) + self.shortcut(x))

    stem = nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(3, 64, 7, 2, 3, bias=False)
    layers = [stem, nn.BatchNorm2d(64), nn.ReLU(True)]
    if not small:
        layers.append(nn.MaxPool2d(3, 2, 1))
    width = 64
    for k, count in enumerate(blocks):
        for j in range(count):
            layers.append(Block(width, 64 << k, 2 if k and j == 0 else 1))
            width = (64 << k) * (4 if bottleneck else 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


def resnet_training(blocks, bottleneck, small, classes, batch, size):
    def make(layout):
        import torch
        m = resnet(blocks, bottleneck, small, classes).to(memory_format=layout)
        x = torch.randn(batch, 3, size, size).to(memory_format=layout)
        return training(m, torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9), x,
                        torch.randint(0, classes, (batch,)), torch.nn.functional.cross_entropy)
    return in_layouts(make)


def resnet_inference(batch):
    def make(layout):
        import torch
        m = resnet((3, 4, 6, 3), True, False, 1000).eval().to(memory_format=layout)
        x = torch.randn(batch, 3, 224, 224).to(memory_format=layout)

        def step():
            with torch.inference_mode():
                m(x)
        return step
    return in_layouts(make)


def in_layouts(make):
    """The steps in both of PyTorch's layouts of images; the better one counts."""
    def steps():
        import torch
        return [make(torch.contiguous_format), make(torch.channels_last)]
    return steps


def gpt(vocabulary, context, width, layers, heads):
    import torch
    from torch import nn
    import torch.nn.functional as F

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.p = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.f1, self.f2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x, cache, i):
            b, t, d = x.shape
            q, k, v = (y.view(b, t, heads, d // heads).transpose(1, 2)
                       for y in self.qkv(self.n1(x)).split(d, 2))
            if cache is not None:
                if cache[i] is not None:
                    k = torch.cat([cache[i][0], k], 2)
                    v = torch.cat([cache[i][1], v], 2)
                cache[i] = (k, v)
            a = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
            x = x + self.p(a.transpose(1, 2).reshape(b, t, d))
            return x + self.f2(F.gelu(self.f1(self.n2(x)), approximate="tanh"))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.p = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.b, self.n = nn.ModuleList(Block() for _ in range(layers)), nn.LayerNorm(width)
            self.o = nn.Linear(width, vocabulary, bias=False)
            self.o.weight = self.w.weight

        def forward(self, x, cache=None, first=0, last=False):
            h = self.w(x) + self.p(torch.arange(first, first + x.shape[1]))
            for i, block in enumerate(self.b):
                h = block(h, cache, i)
            h = self.n(h)
            return self.o(h[:, -1:] if last else h).flatten(0, 1)

    return Model()


def gpt_training(batch, length, *sizes):
    import torch
    m, ids = gpt(*sizes), torch.randint(0, sizes[0], (batch, length))
    return training(m, torch.optim.AdamW(m.parameters()), ids, ids.flatten(),
                    torch.nn.functional.cross_entropy)


GPT2 = (50257, 1024, 768, 12, 12)


def gpt2_prefill():
    import torch
    m, ids = gpt(*GPT2).eval(), torch.randint(0, GPT2[0], (1, 512))

    def step():
        with torch.inference_mode():
            m(ids, last=True)
    return step


def gpt2_decode(dtype="float32"):
    import torch
    m, ids = gpt(*GPT2).eval().to(getattr(torch, dtype)), torch.randint(0, GPT2[0], (1, 16))

    def step():
        with torch.inference_mode():
            cache = [None] * GPT2[3]
            x = m(ids, cache, 0, True).argmax(-1)[None]
            for i in range(31):
                x = m(x, cache, 16 + i, True).argmax(-1)[None]
    return step


def lstm():
    import torch
    from torch import nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(65, 512)
            self.l = nn.LSTM(512, 512, 2, batch_first=True)
            self.o = nn.Linear(512, 65)

        def forward(self, x):
            return self.o(self.l(self.e(x))[0]).flatten(0, 1)

    m, ids = Model(), torch.randint(0, 65, (64, 128))
    return training(m, torch.optim.Adam(m.parameters()), ids, ids.flatten(),
                    nn.functional.cross_entropy)


def adam():
    import torch
    params = [torch.randn(1000000, requires_grad=True) for _ in range(100)]
    for p in params:
        p.grad = torch.randn(1000000)
    return torch.optim.Adam(params, fused=True).step


WORKLOADS = {"mlp": mlp, "mlp-13002": mlp_13002, "lenet5": lenet5, "lstm": lstm,
             "ddpm-unet": ddpm_unet,
             "gpt-train": lambda: gpt_training(16, 256, 65, 256, 384, 6, 6),
             "gpt2-prefill": gpt2_prefill, "gpt2-decode": gpt2_decode,
             "gpt2-decode-bf16": lambda: gpt2_decode("bfloat16"),
             "gpt2-train": lambda: gpt_training(4, 256, *GPT2), "adam": adam}


WORKLOADS.update({
    "resnet18-cifar": resnet_training((2, 2, 2, 2), False, True, 10, 64, 32),
    "resnet50-train": resnet_training((3, 4, 6, 3), True, False, 1000, 8, 224),
    "resnet50-infer-1": resnet_inference(1),
    "resnet50-infer-8": resnet_inference(8),
})


def encoder_layers(norm_first):
    from torch import nn
    layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", batch_first=True,
                                       norm_first=norm_first)
    return nn.TransformerEncoder(layer, 12)


def inference(model, x):
    import torch
    model.eval()

    def step():
        with torch.inference_mode():
            model(x)
    return step


def bert_base():
    import torch
    return inference(encoder_layers(False), torch.randn(8, 128, 768))


def vit_b16():
    import torch
    from torch import nn

    class ViT(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 768, 16, 16)
            self.token = nn.Parameter(torch.zeros(1, 1, 768))
            self.positions = nn.Parameter(torch.zeros(1, 197, 768))
            self.layers, self.norm = encoder_layers(True), nn.LayerNorm(768)
            self.head = nn.Linear(768, 1000)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
            return self.head(self.norm(self.layers(x))[:, 0])
    return inference(ViT(), torch.randn(1, 3, 224, 224))


WORKLOADS.update({"bert-base-infer": bert_base, "vit-b16-infer": vit_b16})


def resident_mib(which):
    """VmRSS, or VmHWM: the most since the mark was reset."""
    for line in open("/proc/self/status"):
        if line.startswith(which + ":"):
            return int(line.split()[1]) / 1024
    return 0


def time_torch(name, seconds):
    """Prints the least milliseconds of a step over the layouts, and the MiB that steps add in the
    first: later ones find memory that is still held."""
    import torch
    torch.set_num_threads(THREADS)
    steps = WORKLOADS[name]()  # one, or the same in several memory layouts
    times, added = [], []
    for step in steps if isinstance(steps, list) else [steps]:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        loaded = resident_mib("VmRSS")
        for _ in range(2):
            step()
        count, start = 0, time.perf_counter()
        while count < 3 or time.perf_counter() - start < seconds:
            before = time.perf_counter()
            step()
            times.append(time.perf_counter() - before)
            count += 1
        added.append(resident_mib("VmHWM") - loaded)
    print(1e3 * min(times), added[0])


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    p.add_argument("--strata", default="build/bin/strata")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=2, help="of each process")
    p.add_argument("--no-bound", action="store_true", help="leave out the machine's bounds")
    p.add_argument("--only-torch", metavar="WORKLOAD", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.only_torch:
        return time_torch(a.only_torch, a.seconds)
    print("| workload | Strata, ms | PyTorch, ms | ratio | bound, ms | of bound | of kernels' "
          "| Strata adds, MiB | PyTorch adds, MiB |\n" + "| --- " * 9 + "|")
    # Or the library's threads, which the bound measures too, spin on the cores of ours.
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    ratios = []
    for name in a.workloads or WORKLOADS:
        ours, theirs, bound = [], [], []
        for i in range(a.rounds):
            command = [a.strata, "bench", name, "--json", "--seconds", str(a.seconds)]
            if i + 1 < a.rounds or a.no_bound:  # working it out takes its own time: once
                command.append("--no-bound")
            out = subprocess.check_output(command, stderr=subprocess.DEVNULL, env=environment)
            row = json.loads(out)["results"][0]
            ours.append((row["ms_min"], row["added_mib"]))
            if "bound_ms" in row:
                bound = [row["bound_ms"], row["bound_ms"] / row["ms_min"],
                         row["kernels_bound_ms"] / row["ms_min"]]
            out = subprocess.check_output([sys.executable, __file__, "--only-torch", name,
                                           "--seconds", str(a.seconds)])
            theirs.append(tuple(map(float, out.split())))
        (our_ms, our_mib), (ms, mib) = [tuple(map(min, zip(*side))) for side in (ours, theirs)]
        ratios.append(ms / our_ms)
        limit = ("| | |" if a.no_bound
                 else f"{bound[0]:.4g} | {bound[1]:.0%} | {bound[2]:.0%} |")
        print(f"| `{name}` | {our_ms:.4g} | {ms:.4g} | {ms / our_ms:.2f} | {limit} {our_mib:.0f} | "
              f"{mib:.0f} |", flush=True)
    print(f"\ngeometric mean of the ratios: {math.prod(ratios) ** (1 / len(ratios)):.2f}")


if __name__ == "__main__":
    main()
