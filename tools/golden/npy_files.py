"""Writes tests/golden/io/*.npy with numpy: versions 1 to 3, both byte orders, Fortran order."""
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/io"
OUT.mkdir(parents=True, exist_ok=True)

ramp = np.arange(6).reshape(2, 3) - 2


def write(name, array, version=None):
    with open(OUT / f"{name}.npy", "wb") as f:
        np.lib.format.write_array(f, array, version=version)


for dtype in ["<f4", "<f8", "<f2", "<i8", "<i4", "|i1", "|b1", ">f4", ">i8", ">f2"]:
    name = dtype.replace("<", "le_").replace(">", "be_").replace("|", "")
    write(name, ramp.astype(dtype))
write("u1", np.arange(6, dtype="u1").reshape(2, 3))
write("fortran", np.asfortranarray(ramp.astype("<f4")))
write("v2", ramp.astype("<f4"), (2, 0))
write("v3", ramp.astype("<f4"), (3, 0))
write("scalar", np.array(2.5, "<f8"))
write("vector", np.arange(3, dtype="<i4"))
write("empty", np.zeros((0, 4), "<f4"))
