"""The answers of the `tokenizers` package for tests/text/wordpiece_test.cpp: small WordPiece
vocabularies, cased and not, and the numbers of lines of mixed scripts, emoji and broken UTF-8.

    python3 tools/golden/text_wordpiece.py                   writes the dumps that are committed
    python3 tools/golden/text_wordpiece.py FOLDER LINES OUT  many lines with the tokenizer.json of a
                                                             model's folder, FOLDER

Then STRATA_WORDPIECE=FOLDER:OUT build/bin/strata_tests --gtest_filter='WordPiece.EqualTo*' compares.
"""
import pathlib
import random
import sys

import numpy as np
from safetensors.numpy import save_file
from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "text"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SCRIPTS = [(0x20, 0x7F), (0x61, 0x7B), (0x41, 0x5B), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x400),
           (0x400, 0x530), (0x530, 0x590), (0x591, 0x5F5), (0x600, 0x700), (0x900, 0xE00),
           (0xE00, 0xF00), (0xF00, 0x1000), (0x1000, 0x1100), (0x10A0, 0x1200), (0x13A0, 0x1400),
           (0x1680, 0x18B0), (0x1C80, 0x1CC0), (0x1DC0, 0x1F00), (0x1F00, 0x2070), (0x20D0, 0x2190),
           (0x2600, 0x27C0), (0x2C00, 0x2E60), (0x2E80, 0x3100), (0x3100, 0x3400), (0x3400, 0x9FFF),
           (0xA640, 0xA6F8), (0xA720, 0xA800), (0xAB30, 0xABF0), (0xAC00, 0xD7A4),
           (0xE000, 0xE010), (0xF900, 0xFB50), (0xFE00, 0xFE70), (0xFEFF, 0xFFF0), (0x10300, 0x10330),
           (0x10400, 0x10450), (0x10C80, 0x10CC0), (0x110B0, 0x11100), (0x1D100, 0x1D200),
           (0x1D400, 0x1D800), (0x1E900, 0x1E960), (0x1F300, 0x1F650), (0x20000, 0x20100),
           (0x2A6D0, 0x2A710), (0x2F800, 0x2FA20), (0xE0020, 0xE0080), (1, 0xD800), (0xE000, 0x110000)]
PIECES = ["'s", "don't", "The", "UNAFFABLE", "words", "\t", "\r\n", "\u3000", "\u00a0", "3.14",
          "\u0130stanbul", "\u03a3\u03c2", "stra\u00dfe", "Hello", "x" * 100, "y" * 101, "[MASK]",
          "[SEP]", "[mask]", "[MAS", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301\u0327",
          "caf\u00e9", "\u202e", "\x00", "\x7f", "...", "\u2028", "\u0085", "\u00ad", "\ufeff",
          "\u4e2d\u6587", "\u1100\u1161\u11a8", "\u0344", "\u1e9b\u0323", "a\u302e\u0f71\u0f39"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80"]


def line(r, corpus):
    out = b""
    for _ in range(r.randrange(1, 14)):
        kind = r.random()
        if r.random() < 0.6:
            out += b" "
        if kind < 0.35:
            low, high = r.choice(SCRIPTS)
            points = (r.randrange(low, high) for _ in range(r.randrange(1, 9)))
            out += "".join(chr(c) for c in points if not 0xD800 <= c < 0xE000).encode()
        elif kind < 0.6:
            out += r.choice(corpus).encode()
        elif kind < 0.9:
            out += r.choice(PIECES).encode()
        else:
            out += r.choice(BROKEN)
    return out


def dump(tokenizer, lines, path):
    ids = [tokenizer.encode(x.decode("utf-8", "replace"), add_special_tokens=False).ids
           for x in lines]
    save_file({"bytes": np.frombuffer(b"".join(lines), dtype=np.uint8),
               "lengths": np.array([len(x) for x in lines], dtype=np.int64),
               "ids": np.array([i for row in ids for i in row], dtype=np.int32),
               "counts": np.array([len(row) for row in ids], dtype=np.int64)}, path)
    pathlib.Path(path).chmod(0o644)
    print(path, len(lines), sum(map(len, ids)))


def words():
    text = pathlib.Path(__file__).read_text()
    text += pathlib.Path(__file__).resolve().parents[2].joinpath("docs/architecture.md").read_text()
    return sorted(set(text.split()))


def small(cased):
    r = random.Random(1)
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=not cased)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    corpus = words()
    text = [line(r, corpus).decode("utf-8", "replace") for _ in range(600)]
    t.train_from_iterator(text, trainers.WordPieceTrainer(
        vocab_size=900, special_tokens=SPECIAL, show_progress=False, limit_alphabet=500))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.add_tokens([AddedToken("New York", normalized=True)])
    return t


def main():
    if len(sys.argv) > 1:
        folder, count, out = sys.argv[1:]
        t, path = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json")), out
        t.no_truncation()
        t.no_padding()
        r, corpus = random.Random(2), list(t.get_vocab())
        return dump(t, [line(r, corpus) for _ in range(int(count))], path)
    FOLDER.mkdir(exist_ok=True)
    for name, cased in (("wordpiece_uncased", False), ("wordpiece_cased", True)):
        t = small(cased)
        t.save(str(FOLDER / f"{name}.json"), pretty=False)
        r, corpus = random.Random(3), words() + ["New York", "new york", "NEW YORKER"]
        dump(t, [line(r, corpus) for _ in range(300)], FOLDER / f"{name}.safetensors")


if __name__ == "__main__":
    main()
