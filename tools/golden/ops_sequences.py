"""PyTorch's answers for strata/opcases/sequences.cpp."""
import torch
from rule import Input, family

cases = family("sequences")
cases.add("pad_sequence", [Input((3, 2)), Input((0, 2)), Input((5, 2))],
          lambda *xs: torch.nn.utils.rnn.pad_sequence(xs, True, -1.5))
cases.add("sequence_mask", [Input((4,), 0, 6, integer=True)],
          lambda n: torch.arange(5) < n[:, None])
cases.write()
