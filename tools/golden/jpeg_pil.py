"""JPEG files by PIL and what PIL reads from them, for tests/io/jpeg_test.cpp and
tests/vision/image_test.cpp: NAME.jpg holds a file's bytes, NAME its pixels."""
import io
import pathlib

import numpy as np
from PIL import Image
from rule_weights import unit
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
H, W = 21, 38
rows, columns = np.mgrid[0:H, 0:W]
noise = unit("jpeg", H * W * 3).reshape(H, W, 3) * 40
smooth = np.stack([rows * 9, columns * 6, 255 - rows * 4 - columns * 3], -1) + noise
rgb = Image.fromarray(np.clip(smooth, 0, 255).astype(np.uint8))
dump = {}


def add(name, image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    dump[name + ".jpg"] = np.frombuffer(out.getvalue(), np.uint8)
    read = Image.open(io.BytesIO(out.getvalue()))
    dump[name] = np.asarray(read.convert("RGB") if image.mode != "L" else read)
    if image.mode == "L":
        dump[name] = dump[name][:, :, None]


add("colour", rgb, quality=90)
add("full", rgb, quality=75, subsampling=0)
add("progressive", rgb, quality=80, progressive=True)
add("grey", rgb.convert("L"), quality=85)
add("cmyk", rgb.convert("CMYK"), quality=90)
path = ROOT / "tests" / "golden" / "io" / "jpeg.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: np.ascontiguousarray(v) for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
