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
cases.add("scatter/axis0", [Input((4, 3)), index((2, 3), 2), Input((2, 3))],
          lambda x, i, s: torch.scatter(x, 0, i + torch.tensor([[0], [2]]), s))
cases.add("scatter/number", [Input((2, 5)), index((2, 3), 5)], lambda x, i: torch.scatter(x, 1, i, 2.5))
for name, reduce, include_self in [
        ("sum", "sum", False), ("prod", "prod", True), ("prod_others", "prod", False),
        ("mean", "mean", True), ("mean_others", "mean", False), ("amax", "amax", True),
        ("amax_others", "amax", False), ("amin", "amin", True), ("amin_others", "amin", False)]:
    cases.add("scatter_reduce/" + name, [Input((4, 3), 0.5, 2), index((6, 3), 4), Input((6, 3), 0.5, 2)],
              lambda x, i, s: torch.scatter_reduce(x, 0, i, s, reduce, include_self=include_self))
cases.add("index_add", [Input((2, 4, 3)), index((6,), 4), Input((2, 6, 3))],
          lambda x, i, s: torch.index_add(x, 1, i, s, alpha=-1.5))
cases.write()
