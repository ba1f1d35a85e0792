"""A photograph's way to a network, by torchvision, for tests/recipes/photos_test.cpp: the file and
every 97th value of what torchvision's preset for ImageNet makes of it, in the order H, W, C."""
import io
import pathlib

import numpy as np
import torch
from PIL import Image
from rule_weights import unit
from safetensors.numpy import save_file
from torchvision_import import torchvision  # noqa: F401
from torchvision.transforms import v2

ROOT = pathlib.Path(__file__).resolve().parents[2]
H, W = 311, 203
rows, columns = np.mgrid[0:H, 0:W]
smooth = np.stack([rows * 0.8, columns * 1.2, 255 - rows * 0.3 - columns * 0.7], -1)
smooth += 30 * np.sin(rows / 7 + columns / 11)[..., None] + 20 * unit("photo", H * W).reshape(H, W, 1)
out = io.BytesIO()
Image.fromarray(np.clip(smooth, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=80)
preset = v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.PILToTensor(),
                     v2.ToDtype(torch.float32, scale=True),
                     v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
x = preset(Image.open(io.BytesIO(out.getvalue()))).permute(1, 2, 0).contiguous()
path = ROOT / "tests/golden/vision/photo.safetensors"
save_file({"photo.jpg": np.frombuffer(out.getvalue(), np.uint8), "x": x.flatten()[::97].clone().numpy()}, path)
print(path.relative_to(ROOT), tuple(x.shape), path.stat().st_size)
assert path.stat().st_size < 100_000
