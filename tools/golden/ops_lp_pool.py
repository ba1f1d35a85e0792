"""PyTorch's answers for strata/opcases/lp_pool.cpp; channels last turned to first and back."""
import torch.nn.functional as F
from rule import Input, family

cases = family("lp_pool")


def sequence(name, *options):
    cases.add(name, [Input((2, 9, 3), 0.2, 1)],
              lambda x: F.lp_pool1d(x.movedim(-1, 1), *options).movedim(1, -1))


def image(name, low, *options):
    cases.add(name, [Input((2, 7, 8, 3), low, 1)],
              lambda x: F.lp_pool2d(x.movedim(-1, 1), *options).movedim(1, -1))


sequence("lp_pool1d", 2, 3)
sequence("lp_pool1d/steps", 3, 4, 2, True)
image("lp_pool2d", -1, 2, 2)
image("lp_pool2d/oblong", 0.2, 1.5, (3, 2), (2, 3))
image("lp_pool2d/ceil", -1, 4, 3, 2, True)
cases.write()
