"""PyTorch's answers for strata/opcases/index_put.cpp."""
import torch
from rule import Input, family


def numbers(shape, size, low=None):
    return Input(shape, -size if low is None else low, size, integer=True)


CUBE = Input((4, 5, 3))
FOUR = Input((2, 4, 3, 5))

cases = family("index_put")
cases.add("index", [CUBE, numbers((2, 1), 4), numbers((6,), 5)], lambda x, i, j: x[i, j])
cases.add("index/elements", [CUBE, numbers((7,), 4), numbers((7,), 5), numbers((2, 1), 3)],
          lambda x, i, j, k: x[i, j, k])
cases.add("index/last", [CUBE, numbers((2, 4), 5), numbers((4,), 3)],
          lambda x, i, j: (x[:, i, j], x[:, i]))
cases.add("index/apart", [FOUR, numbers((2, 1), 4), numbers((4,), 5)],
          lambda x, i, j: x[:, i, :, j])
cases.add("take", [CUBE, numbers((2, 9), 60)], torch.take)
cases.add("take_along_dim",
          [Input((4, 1, 3)), numbers((1, 5, 1), 4, 0), numbers((4, 2, 2), 3, 0)],
          lambda x, i, j: (torch.take_along_dim(x, i, 0), torch.take_along_dim(x, j, -1)))


def put(accumulate):
    return lambda x, i, j, v: x.index_put((i, j), v, accumulate)


def apart(accumulate):
    def write(x, i, j, v):
        y = x.permute(1, 3, 0, 2).index_put((i, j), v, accumulate)
        return y.permute(2, 0, 3, 1)

    return write


step = numbers((1,), 2)
cases.add("index_put/add", [CUBE, numbers((2, 1), 4), numbers((6,), 5), Input((6, 3))], put(True))
cases.add("index_put/add_elements",
          [Input((4, 5)), numbers((20,), 4), numbers((20,), 5), Input((20,))], put(True))
cases.add("index_put/add_apart",
          [FOUR, numbers((2, 1), 4), numbers((4,), 5), Input((4, 2, 3))], apart(True))
cases.add("index_put/write", [CUBE, numbers((1,), 4), numbers((1,), 5), Input((1, 3))], put(False))
cases.add("index_put/number", [CUBE, numbers((6,), 4), numbers((6,), 5), Input(())], put(True))
cases.add("index_put/write_apart", [FOUR, step, step, Input((2, 1))], apart(False))
cases.add("index_fill", [CUBE, numbers((3,), 5)], lambda x, i: torch.index_fill(x, 1, i, 2.5))
cases.add("index_copy", [CUBE, numbers((2,), 2, 0), Input((4, 2, 3))],
          lambda x, i, s: torch.index_copy(x, 1, i + torch.tensor([0, 2]), s))
cases.add("put", [CUBE, numbers((1, 1), 60), Input((1,))],
          lambda x, i, s: torch.Tensor.put(x, i, s[None]))
cases.add("put/add", [CUBE, numbers((9, 2), 60), Input((18,))],
          lambda x, i, s: torch.Tensor.put(x, i, s.view(9, 2), accumulate=True))
cases.write()
