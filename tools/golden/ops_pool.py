"""PyTorch's answers for strata/opcases/pool.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("pool")


def add(name, shape, f, *args, **options):
    cases.add(name, [Input(shape)],
              lambda x: f(x.permute(0, 3, 1, 2), *args, **options).permute(0, 2, 3, 1))


add("max_pool2d", (2, 6, 4, 6), F.max_pool2d, 2)
add("max_pool2d/overlap", (2, 7, 8, 9), F.max_pool2d, 3, stride=2, padding=1)
add("max_pool2d/dilation", (1, 8, 9, 5), F.max_pool2d, (2, 3), stride=(1, 2), padding=1, dilation=(3, 2))
add("max_pool2d/ceil", (1, 8, 6, 3), F.max_pool2d, 3, stride=2, ceil_mode=True)
add("avg_pool2d", (2, 4, 6, 3), F.avg_pool2d, 2)
add("avg_pool2d/padding", (2, 7, 6, 9), F.avg_pool2d, (3, 2), stride=(2, 1), padding=1, ceil_mode=True)
add("avg_pool2d/inside", (1, 7, 6, 4), F.avg_pool2d, 3, stride=2, padding=1, count_include_pad=False)
add("adaptive_avg_pool2d", (2, 7, 5, 9), F.adaptive_avg_pool2d, (3, 4))
add("adaptive_avg_pool2d/global", (2, 4, 4, 17), F.adaptive_avg_pool2d, 1)
add("adaptive_max_pool2d", (2, 7, 5, 9), F.adaptive_max_pool2d, (3, 4))


def places(x):
    y, index = F.adaptive_max_pool2d(x.permute(0, 3, 1, 2), (3, 4), return_indices=True)
    return y.permute(0, 2, 3, 1), index.permute(0, 2, 3, 1)


cases.add("adaptive_max_pool2d/indices", [Input((2, 7, 5, 3))], places)
cases.write()
