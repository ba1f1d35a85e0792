"""torchvision's changes of colour and geometry with given factors, for tests/vision/augment_test.cpp:
tests/golden/vision/augment.safetensors, images [N, H, W, C]."""
from rule import ROOT, Input, make_input
from torchvision_import import torchvision

import torch
import torchvision.transforms.functional as F
from safetensors.torch import save_file
from torchvision.transforms import InterpolationMode

BILINEAR = InterpolationMode.BILINEAR
x = (make_input(Input((2, 9, 14, 3)), 0) * 0.3 + 0.5).clamp(0, 1).float()
x[0, 0, :4] = torch.tensor([[0.0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.25], [0.25, 0.5, 0.5]])
field = make_input(Input((1, 9, 14, 2)), 1).float() * 2
dump = {"x": x, "field": field}
images = x.permute(0, 3, 1, 2)


def keep(name, y):
    dump[name] = y.permute(0, 2, 3, 1).contiguous()


for factor in (0, 0.4, 1.7):
    keep(f"brightness.{factor}", F.adjust_brightness(images, factor))
    keep(f"contrast.{factor}", F.adjust_contrast(images, factor))
    keep(f"saturation.{factor}", F.adjust_saturation(images, factor))
for turn in (-0.5, -0.13, 0.3):
    keep(f"hue.{turn}", F.adjust_hue(images, turn))
keep("grey", F.adjust_contrast(images[:, :1], 0.6))
for name, (angle, move, scale, shear) in {
        "turn": (33, (0, 0), 1, (0, 0)), "shift": (0, (3, -2), 1, (0, 0)),
        "scale": (0, (0, 0), 1.6, (0, 0)), "shear": (0, (0, 0), 1, (20, -11)),
        "all": (-71, (2, 1), 0.7, (9, 14))}.items():
    keep("affine." + name, F.affine(images, angle, move, scale, shear, BILINEAR))
halves = field / torch.tensor([14 / 2, 9 / 2])
keep("elastic", F.elastic_transform(images, halves, BILINEAR))
path = ROOT / "tests/golden/vision/augment.safetensors"
save_file(dump, path)
print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
