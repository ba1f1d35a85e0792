"""Writes tests/golden/vision/resize.safetensors: images resized and turned grey by PIL. Needs
pillow, numpy and safetensors."""
import pathlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/vision/resize.safetensors"


def noise(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


rgb = noise(23, 17, 3)
tensors = {"rgb": rgb, "grey": np.asarray(Image.fromarray(rgb).convert("L"))[..., None]}
for h, w in [(28, 28), (7, 5), (23, 40), (1, 1), (9, 17)]:
    resized = Image.fromarray(rgb).resize((w, h), Image.BILINEAR)
    tensors[f"rgb_{h}x{w}"] = np.ascontiguousarray(resized)
real = np.random.default_rng(2).normal(size=(19, 12)).astype(np.float32)
tensors["real"] = real[..., None]
for h, w in [(8, 30), (5, 5)]:
    tensors[f"real_{h}x{w}"] = np.ascontiguousarray(
        Image.fromarray(real).resize((w, h), Image.BILINEAR))[..., None]
OUT.parent.mkdir(parents=True, exist_ok=True)
save_file(tensors, OUT)
