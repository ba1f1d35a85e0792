"""PyTorch's answers for tests/nn/layers/multihead_attention_test.cpp and transformer_test.cpp, on
weights by rule: outputs, weights of attention and all gradients. True in a mask leaves a key out."""
import pathlib

import torch
from rule_weights import rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
N, S, T, WIDTH, HEADS = 2, 5, 4, 8, 2
PADDING = torch.arange(S) >= torch.tensor([[S], [3]])  # [N, S]
LATER = nn.Transformer.generate_square_subsequent_mask
dump = {}


def inputs(**shapes):
    return {k: rule_tensor(k, s).double().requires_grad_() for k, s in shapes.items()}


def record(name, module, xs, run):
    """run(module, *xs) gives the output, or the output and the weights."""
    set_rule_weights(module.double())
    result = run(module, *xs.values())
    result = result if isinstance(result, tuple) else (result,)
    outputs = {k: v for k, v in zip(("y", "weights"), result) if v is not None}
    sum((v * rule_tensor("d" + k, tuple(v.shape)).double()).sum() for k, v in outputs.items()).backward()
    for k, v in outputs.items():
        dump[f"{name}.{k}"] = v.detach()
    for k, x in xs.items():
        dump[f"{name}.grad.{k}"] = x.grad
    for k, p in module.named_parameters():
        dump[f"{name}.grad.{k}"] = p.grad


def attention(**config):
    return nn.MultiheadAttention(WIDTH, HEADS, batch_first=True, **config)


# Self-attention with a floating mask and padding.
bias = rule_tensor("bias", (S, S)).double()
record("self", attention(), inputs(x=(N, S, WIDTH)),
       lambda m, x: m(x, x, x, attn_mask=bias, key_padding_mask=PADDING.double() * -1e9, need_weights=True))
# One memory as keys and values, padded.
record("memory", attention(bias=False), inputs(x=(N, T, WIDTH), memory=(N, S, WIDTH)),
       lambda m, x, y: m(x, y, y, key_padding_mask=PADDING, need_weights=False))
# Other widths, keys of its own, and a mask for each head.
blocked = rule_tensor("blocked", (N * HEADS, T, S)) > 0
record("widths", attention(kdim=6, vdim=10, add_bias_kv=True, add_zero_attn=True),
       inputs(x=(N, T, WIDTH), key=(N, S, 6), value=(N, S, 10)),
       lambda m, q, k, v: m(q, k, v, attn_mask=blocked, key_padding_mask=PADDING, need_weights=True,
                            average_attn_weights=False))
# Three inputs of one width, and what is later left out.
record("causal", attention(add_zero_attn=True),
       inputs(x=(N, T, WIDTH), key=(N, T, WIDTH), value=(N, T, WIDTH)),
       lambda m, q, k, v: m(q, k, v, attn_mask=LATER(T, dtype=torch.double), need_weights=True))

layer = {"d_model": WIDTH, "nhead": HEADS, "dim_feedforward": 12, "dropout": 0, "batch_first": True}
for name, config in {"encoder": {}, "encoder_first": {"norm_first": True, "activation": "gelu", "bias": False}}.items():
    record(name, nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer, **config), 2,
                                       None if config else nn.LayerNorm(WIDTH)),
           inputs(x=(N, S, WIDTH)), lambda m, x: m(x, src_key_padding_mask=PADDING))
for name, config in {"decoder": {}, "decoder_first": {"norm_first": True, "activation": "gelu"}}.items():
    record(name, nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer, **config), 1, nn.LayerNorm(WIDTH)),
           inputs(x=(N, T, WIDTH), memory=(N, S, WIDTH)),
           lambda m, x, y: m(x, y, tgt_mask=LATER(T, dtype=torch.double), memory_key_padding_mask=PADDING))
record("transformer", nn.Transformer(num_encoder_layers=1, num_decoder_layers=1, layer_norm_eps=1e-3, **layer),
       inputs(x=(N, S, WIDTH), tgt=(N, T, WIDTH)),
       lambda m, x, y: m(x, y, src_mask=rule_tensor("bias", (S, S)).double(),
                         src_key_padding_mask=PADDING.double() * -1e9, tgt_mask=LATER(T, dtype=torch.double),
                         memory_key_padding_mask=PADDING))
path = ROOT / "tests" / "golden" / "nn" / "transformer.safetensors"
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
