"""Small files by torch.save for tests/io/pth_test.cpp: the same content as a zip archive, in the
form before PyTorch 1.6, with a newer pickle, and with its entries deflated."""
import collections
import io
import pathlib
import zipfile

import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/io/pth"
OUT.mkdir(parents=True, exist_ok=True)


def count(n, dtype):
    return torch.arange(n).to(dtype)


wide = count(12, torch.float32).reshape(3, 4)
state = collections.OrderedDict(
    plain=wide,
    turned=wide.t(),
    part=wide[1:, 1:3],
    repeated=count(3, torch.float32)[:, None].expand(3, 2),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(count(4, torch.float32)),
    f64=count(3, torch.float64) / 4,
    f16=count(3, torch.float16) / 4,
    bf16=count(3, torch.bfloat16) / 4,
    i64=count(3, torch.int64) - 1,
    i32=count(3, torch.int32) - 1,
    i8=count(3, torch.int8) - 1,
    u8=count(3, torch.uint8),
    bool=torch.tensor([True, False, True]),
)
net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
with torch.no_grad():
    for i, p in enumerate(net.parameters()):
        p.fill_(i)
torch.save(state, OUT / "state.pth")
torch.save(state, OUT / "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(state, OUT / "protocol4.pth", pickle_protocol=4)
checkpoint = {"epoch": 7, "lr": 0.5, "note": "café", "done": True, "model": torch.nn.DataParallel(net).state_dict(),
              "optimizer": torch.optim.SGD(net.parameters(), 0.1, 0.9).state_dict()}
torch.save(checkpoint, OUT / "checkpoint.pth")
torch.save({"a": {"b": torch.ones(2), "c": [torch.zeros(1), torch.ones(1)]}, "n": 3}, OUT / "nested.pth")
torch.save({"short": torch.ones(2, dtype=torch.int16)}, OUT / "short.pth")
torch.save({"net": net}, OUT / "module.pth")
packed = io.BytesIO()
with zipfile.ZipFile(OUT / "state.pth") as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.infolist():
        target.writestr(entry.filename, source.read(entry))
(OUT / "deflated.pth").write_bytes(packed.getvalue())
total = sum(p.stat().st_size for p in OUT.iterdir())
print(OUT, {p.name: p.stat().st_size for p in OUT.iterdir()}, total)
assert total < 100_000
