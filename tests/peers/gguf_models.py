#!/usr/bin/env python3
"""Writes the files that llama.cpp reads for the rows of `table`: the same shapes, random weights, no vocabulary.

    python3 tests/peers/gguf_models.py LLAMA_CPP DIR

LLAMA_CPP is llama.cpp's source, for its package gguf-py, which needs numpy. Writes L.gguf, qwen2-0.5b-f32.gguf and qwen2-0.5b-bf16.gguf into DIR.
"""
import os
import sys

import numpy as np

# Shapes of TableRows.cs. The head is tied to the embedding.
L = dict(arch="llama", vocabulary=2048, hidden=160, layers=5, heads=4, kv_heads=2, intermediate=416, theta=1e4, epsilon=1e-5, bias=False)
QWEN2 = dict(arch="qwen2", vocabulary=151936, hidden=896, layers=24, heads=14, kv_heads=2, intermediate=4864, theta=1e6, epsilon=1e-6, bias=True)


def tensors(c):
    """Names, shapes and whether it is a matrix: vectors stay float32, as converters leave them."""
    hidden, head = c["hidden"], c["hidden"] // c["heads"]
    yield "token_embd.weight", (c["vocabulary"], hidden)
    for i in range(c["layers"]):
        wide = dict(attn_q=c["heads"] * head, attn_k=c["kv_heads"] * head, attn_v=c["kv_heads"] * head)
        for name, width in wide.items():
            yield f"blk.{i}.{name}.weight", (width, hidden)
            if c["bias"]:
                yield f"blk.{i}.{name}.bias", (width,)
        yield f"blk.{i}.attn_output.weight", (hidden, wide["attn_q"])
        for name in ("ffn_gate", "ffn_up"):
            yield f"blk.{i}.{name}.weight", (c["intermediate"], hidden)
        yield f"blk.{i}.ffn_down.weight", (hidden, c["intermediate"])
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{i}.{name}.weight", (hidden,)
    yield "output_norm.weight", (hidden,)


def write(gguf, path, c, kind):
    out = gguf.GGUFWriter(path, c["arch"])
    out.add_vocab_size(c["vocabulary"])
    out.add_tokenizer_model("none")
    out.add_context_length(1024)
    out.add_embedding_length(c["hidden"])
    out.add_block_count(c["layers"])
    out.add_feed_forward_length(c["intermediate"])
    out.add_head_count(c["heads"])
    out.add_head_count_kv(c["kv_heads"])
    out.add_rope_dimension_count(c["hidden"] // c["heads"])
    out.add_rope_freq_base(c["theta"])
    out.add_layer_norm_rms_eps(c["epsilon"])
    draw = np.random.default_rng(1)
    for name, shape in tensors(c):
        if len(shape) == 1:
            out.add_tensor(name, np.full(shape, 0 if name.endswith("bias") else 1, dtype=np.float32))
            continue
        values = draw.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        if kind == gguf.GGMLQuantizationType.F32:
            out.add_tensor(name, values)
        else:
            out.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    source, folder = sys.argv[1:]
    sys.path.insert(0, os.path.join(source, "gguf-py"))
    import gguf
    full, half = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.BF16
    for name, shape, kind in (("L.gguf", L, full), ("qwen2-0.5b-f32.gguf", QWEN2, full), ("qwen2-0.5b-bf16.gguf", QWEN2, half)):
        write(gguf, os.path.join(folder, name), shape, kind)
        print(name)


if __name__ == "__main__":
    main()
