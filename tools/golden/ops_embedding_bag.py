"""PyTorch's answers for strata/opcases/embedding_bag.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family

cases = family("embedding_bag")
TABLE = Input((5, 3))
ROWS = Input((4, 6), 0, 5, integer=True)
for mode in ("sum", "mean", "max"):
    cases.add(f"embedding_bag/{mode}", [TABLE, ROWS],
              lambda w, i: F.embedding_bag(i, w, mode=mode))
    cases.add(f"embedding_bag/{mode}_padded", [TABLE, ROWS],
              lambda w, i: F.embedding_bag(i, w, mode=mode, padding_idx=2))
    cases.add(f"embedding_bag/{mode}_uneven", [TABLE, Input((9,), 0, 5, integer=True)],
              lambda w, i: F.embedding_bag(i, w, torch.tensor([0, 3, 3, 5, 9]), mode=mode,
                                           padding_idx=-2))
cases.add("embedding_bag/weighted", [TABLE, ROWS, Input((4, 6))],
          lambda w, i, s: F.embedding_bag(i, w, mode="sum", per_sample_weights=s, padding_idx=1))
cases.write()
