"""PyTorch's answers for strata/opcases/attention.cpp. Causal masks are made by hand where the
number of queries is not that of the keys: here the queries are the last of the sequence."""
import torch
import torch.nn.functional as F
from rule import Input, family


def heads(length, width):
    return Input((2, 3, length, width), -2, 2)


def later(q, k, mask=None):
    """What a causal query sees, and what `mask` leaves of it."""
    queries, keys = q.shape[2], k.shape[2]
    seen = torch.arange(keys)[None] <= torch.arange(queries)[:, None] + keys - queries
    if mask is None or mask.dtype == torch.bool:
        return seen if mask is None else seen & mask
    return mask.masked_fill(~seen, -torch.inf)


def causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=later(q, k))


cases = family("attention")
cases.add("attention", [heads(4, 5), heads(7, 5), heads(7, 3)], F.scaled_dot_product_attention)
cases.add("attention/causal", [heads(6, 5)] * 3,
          lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))
cases.add("attention/causal_cache", [heads(3, 5), heads(7, 5), heads(7, 5)], causal)
cases.add("attention/causal_short", [heads(7, 5), heads(4, 5), heads(4, 5)], causal)
cases.add("attention/scale", [heads(5, 5)] * 3,
          lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3))
cases.add("attention/one", [heads(1, 5), heads(9, 5), heads(9, 5)], causal)
cases.add("attention_weights", [heads(4, 5), heads(7, 5)],
          lambda q, k: torch.softmax(q @ k.mT / 5**0.5, -1))
cases.add("attention_weights/causal", [heads(3, 5), heads(7, 5)],
          lambda q, k: torch.softmax((0.3 * q @ k.mT).masked_fill(~later(q, k), -torch.inf), -1))
cases.add("attention/blocks", [Input((1, 1, 50, 1)), Input((1, 1, 259, 1)), Input((1, 1, 259, 1))],
          causal)


def masked(name, mask, boolean, is_causal=False):
    def f(q, k, v, m):
        m = m > 0 if boolean else m
        if is_causal:
            m = later(q, k, m)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=m)

    cases.add(name, [heads(4, 5), heads(7, 5), heads(7, 3), mask], f)


rows = Input((4, 7), -1, 1, grad=False)
masked("attention/bool_mask", rows, True)
masked("attention/padding", Input((2, 1, 1, 7), -1, 1, grad=False), True, True)
masked("attention/dead_rows", Input((2, 1, 4, 1), -1, 1, grad=False), True)
masked("attention/added", rows, False)
masked("attention/bias", Input((3, 4, 7), -1, 1), False, True)


def packed(x):
    q, k, v = (t.view(2, 6, 2, 4).transpose(1, 2) for t in x.chunk(3, -1))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return y.transpose(1, 2).reshape(2, 6, 8)


cases.add("attention/packed", [Input((2, 6, 24), -2, 2)], packed)
cases.add("attention/split", [Input((2, 6, 24), -2, 2)], packed)
cases.write()
