"""The answers of the `tokenizers` package for tests/text/byte_bpe_test.cpp: a small byte-level BPE,
in both kinds of files, and the numbers of lines of mixed scripts, emoji and broken UTF-8.

    python3 tools/golden/text_byte_bpe.py                    writes the dump that is committed
    python3 tools/golden/text_byte_bpe.py DATA LINES OUT     many lines with GPT-2's own vocabulary

DATA holds encoder.json.gz and vocab.bpe.gz; OUT becomes a dump of LINES lines in the same form.
"""
import gzip
import json
import pathlib
import random
import sys

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "golden" / "text"
SPECIAL = "<|endoftext|>"
SCRIPTS = [(0x20, 0x7F), (0x20, 0x7F), (0x61, 0x7B), (0x61, 0x7B), (0xA0, 0x250), (0x300, 0x370),
           (0x370, 0x400), (0x400, 0x530), (0x5D0, 0x5EB), (0x600, 0x700), (0x900, 0x980),
           (0xE00, 0xE60), (0x1100, 0x1200), (0x2000, 0x2070), (0x2150, 0x2190), (0x2600, 0x27C0),
           (0x3000, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4), (0xFE00, 0xFE10), (0xFF00, 0xFFEF),
           (0x10300, 0x10330), (0x1D400, 0x1D800), (0x1F300, 0x1F650), (0x1F900, 0x1FA00)]
PIECES = ["'s", "'re", " don't", "'LL", "  ", "   \n", "\t", "\r\n", "\u3000", "\u00a0", " 42", "3.14",
          "\u00bd", " the", "Hello", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0301", SPECIAL,
          "<|endof", "caf\u00e9", "\u202e", "\x00", "\x7f", "...", " \n\n x", "\u2028", "\u0085"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80"]


def line(r):
    out = b""
    for _ in range(r.randrange(1, 14)):
        kind = r.random()
        if kind < 0.45:
            low, high = r.choice(SCRIPTS)
            space = " " if r.random() < 0.5 else ""
            out += (space + "".join(chr(r.randrange(low, high))
                                    for _ in range(r.randrange(1, 9)))).encode()
        elif kind < 0.9:
            out += r.choice(PIECES).encode()
        else:
            out += r.choice(BROKEN)
    return out


def dump(tokenizer, lines, path):
    ids = [tokenizer.encode(x.decode("utf-8", "replace")).ids for x in lines]
    save_file({"bytes": np.frombuffer(b"".join(lines), dtype=np.uint8),
               "lengths": np.array([len(x) for x in lines], dtype=np.int64),
               "ids": np.array([i for row in ids for i in row], dtype=np.int64),
               "counts": np.array([len(row) for row in ids], dtype=np.int64)}, path)
    pathlib.Path(path).chmod(0o644)
    print(path, len(lines), sum(map(len, ids)))


def byte_level(model):
    t = Tokenizer(model)
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    return t


def small():
    r = random.Random(1)
    t = byte_level(models.BPE())
    text = [line(r).decode("utf-8", "replace") for _ in range(400)]
    t.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=600, special_tokens=[SPECIAL], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True)])
    return t


if len(sys.argv) > 1:
    data, count, out = sys.argv[1:]
    vocab = json.load(gzip.open(pathlib.Path(data) / "encoder.json.gz"))
    merges = gzip.open(pathlib.Path(data) / "vocab.bpe.gz", "rt", encoding="utf-8").read()
    pairs = [tuple(m.split(" ")) for m in merges.split("\n")[1:] if m]
    t = byte_level(models.BPE(vocab=vocab, merges=pairs))
    t.add_special_tokens([SPECIAL])
    r = random.Random(3)
    dump(t, [line(r) for _ in range(int(count))], out)
else:
    FOLDER.mkdir(parents=True, exist_ok=True)
    t = small()
    t.save(str(FOLDER / "tokenizer.json"))
    model = json.loads((FOLDER / "tokenizer.json").read_text())["model"]
    (FOLDER / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    rows = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (FOLDER / "merges.txt").write_text("#version: 0.2\n" + "\n".join(rows) + "\n")
    r = random.Random(2)
    masked = [b"a <mask> b", b"<mask>", b" <mask><mask> x", "\u3000<mask>\u3000".encode()]
    dump(t, masked + [line(r) for _ in range(250)], FOLDER / "byte_bpe.safetensors")
