"""Writes tests/golden/io/stored.npz and packed.npz with numpy."""
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/io"
arrays = {"x": np.arange(6, dtype="<f4").reshape(2, 3) - 2, "labels": np.arange(3),
          "layer.0/weight": np.asfortranarray(np.arange(6.0).reshape(3, 2)),
          "none": np.zeros((0, 4), "<f4"), "many": np.zeros(5000, "u1")}
np.savez(OUT / "stored.npz", **arrays)
np.savez_compressed(OUT / "packed.npz", **arrays)
