"""torchvision's answers for tests/models/vision/resnet_test.cpp: outputs in evaluation and training
mode, samples of one step's gradients and of the running statistics, on weights by rule.

"apart" are nets for f32. With the plain rule some of the millions of values in front of the ReLUs
lie within f32's rounding of 0, and whether they pass decides about whole gradients: PyTorch in f32
is off PyTorch in f64 by up to 0.2 of a gradient's largest value (ResNet-50). So their norms shift
each channel by 2.5 of its deviations, three of four channels up, and the images are those, of a few
tried, that keep all values farthest from 0 and the two largest of each pooling window farthest
apart. PyTorch in f32 is then off by 5e-5 at most; both figures are printed."""
import pathlib

import torch
from rule_weights import rule_integers, rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torchvision_import import torchvision

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES = [(65, 97), (91, 43)]
BATCH, CLASSES, SAMPLES = 3, 10, 12
SHIFT, TRIED, LEAST_MARGIN = 2.5, 6, 5e-6
torch.set_num_threads(1)


def samples(t):
    """Evenly spaced values of t in its own order."""
    flat = t.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


def make(name, apart=False):
    model = set_rule_weights(getattr(torchvision.models, name)(num_classes=CLASSES))
    with torch.no_grad():
        for key, p in model.named_parameters():
            if apart and p.dim() == 1 and key.endswith("bias") and not key.startswith("fc"):
                p += SHIFT
                p[::4] -= 2 * SHIFT
    return model


def images(name, h, w):
    return rule_tensor(name, (BATCH, h, w, 3), -2, 2).permute(0, 3, 1, 2)


def step(model, x):
    """Output and gradients, sorted by name, of a step in training mode."""
    model.train()
    out = model(x)
    torch.nn.functional.cross_entropy(out, rule_integers("y", (BATCH,), CLASSES)).backward()
    return out.detach(), [p.grad.double() for _, p in sorted(model.named_parameters())]


def margin(name, x):
    """How near to 0 a value in front of a ReLU lies, and how near the two largest of a pooling
    window to each other, over the layer's standard deviation."""
    least = []

    def relu(_, inputs):
        least.append(inputs[0].abs().min() / inputs[0].std())

    def pool(_, inputs):
        windows = torch.nn.functional.unfold(inputs[0], 3, padding=1, stride=2)
        top = windows.reshape(BATCH, inputs[0].shape[1], 9, -1).topk(2, dim=2).values
        gaps = (top[:, :, 0] - top[:, :, 1])[top[:, :, 0] > 0]
        least.append(gaps.min() / inputs[0].std())

    model = make(name, apart=True).double().train()
    for m in model.modules():
        if isinstance(m, torch.nn.ReLU):
            m.register_forward_pre_hook(relu)
    model.maxpool.register_forward_pre_hook(pool)
    with torch.no_grad():
        model(x.double())
    return min(least).item()


def off(name, x, apart, exact):
    """The largest error of PyTorch's gradients in f32, over each one's largest value."""
    _, grads = step(make(name, apart), x)
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(grads, exact))


dump = {}
for name in ("resnet18", "resnet50"):
    for h, w in SIZES:
        key = f"{name}.{h}x{w}"
        model, x = make(name).double(), images("x", h, w)
        model.eval()
        with torch.no_grad():
            dump[f"{key}.eval"] = model(x.double())
        dump[f"{key}.train"], grads = step(model, x.double())
        dump[f"{key}.grads"] = torch.stack([samples(g) for g in grads])
        dump[f"{key}.largest"] = torch.stack([g.abs().max() for g in grads])
        stats = sorted((n, b) for n, b in model.named_buffers() if b.is_floating_point())
        dump[f"{key}.running"] = torch.stack([samples(b) for _, b in stats])
        plain_off = off(name, x, False, grads)

        best, at = max((margin(name, images(f"x{i}", h, w)), i) for i in range(TRIED))
        assert best > LEAST_MARGIN, best
        x = images(f"x{at}", h, w)
        out, grads = step(make(name, apart=True).double(), x.double())
        dump[f"{key}.apart.images"] = torch.tensor([at])
        dump[f"{key}.apart.train"] = out
        dump[f"{key}.apart.grads"] = torch.stack([samples(g) for g in grads])
        dump[f"{key}.apart.largest"] = torch.stack([g.abs().max() for g in grads])
        print(f"{key}: images {at}, margin {best:.1e}; gradients of PyTorch in f32 off by "
              f"{off(name, x, True, grads):.1e}, plain by {plain_off:.1e}", flush=True)
path = ROOT / "tests" / "golden" / "models" / "resnet.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
