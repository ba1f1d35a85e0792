"""PyTorch's answers for strata/opcases/unpool.cpp."""
import torch.nn.functional as F
from channels import channels_first, channels_last
from rule import Input, family

cases = family("unpool")


def there_and_back(name, size, shape=(2, 7, 6, 3), there=F.max_pool2d, back=F.max_unpool2d, **pool):
    def run(x):
        y, index = there(channels_first(x), return_indices=True, **pool)
        return channels_last(back(y, index, output_size=size, **pool))

    cases.add(name, [Input(shape)], run)


def sequence(name, size, **pool):
    there_and_back(name, size, (2, 9, 3), F.max_pool1d, F.max_unpool1d, **pool)


def volume(name, size, **pool):
    there_and_back(name, size, (2, 5, 4, 6, 2), F.max_pool3d, F.max_unpool3d, **pool)


there_and_back("max_unpool2d", (7, 6), kernel_size=2)
there_and_back("max_unpool2d/smaller", None, kernel_size=2)
there_and_back("max_unpool2d/apart", (7, 6), kernel_size=2, stride=3, padding=1)
there_and_back("max_unpool2d/oblong", (7, 6), kernel_size=(3, 2), stride=(3, 2), padding=(1, 0))
sequence("max_unpool1d", (9,), kernel_size=2)
sequence("max_unpool1d/apart", None, kernel_size=3, stride=4, padding=1)
volume("max_unpool3d", (5, 4, 6), kernel_size=2)
volume("max_unpool3d/oblong", (5, 4, 6), kernel_size=(2, 3, 2), stride=(3, 3, 2), padding=(1, 1, 0))
cases.write()
