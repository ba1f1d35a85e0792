"""PyTorch's answers for strata/opcases/einsum.cpp."""
import torch
from rule import Input, family

cases = family("einsum")
for equation, shapes in [
    ("ij,jk->ik", [(3, 4), (4, 5)]), ("ij,jk", [(3, 4), (4, 5)]),
    ("bij,bjk->bki", [(2, 3, 4), (2, 4, 5)]), ("i,j->ij", [(3,), (5,)]), ("i,i->", [(5,), (5,)]),
    ("ij->ji", [(3, 4)]), ("ba", [(3, 4)]), ("ij->", [(3, 4)]), ("ii->i", [(4, 4)]),
    ("ii", [(4, 4)]), ("iji->j", [(4, 3, 4)]),
    ("...ij,...jk->...ik", [(2, 1, 3, 4), (3, 4, 2)]), ("...ij->...", [(2, 3, 4)]),
    ("i...,j...", [(2, 3), (4, 3)]), ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]), ("bn,anm,bm->ba", [(2, 3), (4, 3, 5), (2, 5)]),
    ("ij,ij->j", [(1, 3), (4, 3)]), (" i j , j -> i", [(3, 4), (4,)]),
    ("aab,bcc->ac", [(2, 2, 3), (3, 4, 4)]),
]:
    cases.add("einsum/" + equation, [Input(s) for s in shapes],
              lambda *xs: torch.einsum(equation, *xs))
cases.write()
