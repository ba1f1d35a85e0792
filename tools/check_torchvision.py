#!/usr/bin/env python3
"""Carries a ResNet's weights from torchvision to Strata and back: a .pth of each form gives the same
outputs here, and what Strata saves loads into torchvision with the same outputs.

    python3 tools/check_torchvision.py [--strata build/bin/strata] [resnet18 resnet50 ...]
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).parent / "golden"))
from rule_weights import rule_tensor, set_rule_weights  # noqa: E402
from torchvision_import import torchvision  # noqa: E402


def difference(a, b):
    return ((a - b).abs().max() / b.abs().max()).item()


def check(strata, name, folder):
    model = set_rule_weights(getattr(torchvision.models, name)()).eval()
    x = rule_tensor("x", (2, 97, 65, 3), -2, 2).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        wanted = model(x)
    save_file({"x": x}, folder / "x.safetensors")
    worst = 0.0
    for form, options in [("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})]:
        weights = folder / f"{form}.pth"
        torch.save(model.state_dict(), weights, **options)
        subprocess.run([strata, "forward", name, "--weights", weights, "--input",
                        folder / "x.safetensors", "--output", folder / "y.safetensors"],
                       check=True, stdout=subprocess.DEVNULL)
        got = load_file(folder / "y.safetensors")["logits"]
        worst = max(worst, difference(got, wanted))
        print(f"{name} from a {form} .pth: {difference(got, wanted):.2g}")
    subprocess.run([strata, "convert", name, "--weights", folder / "zip.pth", "--output",
                    folder / "s.safetensors"], check=True, stdout=subprocess.DEVNULL)
    fresh = getattr(torchvision.models, name)()
    fresh.load_state_dict(load_file(folder / "s.safetensors"))
    with torch.no_grad():
        back = difference(fresh.eval()(x), wanted)
    print(f"{name} saved by Strata, loaded by torchvision: {back:.2g}")
    return max(worst, back)


p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
p.add_argument("names", nargs="*", default=["resnet18", "resnet50"])
p.add_argument("--strata", default="build/bin/strata")
a = p.parse_args()
torch.set_num_threads(1)
with tempfile.TemporaryDirectory() as temporary:
    errors = [check(a.strata, name, pathlib.Path(temporary)) for name in a.names]
sys.exit(max(errors) > 1e-4)
