"""Writes folders of small BERTs and ViTs as transformers' save_pretrained makes them, with inputs
and answers beside them; runs `strata forward` on each, has Strata save each again, opens that in
transformers, and prints the largest differences. The same for torchvision's ViT.

    python3 tools/golden/folders_bert_vit.py FOLDER [--strata build/bin/strata]
"""
import argparse
import pathlib
import subprocess

import torch
import torchvision_import  # noqa: F401
import transformers as tf
from rule_weights import rule_integers, rule_tensor
from safetensors.torch import load_file, save_file
from torchvision.models import vision_transformer

BERT = {"vocab_size": 97, "max_position_embeddings": 32, "hidden_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "intermediate_size": 100, "initializer_range": 0.3}
VIT = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 100,
       "image_size": 24, "patch_size": 8, "initializer_range": 0.3}
LEFT, RIGHT = [[0] * 4 + [1] * 7, [1] * 11], [[1] * 11, [1] * 6 + [0] * 5]
CASES = {
    "bert-plain": (tf.BertModel, tf.BertConfig(**BERT, layer_norm_eps=1e-2), None),
    "bert-mlm-left": (tf.BertForMaskedLM, tf.BertConfig(**BERT, hidden_act="relu"), LEFT),
    "bert-mlm-right": (tf.BertForMaskedLM,
                       tf.BertConfig(**BERT, hidden_act="silu", tie_word_embeddings=False), RIGHT),
    "bert-pretraining": (tf.BertForPreTraining, tf.BertConfig(**BERT, hidden_act="gelu_new"), LEFT),
    "bert-labels": (tf.BertForSequenceClassification, tf.BertConfig(**BERT, num_labels=5), RIGHT),
    "bert-tokens": (tf.BertForTokenClassification, tf.BertConfig(**BERT, num_labels=3), LEFT),
    "vit-model": (tf.ViTModel, tf.ViTConfig(**VIT, layer_norm_eps=1e-2), (24, 24)),
    "vit-labels": (tf.ViTForImageClassification,
                   tf.ViTConfig(**{**VIT, "image_size": [24, 32]}, hidden_act="gelu_new", num_labels=7),
                   (24, 32)),
    "vit-larger": (tf.ViTModel, tf.ViTConfig(**VIT, qkv_bias=False), (40, 56)),
}


def inputs_of(name, how):
    if name.startswith("vit"):
        return {"pixel_values": rule_tensor("pixel_values", (2, *how, 3)).permute(0, 3, 1, 2).contiguous()}
    inputs = {"input_ids": rule_integers("input_ids", (2, 11), 97),
              "token_type_ids": rule_integers("token_type_ids", (2, 11), 2)}
    if how is not None:
        inputs["attention_mask"] = torch.tensor(how)
    return inputs


def answers_of(model, name, inputs):
    more = {"interpolate_pos_encoding": True} if name == "vit-larger" else {}
    with torch.no_grad():
        out = model.eval()(**inputs, **more)
    return {k: v for k, v in out.items() if isinstance(v, torch.Tensor)}


def worst(got, wanted):
    return max(float((got[k] - v).abs().max()) for k, v in wanted.items())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--strata", default="build/bin/strata")
    a = p.parse_args()
    run = lambda *args: subprocess.check_call([a.strata, *map(str, args)], stdout=subprocess.DEVNULL)
    torch.set_num_threads(1)
    a.folder.mkdir(exist_ok=True)
    given, got = a.folder / "in.safetensors", a.folder / "out.safetensors"
    for name, (kind, config, how) in CASES.items():
        torch.manual_seed(0)
        model = kind(config)
        model.save_pretrained(a.folder / name)
        inputs = inputs_of(name, how)
        save_file(inputs, given)
        wanted = answers_of(model, name, inputs)
        run("forward", a.folder / name, "--input", given, "--output", got)
        saved = a.folder / (name + "-saved")
        run("convert", a.folder / name, "--output", saved)
        again = answers_of(kind.from_pretrained(saved), name, inputs)
        print(name, worst(load_file(got), wanted), "saved:", worst(again, wanted), flush=True)
    model = vision_transformer.vit_b_32().eval()
    torch.nn.init.normal_(model.heads.head.weight, 0, 0.1)
    save_file(model.state_dict(), a.folder / "b32.safetensors")
    x = rule_tensor("x", (1, 224, 224, 3)).permute(0, 3, 1, 2).contiguous()
    save_file({"pixel_values": x}, given)
    weights = a.folder / "b32.safetensors"
    run("forward", "vit_b_32", "--weights", weights, "--input", given, "--output", got)
    saved = a.folder / "b32-saved.safetensors"
    run("convert", "vit_b_32", "--weights", weights, "--output", saved)
    with torch.no_grad():
        wanted = {"logits": model(x)}
        model.load_state_dict(load_file(saved))
        again = {"logits": model(x)}
    print("vit_b_32", worst(load_file(got), wanted), "saved:", worst(again, wanted))


if __name__ == "__main__":
    main()
