"""PyTorch's answers for strata/opcases/rearrange.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family


def images(f):
    return lambda x: f(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


cases = family("rearrange")
lines = [Input((2,)), Input((3,)), Input((4,))]
cases.add("roll", [Input((3, 5, 2))], lambda x: x.roll((2, -4), (1, 0)))
cases.add("roll/flat", [Input((3, 5))], lambda x: x.roll(17))
cases.add("tile", [Input((2, 3, 1))], lambda x: x.tile(2, 3))
cases.add("tile/more", [Input((2, 3))], lambda x: x.tile(2, 1, 3))
cases.add("repeat", [Input((3, 2))], lambda x: x.repeat(2, 3, 2))
cases.add("repeat_interleave", [Input((2, 3, 4))], lambda x: x.repeat_interleave(3, 1))
cases.add("tril", [Input((2, 4, 3))], torch.tril)
cases.add("tril/above", [Input((3, 5))], lambda x: x.tril(2))
cases.add("triu", [Input((2, 4, 3))], torch.triu)
cases.add("triu/below", [Input((5, 3))], lambda x: x.triu(-2))
cases.add("meshgrid", lines, lambda *xs: torch.meshgrid(*xs, indexing="ij"))
cases.add("meshgrid/xy", lines, lambda *xs: torch.meshgrid(*xs, indexing="xy"))
cases.add("outer", [Input((4,)), Input((3,))], torch.outer)
cases.add("pixel_shuffle", [Input((2, 3, 2, 12))], images(lambda x: F.pixel_shuffle(x, 2)))
cases.add("pixel_unshuffle", [Input((1, 6, 3, 2))], images(lambda x: F.pixel_unshuffle(x, 3)))
cases.add("channel_shuffle", [Input((2, 3, 2, 12))], images(lambda x: F.channel_shuffle(x, 3)))
cases.add("channel_shuffle/sequence", [Input((2, 3, 6))],
          lambda x: F.channel_shuffle(x.movedim(-1, 1), 2).movedim(1, -1))
cases.write()
