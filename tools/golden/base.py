"""PyTorch's answers for tests/base/: the promotion table and the conversions of the half types."""
import pathlib
import zlib

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
DTYPES = [torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.int32,
          torch.uint8, torch.int8, torch.bool]
NAMES = ["f32", "bf16", "f16", "f64", "i64", "i32", "u8", "i8", "bool"]


def name(t):
    return "i16" if t == torch.int16 else NAMES[DTYPES.index(t)]


def floats():
    """Bit patterns of f32: every exponent with fractions around what halves round at, and a walk."""
    tops = np.arange(1 << 16, dtype=np.uint32) << 16
    patterns = [tops + np.uint32(low) for low in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF)]
    fine = np.arange(1 << 20, dtype=np.uint32) << 12  # all of f16's rounding bits
    patterns += [fine + np.uint32(low) for low in (0, 1, 0xFFF)]
    patterns.append((np.arange(1 << 20, dtype=np.uint64) * 2654435761 % (1 << 32)).astype(np.uint32))
    return np.concatenate(patterns)


def checksum(bits, nan):
    """CRC-32 of the bit patterns with every NaN written as one."""
    bits = bits.copy()
    bits[nan] = 0x7FFF if bits.dtype == np.uint16 else 0x7FFFFFFF
    return zlib.crc32(bits.tobytes())


lines = []
for a in DTYPES:
    for b in DTYPES:
        lines.append(f"promote {name(a)} {name(b)} {name(torch.promote_types(a, b))}")
every = np.arange(1 << 16, dtype=np.uint16)
wide = floats()
for half in (torch.bfloat16, torch.float16):
    up = torch.from_numpy(every.view(np.int16)).view(half).to(torch.float32).numpy()
    lines.append(f"widen {name(half)} {checksum(up.view(np.uint32), np.isnan(up))}")
    x = torch.from_numpy(wide.view(np.float32))
    down = x.to(half)
    bits = down.view(torch.int16).numpy().view(np.uint16)
    lines.append(f"narrow {name(half)} {checksum(bits, torch.isnan(down).numpy())}")
path = ROOT / "tests" / "golden" / "base.txt"
path.write_text("\n".join(lines) + "\n")
print(path, len(lines))
