"""torchvision's answers for tests/models/vision/resnet_test.cpp: outputs in evaluation and training
mode, samples of one step's gradients and of the running statistics, on weights by rule."""
import pathlib

import torch
from rule_weights import rule_integers, rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torchvision_import import torchvision

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES = [(65, 97), (91, 43)]
BATCH, CLASSES, SAMPLES = 3, 10, 12
torch.set_num_threads(1)


def samples(t):
    """Evenly spaced values of t in its own order."""
    flat = t.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


dump = {}
for name in ("resnet18", "resnet50"):
    for h, w in SIZES:
        model = getattr(torchvision.models, name)(num_classes=CLASSES).double()
        set_rule_weights(model)
        x = rule_tensor("x", (BATCH, h, w, 3), -2, 2).double().permute(0, 3, 1, 2)
        y = rule_integers("y", (BATCH,), CLASSES)
        key = f"{name}.{h}x{w}"
        model.eval()
        with torch.no_grad():
            dump[f"{key}.eval"] = model(x)
        model.train()
        out = model(x)
        torch.nn.functional.cross_entropy(out, y).backward()
        dump[f"{key}.train"] = out.detach()
        grads = sorted((n, p.grad) for n, p in model.named_parameters())
        dump[f"{key}.grads"] = torch.stack([samples(g) for _, g in grads])
        dump[f"{key}.largest"] = torch.stack([g.abs().max() for _, g in grads])
        stats = sorted((n, b) for n, b in model.named_buffers() if b.is_floating_point())
        dump[f"{key}.running"] = torch.stack([samples(b) for _, b in stats])
path = ROOT / "tests" / "golden" / "models" / "resnet.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
