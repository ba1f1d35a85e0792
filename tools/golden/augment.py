"""torchvision's changes of colour and geometry with given factors, and the parts of images that its
RandomResizedCrop draws from given numbers, for tests/vision/augment_test.cpp:
tests/golden/vision/augment.safetensors, images [N, H, W, C]."""
from unittest.mock import patch

from rule import ROOT, Input, make_input
from torchvision_import import torchvision

import numpy as np
import torch
import torchvision.transforms.functional as F
from safetensors.torch import save_file
from PIL import Image
from torchvision.transforms import InterpolationMode, RandomResizedCrop

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

# A row of "crops": height and width, least and largest area and ratio, the numbers in [0, 1) that are drawn,
# and the top, left, height and width that come of them.
crops = [(40, 56, (0.08, 1), (3 / 4, 4 / 3)), (375, 500, (0.08, 1), (3 / 4, 4 / 3)),
         (33, 17, (0.3, 0.5), (0.9, 1.2)), (9, 200, (0.5, 1), (3 / 4, 4 / 3)),
         (300, 11, (0.9, 1), (3 / 4, 4 / 3)), (50, 50, (1, 1), (1, 1)), (1, 1, (0.1, 1), (0.5, 2)),
         (64, 48, (4, 5), (0.3, 3))]
torch.manual_seed(11)
picture = (make_input(Input((40, 56, 3)), 2).float() * 90 + 128).clamp(0, 255).to(torch.uint8)
dump["picture"] = picture
rows = []
for k in range(24):
    height, width, scale, ratio = crops[k % len(crops)]
    numbers = torch.rand(32, dtype=torch.float64)
    left = iter(numbers.tolist())

    def uniform(_, low, high):
        return torch.tensor([low + (high - low) * next(left)], dtype=torch.float64)

    def integer(low, high, size):
        return torch.tensor([low + int(next(left) * (high - low))])

    with patch.object(torch.Tensor, "uniform_", uniform), patch("torch.randint", integer):
        box = RandomResizedCrop.get_params(torch.zeros(3, height, width), scale, ratio)
    rows.append([height, width, *scale, *ratio, *numbers.tolist(), *box])
    if k % len(crops) == 0:
        size = (16, 20) if k % 16 else (48, 31)
        part = F.resized_crop(Image.fromarray(picture.numpy()), *box, size, BILINEAR)
        dump[f"cropped.{k}"] = torch.from_numpy(np.array(part))
dump["crops"] = torch.tensor(rows, dtype=torch.float64)
path = ROOT / "tests/golden/vision/augment.safetensors"
save_file(dump, path)
print(f"{path.relative_to(ROOT)}: {len(dump)} tensors, {path.stat().st_size} bytes")
