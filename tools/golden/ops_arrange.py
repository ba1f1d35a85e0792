"""PyTorch's answers for strata/opcases/arrange.cpp."""
import torch
from rule import Input, family

cases = family("arrange")
cases.add("rot90", [Input((2, 3, 4))],
          lambda x: (x.rot90(), x.rot90(-2, (2, 0)), x.rot90(3, (1, -1)), x.rot90(4)))
cases.add("diag_embed", [Input((2, 3))],
          lambda x: (torch.diag_embed(x), torch.diag_embed(x, 2), torch.diag_embed(x, -1, 0, 2),
                     torch.diag_embed(x, 1, -1, 0)))
cases.add("block_diag", [Input((2, 3)), Input(()), Input((4,)), Input((3, 1))], torch.block_diag)
cases.add("cartesian_prod", [Input((2,)), Input((3,)), Input((4,))],
          lambda *x: (torch.cartesian_prod(*x), torch.cartesian_prod(x[0])))
cases.add("combinations", [Input((5,))],
          lambda x: (torch.combinations(x), torch.combinations(x, 3),
                     torch.combinations(x, 3, with_replacement=True), torch.combinations(x, 6)))
cases.add("unravel_index", [Input((2, 9), 0, 60, integer=True)],
          lambda i: torch.unravel_index(i, (5, 3, 4)))
cases.write()
