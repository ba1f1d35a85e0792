"""PyTorch's answers for strata/opcases/conv_nd.cpp."""
import torch
import torch.nn.functional as F
from channels import channels_first
from rule import Input, family


def conv(f, relu=False, **options):
    def run(x, w, b=None):
        y = f(channels_first(x), channels_first(w), b, **options).movedim(1, -1)
        return torch.relu(y) if relu else y
    return run


def inputs(*shapes):
    return [Input(shape) for shape in shapes]


cases = family("conv_nd")
cases.add("conv1d", inputs((2, 7, 3), (4, 3, 3), (4,)), conv(F.conv1d, padding=1))
cases.add("conv1d/options", inputs((2, 9, 4), (6, 3, 2), (6,)),
          conv(F.conv1d, True, stride=2, padding=2, dilation=2, groups=2))
cases.add("conv1d/same", inputs((2, 5, 3), (4, 4, 3), (4,)),
          conv(F.conv1d, padding="same", dilation=3))
cases.add("conv3d/same", inputs((1, 3, 2, 4, 2), (3, 2, 3, 4, 2)),
          conv(F.conv3d, padding="same", dilation=(1, 2, 1)))
cases.add("conv_transpose1d", inputs((2, 5, 3), (3, 4, 2), (2,)),
          conv(F.conv_transpose1d, stride=3, padding=1, output_padding=2))
cases.add("conv_transpose1d/groups", inputs((2, 4, 4), (4, 3, 3)),
          conv(F.conv_transpose1d, stride=2, dilation=2, groups=2))
cases.add("conv3d", inputs((2, 3, 4, 3, 2), (3, 3, 2, 3, 2), (3,)), conv(F.conv3d, padding=(1, 0, 1)))
cases.add("conv3d/options", inputs((1, 5, 4, 5, 4), (6, 2, 3, 2, 2), (6,)),
          conv(F.conv3d, True, stride=(2, 1, 2), padding=(1, 1, 0), dilation=(2, 1, 3), groups=2))
cases.add("conv3d/flat", inputs((1, 2, 3, 3, 2), (3, 1, 2, 2, 2)), conv(F.conv3d))
cases.add("conv_transpose3d", inputs((1, 2, 3, 2, 3), (3, 3, 2, 3, 2), (2,)),
          conv(F.conv_transpose3d, stride=(2, 1, 2), padding=1, output_padding=(1, 0, 0)))
cases.add("conv_transpose3d/groups", inputs((1, 3, 2, 2, 4), (4, 2, 2, 1, 3)),
          conv(F.conv_transpose3d, stride=(1, 2, 1), dilation=(2, 1, 1), groups=2))
cases.write()
