"""PyTorch's answers for tests/nn/layers/small_golden_test.cpp: the small layers on weights by rule,
in f64 but where it says f32; channels last. Of each layer the output, the gradients of inputs and
parameters for a given one of the output, and what its state dict holds."""
import pathlib

import torch
from channels import channels_first, channels_last
from rule_weights import rule_integers, rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
dump = {}


def keep(name, x):
    dump[name] = x.detach().float().contiguous()


def record(name, m, inputs, call):
    """`inputs`: tensors whose gradients are kept."""
    for x in inputs:
        x.requires_grad_()
    y = call(m, *inputs)
    (y * rule_tensor(name + ".dy", tuple(y.shape)).to(y.dtype)).sum().backward()
    keep(name + ".y", y)
    for i, x in enumerate(inputs):
        keep(f"{name}.dx{i}", x.grad)
    conv = isinstance(m, (nn.Conv1d, nn.Conv2d, nn.Conv3d))
    for key, p in m.named_parameters():
        keep(f"{name}.grad.{key}", channels_last(p.grad) if conv else p.grad)
    for key, value in m.state_dict().items():
        keep(f"{name}.state.{key}", value)


def run(name, m, shapes, call=lambda m, *x: m(*x), dtype=torch.float64, low=-1.0, high=1.0):
    m = set_rule_weights(m.to(dtype))
    record(name, m, [rule_tensor(f"{name}.x{i}", s, low, high).to(dtype)
                     for i, s in enumerate(shapes)], call)


def spatial(m, x):
    return channels_last(m(channels_first(x)))


run("rms_norm", nn.RMSNorm(5), [(2, 3, 5)])
run("rms_norm.two_axes", nn.RMSNorm((3, 5), eps=0.1), [(2, 3, 5)])
run("rms_norm.plain", nn.RMSNorm(5, elementwise_affine=False), [(2, 5)])
run("rms_norm.tiny", nn.RMSNorm(5), [(2, 5)], dtype=torch.float32, low=-1e-3, high=1e-3)
run("layer_norm.no_bias", nn.LayerNorm(5, bias=False), [(2, 3, 5)])
run("bilinear", nn.Bilinear(4, 3, 6), [(2, 5, 4), (2, 5, 3)])
run("bilinear.no_bias", nn.Bilinear(4, 3, 1, bias=False), [(5, 4), (5, 3)])
run("gelu.tanh", nn.GELU(approximate="tanh"), [(3, 7)], low=-3.0, high=3.0)
run("lp_pool1d", nn.LPPool1d(3, 4, stride=2), [(2, 9, 3)], spatial, low=0.1)
run("lp_pool2d", nn.LPPool2d(2, (3, 2), ceil_mode=True), [(2, 7, 5, 3)], spatial)
run("upsample.size", nn.Upsample((5, 3), mode="bilinear"), [(2, 4, 6, 3)], spatial)
run("upsample.factor", nn.Upsample(scale_factor=1.5), [(2, 4, 6, 3)], spatial)
run("upsample.sequence", nn.Upsample(7, mode="linear", align_corners=True), [(2, 4, 3)], spatial)
run("upsample.oblong", nn.Upsample(scale_factor=(2, 1.5), mode="nearest-exact"), [(2, 4, 6, 3)],
    spatial)
run("upsample.volume", nn.Upsample((3, 2, 5), mode="trilinear"), [(2, 2, 3, 4, 3)], spatial)
run("upsample.area", nn.Upsample(scale_factor=0.5, mode="area"), [(2, 4, 3, 5, 2)], spatial)
run("channel_shuffle", nn.ChannelShuffle(3), [(2, 3, 2, 12)], spatial)
run("same1d", nn.Conv1d(2, 3, 4, padding="same", dilation=3), [(2, 5, 2)], spatial)
run("same1d.reflect", nn.Conv1d(2, 3, 4, padding="same", padding_mode="reflect"), [(2, 5, 2)],
    spatial)
run("same2d", nn.Conv2d(2, 4, (2, 5), padding="same", groups=2), [(2, 3, 4, 2)], spatial)
run("same2d.circular", nn.Conv2d(2, 3, (2, 3), padding="same", padding_mode="circular"),
    [(2, 3, 4, 2)], spatial)
run("same3d", nn.Conv3d(2, 3, (2, 3, 4), padding="same"), [(1, 3, 2, 4, 2)], spatial)
run("same3d.replicate", nn.Conv3d(2, 3, (4, 1, 2), padding="same", padding_mode="replicate"),
    [(1, 3, 2, 4, 2)], spatial)
run("valid", nn.Conv2d(2, 3, 2, padding="valid"), [(1, 3, 4, 2)], spatial)
run("unflatten", nn.Unflatten(1, (3, 4, 2)), [(2, 24)], lambda m, x: channels_last(m(x)))
run("unflatten.steps", nn.Unflatten(1, (4, -1)), [(2, 24)])
run("pad1d", nn.ReflectionPad1d((2, 3)), [(2, 5, 3)], spatial)
run("pad2d", nn.ConstantPad2d((1, 0, 2, -1), 0.5), [(2, 3, 4, 2)], spatial)
run("pad3d", nn.ReplicationPad3d((1, 2, 0, 3, 2, 1)), [(2, 2, 3, 4, 2)], spatial)

index = rule_integers("bag.index", (4, 5), 7)
offsets = torch.tensor([0, 3, 3, 9, 20])
for mode in ("sum", "mean", "max"):
    run(f"bag.{mode}", nn.EmbeddingBag(7, 3, mode=mode, padding_idx=2), [],
        lambda m: m(index))
    run(f"bag.{mode}.offsets", nn.EmbeddingBag(7, 3, mode=mode, include_last_offset=True), [],
        lambda m: m(index.reshape(-1), offsets))
run("bag.weighted", nn.EmbeddingBag(7, 3, mode="sum", padding_idx=-3), [(4, 5)],
    lambda m, w: m(index, per_sample_weights=w))
table = rule_tensor("pretrained.table", (7, 3)).double()
record("pretrained", nn.Embedding.from_pretrained(table, freeze=False, padding_idx=2), [],
       lambda m: m(index))


def unpooled(pool, size):
    def call(m, x):
        y, places = pool(channels_first(x), 2, return_indices=True)
        return channels_last(m(y, places, output_size=size))
    return call


run("unpool", nn.MaxUnpool2d(2), [(2, 7, 6, 3)], unpooled(nn.functional.max_pool2d, (7, 6)))
run("unpool1d", nn.MaxUnpool1d(2), [(2, 7, 3)], unpooled(nn.functional.max_pool1d, (7,)))
run("unpool3d", nn.MaxUnpool3d(2), [(1, 4, 5, 6, 2)],
    unpooled(nn.functional.max_pool3d, (4, 5, 6)))

# Three batches in training, the statistics after each, and one in evaluation.
for name, options in (("cumulative", dict(momentum=None)), ("of_batch", dict(track_running_stats=False))):
    m = set_rule_weights(nn.BatchNorm2d(3, **options).double())
    for i in range(4):
        if i == 3:
            m.eval()
        x = rule_tensor(f"{name}.x{i}", (2, 3, 4, 3)).double() * (i + 1) + i
        keep(f"{name}.y{i}", spatial(m, x))
    for key, value in m.state_dict().items():
        keep(f"{name}.state.{key}", value)

path = ROOT / "tests" / "golden" / "nn" / "small.safetensors"
save_file(dump, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
