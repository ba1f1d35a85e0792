"""Writes tests/golden/io/python.safetensors with the safetensors library: every dtype of Strata,
a scalar, an empty tensor, names and metadata that JSON must escape. Needs torch and safetensors."""
import pathlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/io/python.safetensors"


def ramp(shape, dtype):
    n = 1
    for size in shape:
        n *= size
    return (torch.arange(n) - n // 2).reshape(shape).to(dtype)


tensors = {
    "f32": ramp((2, 3), torch.float32),
    "bf16": ramp((5,), torch.bfloat16),
    "f16": ramp((3, 1), torch.float16),
    "f64": ramp((2, 2, 2), torch.float64),
    "i64": ramp((3,), torch.int64),
    "i32": ramp((3,), torch.int32),
    "u8": torch.arange(5, dtype=torch.uint8),
    "i8": ramp((7,), torch.int8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    'quote " slash \\ tab \t é': torch.ones(1),
}
OUT.parent.mkdir(parents=True, exist_ok=True)
save_file(tensors, OUT, {"note": 'line\nbreak "é"'})
