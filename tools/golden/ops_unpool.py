"""PyTorch's answers for strata/opcases/unpool.cpp; NHWC turned to NCHW and back."""
import torch.nn.functional as F
from rule import Input, family

cases = family("unpool")


def there_and_back(name, size, **pool):
    def run(x):
        y, index = F.max_pool2d(x.permute(0, 3, 1, 2), return_indices=True, **pool)
        return F.max_unpool2d(y, index, output_size=size, **pool).permute(0, 2, 3, 1)

    cases.add(name, [Input((2, 7, 6, 3))], run)


there_and_back("max_unpool2d", (7, 6), kernel_size=2)
there_and_back("max_unpool2d/smaller", None, kernel_size=2)
there_and_back("max_unpool2d/apart", (7, 6), kernel_size=2, stride=3, padding=1)
there_and_back("max_unpool2d/oblong", (7, 6), kernel_size=(3, 2), stride=(3, 2), padding=(1, 0))
cases.write()
