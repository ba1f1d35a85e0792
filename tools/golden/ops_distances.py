"""PyTorch's answers for strata/opcases/distances.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family

cases = family("distances")
cases.add("normalize", [Input((3, 4, 5), -2, 2)],
          lambda x: (F.normalize(x, dim=-1), F.normalize(x, 3, 1)))


def pairs(name, a, b, p):
    cases.add(name, [Input(a, -2, 2), Input(b)], lambda x, y: torch.cdist(x, y, p))


pairs("cdist", (2, 6, 5), (2, 7, 5), 2)
pairs("cdist/broadcast", (2, 1, 3, 4), (3, 5, 4), 2)
pairs("cdist/wide", (5, 19), (18, 19), 2)
pairs("cdist/p1", (6, 5), (7, 5), 1)
pairs("cdist/p3", (6, 5), (7, 5), 3)
pairs("cdist/infinity", (6, 5), (19, 5), float("inf"))


def of_pairs(name, x, p):
    cases.add(name, [Input(x)], lambda x: F.pdist(x, p))


of_pairs("pdist", (6, 3), 2)
of_pairs("pdist/wide", (19, 18), 2)
of_pairs("pdist/p1", (7, 5), 1)
of_pairs("pdist/p3", (7, 5), 3)
of_pairs("pdist/infinity", (19, 5), float("inf"))
cases.write()
