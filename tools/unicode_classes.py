"""Writes strata/text/unicode_classes.inc: where the class of code points changes, as the `tokenizers`
package sees letters, numbers and white space in the pattern of GPT-2. Needs that package alone.

    python3 tools/unicode_classes.py
"""
import pathlib

from tokenizers import pre_tokenizers

split = pre_tokenizers.ByteLevel(add_prefix_space=False)


def joins(front, c):
    return len(split.pre_tokenize_str(front + c)) == 1


def class_of(code):
    c = chr(code)
    if joins("a", c):
        return 1  # letter
    if joins("1", c):
        return 2  # number
    return 0 if joins("!", c) else 3  # other; white space


changes, last = [], None
for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    now = class_of(code)
    if now != last:
        changes.append(code << 2 | now)
        last = now
lines, line = [], ""
for change in changes:
    item = f"0x{change:x}, "
    if len(line) + len(item) > 100:
        lines.append(line.rstrip())
        line = ""
    line += item
lines.append(line.rstrip())
path = pathlib.Path(__file__).resolve().parents[1] / "strata" / "text" / "unicode_classes.inc"
path.write_text("// Made by tools/unicode_classes.py: code point << 2 | class, where the class "
                "changes.\n" + "\n".join(lines) + "\n")
print(path, len(changes))
