"""transformers' answers for tests/models/language/gpt2_test.cpp: logits, and samples of one step's
gradients, of small networks with odd configs on weights by rule."""
import pathlib

import torch
import torchvision_import  # noqa: F401
from rule_weights import rule_integers, rule_weight
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = 12
SMALL = {"vocab_size": 97, "n_positions": 23, "n_embd": 48, "n_layer": 3, "n_head": 4,
         "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0, "bos_token_id": 0, "eos_token_id": 0}
CASES = {
    "plain": ({"layer_norm_epsilon": 1e-2}, None),
    "left": ({"activation_function": "gelu", "n_inner": 100, "layer_norm_epsilon": 1e-3,
              "scale_attn_by_inverse_layer_idx": True}, [[0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [1] * 11]),
    "right": ({"activation_function": "relu", "n_head": 3, "tie_word_embeddings": False,
               "scale_attn_weights": False}, [[1] * 11, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]]),
}
torch.set_num_threads(1)


def samples(t):
    """Evenly spaced values of t in its own order."""
    flat = t.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


dump = {}
for name, (config, mask) in CASES.items():
    model = GPT2LMHeadModel(GPT2Config(**(SMALL | config))).double().eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(rule_weight(key, tuple(p.shape)))
    ids = rule_integers("input_ids", (2, 11), 97)
    logits = model(ids, attention_mask=None if mask is None else torch.tensor(mask)).logits
    labels = rule_integers("labels", (2, 11), 97)
    if mask is not None:
        labels[torch.tensor(mask) == 0] = -100
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()).backward()
    dump[f"{name}.logits"] = logits.detach()
    grads = sorted((n, p.grad) for n, p in model.named_parameters())
    dump[f"{name}.grads"] = torch.stack([samples(g) for _, g in grads])
    dump[f"{name}.largest"] = torch.stack([g.abs().max() for _, g in grads])
path = ROOT / "tests" / "golden" / "models" / "gpt2.safetensors"
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
path.chmod(0o644)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
