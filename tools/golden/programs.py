"""500 random programs of views, slices, broadcasts and joins, and PyTorch's answers.

Writes tests/golden/programs.txt, one program a line, for tests/ops/programs_test.cpp:

    2,3,4|3,1;p 0 2,0,1;+ 2 1;s 3 1 0 9 2;=1,3,4 0.25 -1.5 2.0

The inputs' shapes; then steps, each a letter, the numbers of its operands and its arguments, whose
result gets the next number; then the last value's shape, sum(value * weights), and for each input
sum(gradient * other weights). Inputs and weights follow rule.py, so that an element in the wrong
place shows.
"""
import random

import torch

from rule import ROOT, WEIGHTS_FROM, Input, make_input

PROGRAMS, MOST_ELEMENTS, MOST_RANK = 500, 240, 6


def text(values):
    return ",".join(str(v) for v in values)


class Program:
    def __init__(self, rng):
        self.rng = rng
        shapes = [self.shape() for _ in range(rng.randint(1, 3))]
        self.line = ["|".join(text(s) for s in shapes)]
        self.values = [make_input(Input(tuple(s)), i).requires_grad_() for i, s in enumerate(shapes)]
        self.inputs = list(self.values)
        steps = rng.randint(4, 9)
        while len(self.line) <= steps:
            self.step()

    def shape(self):
        sizes = [0, 1, 1, 2, 3, 4, 5] if self.rng.random() < 0.05 else [1, 1, 2, 3, 4, 5]
        return [self.rng.choice(sizes) for _ in range(self.rng.randint(0, 4))]

    def axis(self, rank):
        return self.rng.randrange(-rank, rank)

    def pick(self):
        """An operand: mostly a late one, so that programs go deep."""
        n = len(self.values)
        return n - 1 - min(int(self.rng.expovariate(1.0)), n - 1)

    def step(self):
        a = self.pick()
        letter = self.rng.choice("rptsssiieequQf+-*+*SSckhwdF")
        made = getattr(self, {"+": "add", "-": "sub", "*": "mul", "Q": "squeeze_all", "S": "sum",
                              "F": "flip"}.get(letter, "op_" + letter))(self.values[a])
        if made is None:
            return
        operands, arguments, result = made
        if result.numel() > MOST_ELEMENTS or result.dim() > MOST_RANK:
            return
        self.values.append(result)
        words = [letter, str(a)] + [str(o) for o in operands] + [str(x) for x in arguments]
        self.line.append(" ".join(words))

    def op_r(self, x):
        left, shape = x.numel(), []
        if left == 0:
            return None
        while left > 1 or self.rng.random() < 0.3:
            d = self.rng.choice([k for k in range(1, left + 1) if left % k == 0])
            shape.append(d)
            left //= d
            if len(shape) == MOST_RANK - 1:
                shape.append(left)
                break
        if shape and self.rng.random() < 0.5:
            shape[self.rng.randrange(len(shape))] = -1
        return [], [text(shape)] if shape else ["."], x.reshape(shape)

    def op_p(self, x):
        order = list(range(x.dim()))
        self.rng.shuffle(order)
        return ([], [text(order)], x.permute(order)) if order else None

    def op_t(self, x):
        if x.dim() == 0:
            return None
        a, b = self.axis(x.dim()), self.axis(x.dim())
        return [], [a, b], x.transpose(a, b)

    def op_s(self, x):
        if x.dim() == 0:
            return None
        axis = self.axis(x.dim())
        n = x.shape[axis]
        begin, end = self.rng.randint(-n - 2, n + 1), self.rng.randint(-n - 1, n + 2)
        if self.rng.random() < 0.8 and begin % (n + 1) > end % (n + 1):
            begin, end = end, begin
        step = self.rng.choice([1, 1, 1, 2, 3])
        cut = [slice(None)] * x.dim()
        cut[axis] = slice(begin, end, step)
        y = x[tuple(cut)]
        if y.numel() == 0 and self.rng.random() < 0.9:
            return None
        return [], [axis, begin, end, step], y

    def op_i(self, x):
        if x.dim() == 0:
            return None
        axis = self.axis(x.dim())
        if x.shape[axis] == 0:
            return None
        index = self.rng.randrange(-x.shape[axis], x.shape[axis])
        return [], [axis, index], x.select(axis, index)

    def op_e(self, x):
        shape = [self.rng.choice([2, 3, 4]) if d == 1 and self.rng.random() < 0.6 else
                 self.rng.choice([d, -1]) for d in x.shape]
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            shape.insert(0, self.rng.choice([1, 2, 3]))
        return ([], [text(shape)], x.expand(shape)) if shape else None

    def op_q(self, x):
        if x.dim() == 0:
            return None
        axis = self.axis(x.dim())
        return [], [axis], x.squeeze(axis)

    def squeeze_all(self, x):
        return [], [], x.squeeze()

    def op_u(self, x):
        axis = self.axis(x.dim() + 1)
        return [], [axis], x.unsqueeze(axis)

    def op_f(self, x):
        if x.dim() == 0:
            return None
        a, b = sorted((self.rng.randrange(x.dim()), self.rng.randrange(x.dim())))
        return [], [a, b - x.dim()], x.flatten(a, b)

    def partner(self, x, fits):
        able = [i for i, v in enumerate(self.values) if fits(x, v)]
        return self.rng.choice(able) if able else None

    def binary(self, x, f):
        def fits(u, v):
            try:
                return len(torch.broadcast_shapes(u.shape, v.shape)) <= MOST_RANK
            except RuntimeError:
                return False
        other = self.partner(x, fits)
        return [other], [], f(x, self.values[other])

    def add(self, x):
        return self.binary(x, torch.add)

    def sub(self, x):
        return self.binary(x, torch.sub)

    def mul(self, x):
        return self.binary(x, torch.mul)

    def sum(self, x):
        if x.dim() == 0:
            return None
        axes = self.rng.sample(range(x.dim()), self.rng.randint(1, min(2, x.dim())))
        keep = self.rng.randint(0, 1)
        return [], [text(axes), keep], x.sum(axes, keepdim=bool(keep))

    def op_c(self, x):
        if x.dim() == 0:
            return None
        axis = self.axis(x.dim())
        at = axis % x.dim()

        def fits(u, v):
            return v.dim() == u.dim() and all(
                i == at or p == q for i, (p, q) in enumerate(zip(u.shape, v.shape)))
        other = self.partner(x, fits)
        return [other], [axis], torch.cat([x, self.values[other]], axis)

    def op_k(self, x):
        axis = self.axis(x.dim() + 1)
        other = self.partner(x, lambda u, v: u.shape == v.shape)
        return [other], [axis], torch.stack([x, self.values[other]], axis)

    def op_h(self, x):
        if x.dim() == 0:
            return None
        axis, count = self.axis(x.dim()), self.rng.randint(1, 4)
        parts = x.chunk(count, axis)
        which = self.rng.randrange(len(parts))
        return [], [axis, count, which], parts[which]

    def op_w(self, x):
        """A write through a view of a copy without history."""
        if x.dim() == 0 or 0 in x.shape:
            return None
        axis = self.axis(x.dim())
        index = self.rng.randrange(x.shape[axis])
        y = x.detach().clone()
        y.select(axis, index).fill_(0.5)
        return [], [axis, index], y

    def op_d(self, x):
        return [], [], x.contiguous()

    def flip(self, x):
        if x.dim() == 0:
            return None
        axis = self.axis(x.dim())
        return [], [axis], x.flip(axis)

    def finish(self):
        y = self.values[-1]
        if not y.requires_grad or any(not torch.isfinite(v).all() for v in self.values):
            return None
        loss = (y * make_input(Input(tuple(y.shape)), WEIGHTS_FROM)).sum()
        loss.backward()
        numbers = [loss.item()]
        for i, x in enumerate(self.inputs):
            g = torch.zeros_like(x) if x.grad is None else x.grad
            numbers.append((g * make_input(Input(tuple(x.shape)), WEIGHTS_FROM + 1 + i)).sum().item())
        answer = " ".join(f"{v:.10g}" for v in numbers)
        return ";".join(self.line) + f";={text(y.shape) or '.'} {answer}"


rng = random.Random(7)
lines = []
while len(lines) < PROGRAMS:
    line = Program(rng).finish()
    if line:
        lines.append(line)
path = ROOT / "tests" / "golden" / "programs.txt"
path.write_text("\n".join(lines) + "\n")
print(f"{path.relative_to(ROOT)}: {len(lines)} programs, {path.stat().st_size} bytes")
assert path.stat().st_size < 100_000
