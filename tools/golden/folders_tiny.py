"""Writes tests/golden/folders: very small model folders as transformers' save_pretrained and
sentence-transformers leave them, and beside each what goes in and what transformers makes of it.

    python3 tools/golden/folders_tiny.py

Weights are rounded to the dtype of their file before anything is computed.
"""
import json
import pathlib
import shutil

import numpy as np
import torch
import torchvision_import  # noqa: F401
import transformers as tf
from PIL import Image
from rule_weights import rule_integers, rule_tensor
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/folders"
LEFT, RIGHT = [[0] * 4 + [1] * 7, [1] * 11], [[1] * 11, [1] * 6 + [0] * 5]
GPT2 = {"vocab_size": 97, "n_positions": 16, "n_embd": 48, "n_layer": 3, "n_head": 4, "n_inner": 20,
        "initializer_range": 0.3, "bos_token_id": 0, "eos_token_id": 0}
BERT = {"vocab_size": 97, "max_position_embeddings": 16, "hidden_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "intermediate_size": 10, "initializer_range": 0.3}
VIT = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 20,
       "patch_size": 8, "initializer_range": 0.3}
COLOURS = ["red", "green", "blue", "light \"grey\"", "black", "white", "gold"]
LABELS = {"id2label": dict(enumerate(COLOURS)), "label2id": {c: i for i, c in enumerate(COLOURS)}}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "paris", "is", "the", "of", "france",
         "capital", "cat", "dog", "a", "un", "##hap", "##py", "green", "tea"]
VOCABULARY = (WORDS + [c for c in "bcdefghijklmnopqrstuvwxyz"] + ["##" + c for c in
              "abcdefghijklmnopqrstuvwxyz"] + [f"[unused{i}]" for i in range(97)])[:97]
TEXTS = ["The cat is unhappy.", "Green tea", "Paris, the capital of France is a dog of the cat."]


def random_model(kind, config, dtype, **more):
    torch.manual_seed(0)
    model = kind(config, **more)
    with torch.no_grad():
        for p in model.parameters():  # norms and biases too
            p.add_(0.1 * torch.randn_like(p))
    return model.to(dtype).eval()


def answers(model, inputs):
    with torch.no_grad():
        out = model.float()(**inputs)
    return {k: v.contiguous() for k, v in out.items() if isinstance(v, torch.Tensor)}


def keep(name, model, inputs, **how):
    model.save_pretrained(OUT / name, **how)
    save_file(inputs, OUT / f"{name}.in.safetensors")
    save_file(answers(model, inputs), OUT / f"{name}.out.safetensors")


def tokens(mask, types=True):
    inputs = {"input_ids": rule_integers("input_ids", (2, 11), 97), "attention_mask": torch.tensor(mask)}
    if types:
        inputs["token_type_ids"] = rule_integers("token_type_ids", (2, 11), 2)
    return inputs


def pictures(height, width):
    return {"pixel_values": rule_tensor("x", (2, height, width, 3)).permute(0, 3, 1, 2).contiguous()}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_vocabulary(folder):
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})


def gpt2():
    model = random_model(tf.GPT2LMHeadModel, tf.GPT2Config(
        **GPT2, activation_function="gelu", layer_norm_epsilon=1e-2,
        scale_attn_by_inverse_layer_idx=True), torch.float32)
    keep("gpt2-shards", model, tokens(LEFT, types=False), max_shard_size="80KB")
    model = random_model(tf.GPT2Model, tf.GPT2Config(**GPT2, activation_function="relu"), torch.bfloat16)
    keep("gpt2-bare", model, tokens(RIGHT, types=False))


def bert_masks():
    """As the first BERTs were published: gamma and beta, and a .bin."""
    model = random_model(tf.BertForMaskedLM, tf.BertConfig(**BERT, hidden_act="gelu_new"), torch.float16)
    folder = OUT / "bert-masks"
    keep("bert-masks", model.half(), tokens(LEFT))
    (folder / "model.safetensors").unlink()
    old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
           for k, v in model.half().state_dict().items() if k != "cls.predictions.decoder.weight"}
    torch.save(old, folder / "pytorch_model.bin")
    write_vocabulary(folder)
    text = "Paris is the [MASK] of France."
    tokenizer = tf.BertTokenizer(str(folder / "vocab.txt"))
    ids = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        shares = model.float()(**ids).logits[0, ids.input_ids[0].tolist().index(4)].softmax(-1)
    best = shares.topk(5)
    save_file({"ids": ids.input_ids, "fills": best.indices, "probabilities": best.values},
              OUT / "bert-masks.fills.safetensors")


def bert_sentences():
    """A folder of sentence-transformers; the network has no pooler."""
    model = random_model(tf.BertModel, tf.BertConfig(**BERT, hidden_act="relu", layer_norm_eps=1e-2),
                         torch.bfloat16, add_pooling_layer=False)
    folder = OUT / "bert-sentences"
    keep("bert-sentences", model, tokens(RIGHT))
    write_vocabulary(folder)
    kinds = [("", "models.Transformer"), ("1_Pooling", "models.Pooling"), ("2_Normalize", "models.Normalize")]
    write_json(folder / "modules.json",
               [{"idx": i, "name": str(i), "path": path, "type": "sentence_transformers." + kind}
                for i, (path, kind) in enumerate(kinds)])
    write_json(folder / "1_Pooling/config.json",
               {"word_embedding_dimension": 48, "pooling_mode_cls_token": False,
                "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
                "pooling_mode_mean_sqrt_len_tokens": False})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": False})
    tokenizer = tf.BertTokenizer(str(folder / "vocab.txt"))
    out = {}
    rows = tokenizer(TEXTS, padding=True, truncation=True, max_length=12, return_tensors="pt")
    with torch.no_grad():
        hidden = model.float()(**rows).last_hidden_state
    mask = rows.attention_mask[..., None]
    for name, pooled in [("mean", (hidden * mask).sum(1) / mask.sum(1)), ("cls", hidden[:, 0])]:
        out[name] = pooled.contiguous()
        out[name + ".normal"] = torch.nn.functional.normalize(pooled, dim=1)
        out[name + ".cosine"] = out[name + ".normal"] @ out[name + ".normal"].T
    save_file(out, OUT / "bert-sentences.vectors.safetensors")


def bert_labels():
    config = tf.BertConfig(**BERT, hidden_act="silu", **LABELS)
    keep("bert-labels", random_model(tf.BertForSequenceClassification, config, torch.bfloat16), tokens(RIGHT))
    config = tf.BertConfig(**BERT, tie_word_embeddings=False)
    keep("bert-untied", random_model(tf.BertForMaskedLM, config, torch.float16), tokens(LEFT))


def vit():
    config = tf.ViTConfig(**VIT, image_size=[24, 32], hidden_act="gelu_new", **LABELS)
    keep("vit-labels", random_model(tf.ViTForImageClassification, config, torch.bfloat16), pictures(24, 32))
    config = tf.ViTConfig(**VIT, image_size=24, layer_norm_eps=1e-2)
    keep("vit-model", random_model(tf.ViTModel, config, torch.float16), pictures(24, 24))


def photos():
    """One picture as ViT's image processor prepares it; the configs stand in the metadata."""
    rng = np.random.default_rng(1)
    picture = np.kron(rng.integers(0, 256, (7, 10, 3)), np.ones((3, 3, 1))).astype(np.uint8)
    configs = {
        "plain": {"size": {"height": 24, "width": 32}},
        "old": {"size": 16, "do_normalize": True, "image_mean": [0.485, 0.456, 0.406],
                "image_std": [0.229, 0.224, 0.225]},
        "bicubic": {"size": {"height": 11, "width": 40}, "resample": 3, "rescale_factor": 0.01},
        "as_is": {"do_resize": False, "do_normalize": False},
        "bytes": {"size": {"height": 9, "width": 7}, "resample": 1, "do_rescale": False},
        "shorter": {"size": {"shortest_edge": 14}, "do_center_crop": True, "resample": 4,
                    "crop_size": {"height": 13, "width": 11}},
        "nearest": {"size": {"height": 8, "width": 45}, "resample": 0, "do_normalize": False},
        "hamming": {"size": {"height": 8, "width": 45}, "resample": 5},
    }
    tensors = {"picture": torch.from_numpy(picture)}
    for name, config in configs.items():
        size = config.get("size")
        given = config | ({"size": {"height": size, "width": size}} if isinstance(size, int) else {})
        out = tf.ViTImageProcessorPil(**given)(images=Image.fromarray(picture), return_tensors="pt")
        tensors[name] = out.pixel_values.permute(0, 2, 3, 1).float().contiguous()
    save_file(tensors, OUT / "photos.safetensors", {k: json.dumps(v) for k, v in configs.items()})


def diffusers_unet():
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
    torch.manual_seed(0)
    net = UNet2DModel(sample_size=8, in_channels=3, out_channels=3, center_input_sample=False,
                      block_out_channels=(8, 12), layers_per_block=1, norm_num_groups=4, norm_eps=1e-3,
                      down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=None,
                      up_block_types=("AttnUpBlock2D", "UpBlock2D"), downsample_padding=0,
                      flip_sin_to_cos=True, freq_shift=0).eval()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    net = net.half()
    steps = DDPMScheduler(num_train_timesteps=100, beta_schedule="squaredcos_cap_v2")
    DDPMPipeline(unet=net, scheduler=steps).save_pretrained(OUT / "diffusers-unet")
    x = rule_tensor("x", (2, 8, 8, 3)).permute(0, 3, 1, 2).contiguous()
    t = torch.tensor([3, 71])
    with torch.no_grad():
        noise = net.float()(x, t).sample
    save_file({"x": x, "t": t}, OUT / "diffusers-unet.in.safetensors")
    save_file({"noise": noise}, OUT / "diffusers-unet.out.safetensors")


torch.set_num_threads(1)
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)
for make in (gpt2, bert_masks, bert_sentences, bert_labels, vit, photos, diffusers_unet):
    make()
