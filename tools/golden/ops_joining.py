"""PyTorch's answers for strata/opcases/joining.cpp."""
import torch
from rule import Input, family

cases = family("joining")
cases.add("concat", [Input((2, 3)), Input((2, 1)), Input((2, 4))], lambda *x: torch.cat(x, 1))
cases.add("stack", [Input((2, 3)), Input((2, 3))], lambda *x: torch.stack(x, -1))
cases.add("split", [Input((7, 3))], lambda x: torch.split(x, [2, 1, 4], 0))
cases.add("split/even", [Input((2, 7))], lambda x: torch.split(x, 3, 1))
cases.add("chunk", [Input((7, 2))], lambda x: torch.chunk(x, 3, 0))
cases.add("tensor_split", [Input((7, 2))], lambda x: torch.tensor_split(x, 3))
cases.add("tensor_split/bounds", [Input((2, 7))],
          lambda x: torch.tensor_split(x, (2, -2, 4), -1))
cases.add("hstack", [Input((2, 3)), Input((2, 1))], lambda *x: torch.hstack(x))
cases.add("hstack/vectors", [Input((2,)), Input((3,))], lambda *x: torch.hstack(x))
cases.add("vstack", [Input((3,)), Input((2, 3))], lambda *x: torch.vstack(x))
cases.add("dstack", [Input((3,)), Input((1, 3)), Input((1, 3, 2))], lambda *x: torch.dstack(x))
cases.add("unbind", [Input((2, 3, 2))], lambda x: x.unbind(1))
cases.write()
