"""PyTorch's answers for strata/opcases/pool_nd.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("pool_nd")


def add(name, shape, f, *args, **options):
    def run(x):
        y = f(x.movedim(-1, 1), *args, **options)
        return [t.movedim(1, -1) for t in y] if isinstance(y, tuple) else y.movedim(1, -1)

    cases.add(name, [Input(shape)], run)


wide = dict(kernel_size=(2, 3, 2), stride=(1, 2, 2), padding=(1, 1, 0))
add("max_pool1d", (2, 7, 3), F.max_pool1d, 2)
add("max_pool1d/options", (2, 10, 5), F.max_pool1d, 3, stride=2, padding=1, dilation=2, ceil_mode=True)
add("avg_pool1d", (2, 7, 3), F.avg_pool1d, 3, stride=2, padding=1, ceil_mode=True)
add("avg_pool1d/inside", (1, 8, 2), F.avg_pool1d, 3, stride=2, padding=1, count_include_pad=False)
add("adaptive_max_pool1d", (2, 7, 3), F.adaptive_max_pool1d, 3)
add("adaptive_avg_pool1d", (2, 7, 3), F.adaptive_avg_pool1d, 3)
add("max_pool3d", (2, 4, 2, 4, 3), F.max_pool3d, 2)
add("max_pool3d/ceil", (1, 3, 6, 5, 3), F.max_pool3d, **wide, ceil_mode=True)
add("max_pool3d/dilation", (1, 4, 5, 6, 2), F.max_pool3d, **wide, dilation=(2, 1, 3))
add("avg_pool3d", (1, 3, 6, 5, 3), F.avg_pool3d, **wide, ceil_mode=True)
add("avg_pool3d/inside", (1, 3, 5, 4, 2), F.avg_pool3d, **wide, count_include_pad=False)
add("adaptive_max_pool3d", (1, 3, 5, 4, 3), F.adaptive_max_pool3d, (2, 3, 1))
add("adaptive_avg_pool3d", (1, 3, 5, 4, 3), F.adaptive_avg_pool3d, (2, 3, 1))
add("max_pool1d/indices", (2, 10, 5), F.max_pool1d, 3, stride=2, padding=1, dilation=2,
    ceil_mode=True, return_indices=True)
add("max_pool3d/indices", (2, 3, 6, 5, 3), F.max_pool3d, **wide, ceil_mode=True,
    return_indices=True)
add("max_pool3d/indices_dilation", (1, 4, 5, 6, 2), F.max_pool3d, **wide, dilation=(2, 1, 3),
    return_indices=True)
add("adaptive_max_pool1d/indices", (2, 7, 3), F.adaptive_max_pool1d, 3, return_indices=True)
add("adaptive_max_pool3d/indices", (2, 3, 5, 4, 3), F.adaptive_max_pool3d, (2, 3, 1),
    return_indices=True)
cases.write()
