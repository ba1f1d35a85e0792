"""PyTorch's answers for strata/opcases/normalize.cpp."""
import torch
import torch.nn.functional as F
from channels import channels_first, channels_last
from rule import Input, family

images, rows, odd = Input((3, 4, 5, 6), -1, 3), Input((7, 6), -1, 3), Input((9, 3))
weight, bias, plane = Input((6,), 0.5, 2), Input((6,)), Input((5, 6), 0.5, 2)


cases = family("normalize")


def batch_norm(name, x, affine=True, relu=False, statistics=False, **options):
    """The running statistics start at the last two inputs."""
    channels = x.shape[-1]
    stats = [Input((channels,), grad=False), Input((channels,), 0.5, 2, grad=False)]

    def f(x, *rest):
        w, b = rest[:2] if affine else (None, None)
        mean, var = rest[-2].clone(), rest[-1].clone()
        y = channels_last(F.batch_norm(channels_first(x), mean, var, w, b, **options))
        if statistics:
            return mean, var
        return torch.relu(y) if relu else y

    cases.add(name, [x] + ([weight, bias] if affine else []) + stats, f)


batch_norm("batch_norm", images, training=True)
batch_norm("batch_norm/relu", images, relu=True, training=True, eps=1e-2)
batch_norm("batch_norm/rows", rows, training=True, momentum=0.3, eps=1e-3)
batch_norm("batch_norm/plain", odd, affine=False, training=True, eps=1e-2)
batch_norm("batch_norm/running", images, statistics=True, training=True, momentum=0.3)
batch_norm("batch_norm/eval", images, eps=1e-2)
batch_norm("batch_norm/eval_relu", images, relu=True, eps=1e-2)
cases.add("layer_norm", [images, weight, bias],
          lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-3))
cases.add("layer_norm/plane", [images, plane, plane],
          lambda x, w, b: F.layer_norm(x, (5, 6), w, b))
cases.add("layer_norm/plain", [rows], lambda x: F.layer_norm(x, (6,)))
cases.add("rms_norm", [images, weight], lambda x, w: F.rms_norm(x, (6,), w, 1e-3))
cases.add("rms_norm/plain", [images], lambda x: F.rms_norm(x, (5, 6), None, 1e-5))
cases.write()
