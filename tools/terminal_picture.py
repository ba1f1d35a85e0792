#!/usr/bin/env python3
"""Draws a terminal's screen as SVG, for the README.

usage: tmux capture-pane -e -p | tools/terminal_picture.py > docs/images/NAME.svg

Reads text with colours (SGR 1, 2, 30-37, 38;5;N, 48;5;N) from standard input. Half blocks are drawn
as rectangles, so that pictures have no seams.
"""
import re
import sys
from html import escape

WIDTH, HEIGHT = 8, 17
BASIC = ["#000000", "#cc4444", "#44aa44", "#bb8822", "#4477cc", "#aa44aa", "#33aaaa", "#cccccc"]
INK, PAPER = "#d8d8d8", "#16181c"


def colour(n):
    if n < 16:
        return BASIC[n % 8]
    if n >= 232:
        return "#" + f"{8 + 10 * (n - 232):02x}" * 3
    steps = [0, 95, 135, 175, 215, 255]
    n -= 16
    return "#" + "".join(f"{steps[k]:02x}" for k in (n // 36, n // 6 % 6, n % 6))


class Pen:
    def __init__(self):
        self.ink, self.paper, self.bold, self.dim = None, None, False, False

    def take(self, codes):
        numbers = [int(c or 0) for c in codes.split(";")]
        while numbers:
            n = numbers.pop(0)
            if n == 0:
                self.__init__()
            elif n == 1:
                self.bold = True
            elif n == 2:
                self.dim = True
            elif 30 <= n <= 37:
                self.ink = BASIC[n - 30]
            elif n in (38, 48):
                chosen = colour(numbers[1])
                numbers = numbers[2:]
                if n == 38:
                    self.ink = chosen
                else:
                    self.paper = chosen
            elif n == 39:
                self.ink = None
            elif n == 49:
                self.paper = None


def cells(line, pen):
    for code, char in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
        if char:
            yield char, pen.ink, pen.paper, pen.bold, pen.dim
        else:
            pen.take(code)


def draw(lines):
    out, columns, pen = [], 1, Pen()
    for row, line in enumerate(lines):
        top = row * HEIGHT
        for column, (char, ink, paper, bold, dim) in enumerate(cells(line, pen)):
            columns = max(columns, column + 1)
            left = column * WIDTH
            if paper:
                out.append(f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" '
                           f'fill="{paper}"/>')
            if char == "▀":
                out.append(f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT / 2}" '
                           f'fill="{ink or INK}"/>')
            elif char in "▁▂▃▄▅▆▇█":
                high = HEIGHT * ("▁▂▃▄▅▆▇█".index(char) + 1) / 8
                out.append(f'<rect x="{left}" y="{top + HEIGHT - high}" width="{WIDTH}" '
                           f'height="{high}" fill="{ink or INK}"/>')
            elif char != " ":
                weight = ' font-weight="bold"' if bold else ""
                faint = ' opacity="0.6"' if dim else ""
                out.append(f'<text x="{left}" y="{top + 13}" fill="{ink or INK}"{weight}{faint}>'
                           f'{escape(char)}</text>')
    width, height = columns * WIDTH + 16, len(lines) * HEIGHT + 16
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width} {height}" '
            f'font-family="monospace" font-size="13" shape-rendering="crispEdges">'
            f'<rect x="-8" y="-8" width="{width}" height="{height}" rx="6" fill="{PAPER}"/>'
            + "".join(out) + "</svg>\n")


if __name__ == "__main__":
    kept = sys.stdin.read().rstrip("\n").split("\n")
    sys.stdout.write(draw([line.rstrip() for line in kept]))
