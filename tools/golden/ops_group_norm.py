"""PyTorch's answers for strata/opcases/group_norm.cpp."""
import torch.nn.functional as F
from rule import Input, family

images, weight, bias = Input((3, 4, 5, 6), -1, 3), Input((6,), 0.5, 2), Input((6,))
shift = Input((3, 6), -2, 2)
wide = [Input((2, 7, 32), -1, 3), Input((32,), 0.5, 2), Input((32,)), Input((2, 32))]


def group_norm(x, groups, w=None, b=None, shift=None, eps=1e-5):
    if shift is not None:
        x = x + shift.reshape(shift.shape[0], *[1] * (x.dim() - 2), -1)
    return F.group_norm(x.movedim(-1, 1), groups, w, b, eps).movedim(1, -1)


cases = family("group_norm")
cases.add("group_norm", [images, weight, bias], lambda x, w, b: group_norm(x, 3, w, b, eps=1e-3))
cases.add("group_norm/one", [images], lambda x: group_norm(x, 1))
cases.add("group_norm/silu", [images, weight, bias],
          lambda x, w, b: F.silu(group_norm(x, 2, w, b)))
cases.add("group_norm/shift", [images, weight, bias, shift],
          lambda x, w, b, s: group_norm(x, 2, w, b, s))
cases.add("group_norm/silu_shift", wide, lambda x, w, b, s: F.silu(group_norm(x, 8, w, b, s)))
cases.write()
