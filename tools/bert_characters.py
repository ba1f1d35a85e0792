#!/usr/bin/env python3
"""Writes strata/text/bert_classes.inc and bert_decompositions.inc: what BERT's tokenizer asks of
characters.

    python3 tools/bert_characters.py

The answers are those of the `tokenizers` package (0.23): categories as of Unicode 8, newer
decompositions and lower case. Each code point is put through its normalizers, so that the tables
hold what it does and not what a version of Unicode says. Needs tokenizers.
"""
import pathlib
import textwrap
import unicodedata

from tokenizers import normalizers, pre_tokenizers

LINE = 100
CODE_POINTS = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
OUT = pathlib.Path(__file__).resolve().parents[1] / "strata/text"


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False,
                   lowercase=False)
    return normalizers.BertNormalizer(**{**options, **on}).normalize_str


def ranges(code_points):
    out = []
    for c in code_points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def steps(mapping):
    """Runs of code points, one or two apart, that are moved by the same distance."""
    out = []
    for c, to in sorted(mapping.items()):
        if out:
            run = out[-1]
            step = c - run[1]
            if to - c == run[3] and step in (1, 2) and run[2] in (0, step):
                run[1], run[2] = c, step
                continue
        out.append([c, c, 0, to - c])
    return [[a, b, max(step, 1), by] for a, b, step, by in out]


def combining_classes():
    """Of those code points that the package moves when it orders marks."""
    nfd = normalizers.NFD().normalize_str
    found = {}
    for c in CODE_POINTS:
        k = unicodedata.combining(chr(c))
        if k and (k == 1 or nfd("a" + chr(c) + "\u0334") != "a" + chr(c) + "\u0334"):
            found[c] = k
    out = []
    for c, k in found.items():
        if out and out[-1][1] == c - 1 and out[-1][2] == k:
            out[-1][1] = c
        else:
            out.append([c, c, k])
    return out


def decompositions():
    nfd = normalizers.NFD().normalize_str
    found = {c: [ord(x) for x in nfd(chr(c))] for c in CODE_POINTS if not 0xAC00 <= c <= 0xD7A3}
    return [[c, len(to), *to] for c, to in found.items() if to != [c]]


def number(v):
    return str(v) if -10 < v < 10 else hex(v).upper().replace("X", "x")


def array(name, kind, what, rows):
    text = " ".join(f"{number(v)}," for row in rows for v in row)
    lines = textwrap.wrap(text, LINE, initial_indent="    ", subsequent_indent="    ")
    return f"// {what}\nconstexpr {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def main():
    clean, strip = bert(clean_text=True), bert(strip_accents=True)
    lower = bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    dropped = [c for c in CODE_POINTS if clean(chr(c)) == ""]
    marks = [c for c in CODE_POINTS if strip(chr(c)) == ""]
    punctuation = [c for c in CODE_POINTS if len(split("a" + chr(c) + "b")) == 3]
    lowered = {c: lower(chr(c)) for c in CODE_POINTS}
    several = {c: to for c, to in lowered.items() if len(to) != 1}
    assert list(several) == [0x130], several  # written out in bert_characters.cpp
    moved = {c: ord(to) for c, to in lowered.items() if c not in several and ord(to) != c}
    whole = decompositions()
    single = [[r[0], r[2]] for r in whole if r[1] == 1]
    longer = [r for r in whole if r[1] > 1]
    write("bert_classes.inc", [
        array("kDropped", "uint32_t", "first, last", ranges(dropped)),
        array("kMarks", "uint32_t", "first, last", ranges(marks)),
        array("kPunctuation", "uint32_t", "first, last", ranges(punctuation)),
        array("kLower", "int32_t", "first, last, step, distance", steps(moved)),
        array("kClasses", "uint32_t", "first, last, combining class", combining_classes()),
    ])
    write("bert_decompositions.inc", [
        array("kReplacements", "uint32_t", "character, what it becomes", single),
        array("kDecompositions", "uint32_t", "character, length, that many characters", longer),
    ])


def write(name, arrays):
    text = "// Made by tools/bert_characters.py.\n" + "\n".join(arrays)
    assert all(len(line) <= LINE for line in text.splitlines())
    (OUT / name).write_text(text)
    print(name, len(text), "bytes,", text.count("\n"), "lines")


if __name__ == "__main__":
    main()
