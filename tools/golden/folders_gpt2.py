"""Writes folders as transformers' save_pretrained makes them, with inputs and outputs beside them,
for trying `strata forward DIR` by hand; and opens what Strata saved.

    python3 tools/golden/folders_gpt2.py make FOLDER
    python3 tools/golden/folders_gpt2.py compare FOLDER    every OUT.safetensors beside its answers
    python3 tools/golden/folders_gpt2.py open SAVED FOLDER/NAME
"""
import pathlib
import sys

import torch
import torchvision_import  # noqa: F401
from rule_weights import rule_integers
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

SMALL = {"vocab_size": 97, "n_positions": 32, "n_embd": 48, "n_layer": 3, "n_head": 4,
         "initializer_range": 0.3, "bos_token_id": 0, "eos_token_id": 0}
CASES = {
    "plain": ({"layer_norm_epsilon": 1e-2}, None, {}),
    "left": ({"activation_function": "gelu", "n_inner": 100, "scale_attn_by_inverse_layer_idx": True},
             [[0] * 4 + [1] * 7, [1] * 11], {"max_shard_size": "50KB"}),
    "right": ({"activation_function": "relu", "tie_word_embeddings": False}, [[1] * 11, [1] * 6 + [0] * 5],
              {}),
    "bf16": ({}, None, {}),
    "f16": ({}, None, {}),
    "base": ({}, None, {}),
}
command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
torch.set_num_threads(1)
torch.manual_seed(0)
if command == "make":
    for name, (config, mask, options) in CASES.items():
        model = GPT2LMHeadModel(GPT2Config(**(SMALL | config))).eval()
        if name in ("bf16", "f16"):
            model = model.to({"bf16": torch.bfloat16, "f16": torch.float16}[name])
        (model.transformer if name == "base" else model).save_pretrained(folder / name, **options)
        model = model.float()
        inputs = {"input_ids": rule_integers("input_ids", (2, 11), 97)}
        if mask is not None:
            inputs["attention_mask"] = torch.tensor(mask)
        with torch.no_grad():
            logits = model(**inputs).logits
        save_file(inputs, folder / f"{name}.in.safetensors")
        save_file({"logits": logits}, folder / f"{name}.answers.safetensors")
elif command == "compare":
    for name in CASES:
        got = load_file(folder / f"{name}.out.safetensors")["logits"]
        wanted = load_file(folder / f"{name}.answers.safetensors")["logits"]
        print(name, tuple(got.shape), float((got - wanted).abs().max()))
else:
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    beside = pathlib.Path(sys.argv[3])
    with torch.no_grad():
        logits = model(**load_file(f"{beside}.in.safetensors")).logits
    print(float((logits - load_file(f"{beside}.answers.safetensors")["logits"]).abs().max()))
