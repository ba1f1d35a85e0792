"""PyTorch's answers for strata/opcases/conv.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv(**options):
    return lambda x, w, b=None: nhwc(F.conv2d(nchw(x), nchw(w), b, **options))


def relu_conv(**options):
    return lambda x, w, b: torch.relu(conv(**options)(x, w, b))


def residual_conv(x, w, b, r):
    return torch.relu(conv()(x, w, b) + r), conv()(x, w, b) + r


def transposed(**options):
    return lambda x, w, b: nhwc(F.conv_transpose2d(nchw(x), nchw(w), b, **options))


def inputs(*shapes):
    return [Input(shape) for shape in shapes]


cases = family("conv")
cases.add("conv2d", inputs((2, 6, 5, 3), (4, 3, 2, 3), (4,)), conv(padding=(1, 0)))
cases.add("conv2d/stride", inputs((2, 7, 8, 2), (3, 3, 4, 2), (3,)), conv(stride=(2, 3), padding=(1, 2)))
cases.add("conv2d/dilation", inputs((1, 8, 7, 2), (3, 3, 2, 2)), conv(padding=2, dilation=(2, 3)))
cases.add("conv2d/groups", inputs((2, 4, 5, 6), (4, 3, 3, 3), (4,)), conv(padding=1, groups=2))
cases.add("conv2d/depthwise", inputs((2, 5, 4, 9), (9, 3, 3, 1), (9,)), conv(stride=2, padding=1, groups=9))
cases.add("conv2d/pointwise", inputs((2, 3, 4, 5), (7, 1, 1, 5)), conv())
cases.add("conv2d/relu", inputs((2, 4, 5, 1), (6, 3, 3, 1), (6,)), relu_conv(padding=1))
cases.add("conv2d/same", inputs((2, 4, 5, 3), (4, 2, 4, 3), (4,)), conv(padding="same"))
cases.add("conv2d/same_dilation", inputs((1, 5, 4, 4), (2, 2, 3, 2)),
          conv(padding="same", dilation=(3, 1), groups=2))
cases.add("conv2d/residual", inputs((2, 4, 5, 9), (6, 1, 1, 9), (6,), (2, 4, 5, 6)), residual_conv)
cases.add("conv_transpose2d", inputs((2, 3, 4, 3), (3, 3, 2, 4), (4,)), transposed(padding=(1, 0)))
cases.add("conv_transpose2d/stride", inputs((2, 3, 4, 3), (3, 4, 3, 2), (2,)),
          transposed(stride=(2, 3), padding=1, output_padding=(1, 2)))
cases.add("conv_transpose2d/groups", inputs((1, 4, 3, 4), (4, 3, 3, 3), (6,)),
          transposed(stride=2, output_padding=(1, 0), dilation=2, groups=2))
cases.write()
