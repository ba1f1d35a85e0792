"""PyTorch's answers for strata/opcases/indexing.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family


def index(shape, size):
    return Input(shape, 0, size, integer=True)


cases = family("indexing")
cases.add("gather/axis0", [Input((5, 3)), index((4, 2), 5)], lambda x, i: torch.gather(x, 0, i))
cases.add("gather/middle", [Input((2, 6, 4)), index((2, 3, 3), 6)],
          lambda x, i: torch.gather(x, 1, i))
cases.add("gather/last", [Input((3, 7)), index((3, 9), 7)], lambda x, i: torch.gather(x, -1, i))
cases.add("scatter_add/axis0", [Input((4, 3)), index((6, 3), 4), Input((6, 3))],
          lambda x, i, s: torch.scatter_add(x, 0, i, s))
cases.add("scatter_add/last", [Input((2, 3, 5)), index((2, 2, 8), 5), Input((2, 2, 8))],
          lambda x, i, s: torch.scatter_add(x, 2, i, s))
cases.add("index_select/axis0", [Input((5, 3)), index((7,), 5)],
          lambda x, i: torch.index_select(x, 0, i))
cases.add("index_select/middle", [Input((2, 5, 3)), index((4,), 5)],
          lambda x, i: torch.index_select(x, 1, i))
cases.add("embedding", [Input((6, 4)), index((3, 5), 6)], lambda w, i: F.embedding(i, w))
cases.add("one_hot", [index((3, 4), 5)], lambda i: F.one_hot(i, 6))
cases.add("flip", [Input((3, 2, 4))], lambda x: torch.flip(x, (0, -1)))
cases.write()
