"""The rows of `tests/Cai.Benchmarks -- table` in eager PyTorch on the CPU.

Called as `python pytorch_peer.py THREADS`. It prints {"torch": VERSION}, then answers each line of standard input, a request like

    {"kind": "train", "model": {...}, "dtype": "float32", "rows": 8, "read": 128, "write": 0, "epochs": 0}

with a line {"work": AMOUNT, "cpu": SECONDS, "wall": SECONDS}, until its input ends. `model` is a Cai.Models.DecoderConfig.

    product   eight products of two 1,024-square matrices; the amount is in 10^9 operations
    train     one step on `rows` texts of `read` tokens: loss, gradient, clipping, AdamW; tokens
    generate  `write` tokens drawn for each of `rows` prompts of `read` tokens; tokens drawn
    prompt    the same; tokens read
    ppo       one iteration on `rows` prompts of `read` tokens with answers of `write`: answers, scores, old
              log-probabilities and values, `epochs` updates of policy and critic; tokens drawn

What a kind of work needs is made by its first request and kept until another comes. All texts of a request have one length, which
spares PyTorch the masks that rows of many lengths need.
"""

import copy
import functools
import json
import math
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError as problem:
    sys.exit(str(problem))


class Decoder:
    """A Llama or Qwen2 decoder with a tied head: query, key and value in one product, gate and up in another."""

    def __init__(self, config, dtype=torch.float32):
        self.vocabulary, self.width = config["vocabularySize"], config["headWidth"]
        self.layers, self.heads, self.kv = config["layers"], config["heads"], config["kvHeads"]
        self.epsilon, self.dtype = config["normEpsilon"], dtype
        hidden, inner = config["hiddenSize"], config["intermediateSize"]
        joint = (self.heads + 2 * self.kv) * self.width

        def matrix(*shape, scale=0.02):
            return (torch.randn(*shape) * scale).to(dtype)

        residual = 0.02 / math.sqrt(2 * self.layers)
        self.weights = {"embed": matrix(self.vocabulary, hidden), "norm": torch.ones(hidden, dtype=dtype)}
        for i in range(self.layers):
            self.weights.update({
                (i, "norm1"): torch.ones(hidden, dtype=dtype), (i, "norm2"): torch.ones(hidden, dtype=dtype),
                (i, "qkv"): matrix(joint, hidden), (i, "out"): matrix(hidden, self.heads * self.width, scale=residual),
                (i, "gate_up"): matrix(2 * inner, hidden), (i, "down"): matrix(hidden, inner, scale=residual)})
            if config["attentionBias"]:
                self.weights[i, "bias"] = torch.zeros(joint, dtype=dtype)
        steps = torch.arange(0, self.width, 2) / self.width
        angles = torch.outer(torch.arange(config["maxPositions"]), config["ropeTheta"] ** -steps).repeat(1, 2)
        self.cos, self.sin = angles.cos().to(dtype), angles.sin().to(dtype)
        self.sin[:, :self.width // 2] *= -1  # half of a rotated vector is subtracted
        self.upper = torch.full((config["maxPositions"],) * 2, -math.inf, dtype=dtype).triu(1)

    def copy(self, head=False):
        """The same weights in memory of their own; with `head`, one more that gives a number for each token."""
        other = copy.copy(self)
        other.weights = {name: w.detach().clone() for name, w in self.weights.items()}
        if head:
            other.weights["score"] = torch.randn(1, self.weights["norm"].shape[0]) / math.sqrt(self.weights["norm"].shape[0] + 1)
        return other

    def learner(self, rate):
        """A function that makes one step of AdamW from the gradients so far, clipped."""
        weights = [w.requires_grad_(True) for w in self.weights.values()]
        adam = torch.optim.AdamW(weights, lr=rate, eps=1e-5, weight_decay=0.0, foreach=True)

        def step():
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            adam.step()
            adam.zero_grad(set_to_none=True)
        return step

    def hidden(self, ids, cache=None, start=0):
        """Final hidden states of `ids`, [rows, time]; `start` tokens of each row are in the cache."""
        end = start + ids.shape[1]
        turn = self.cos[start:end].unsqueeze(1), self.sin[start:end].unsqueeze(1)
        x = F.embedding(ids, self.weights["embed"])
        for i in range(self.layers):
            x = x + self.attention(i, self.norm(x, (i, "norm1")), turn, None if cache is None else cache[i], start)
            gate, up = F.linear(self.norm(x, (i, "norm2")), self.weights[i, "gate_up"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, self.weights[i, "down"])
        return self.norm(x, "norm")

    def norm(self, x, name):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)).to(x.dtype) * self.weights[name]

    def attention(self, i, x, turn, cache, start):
        rows, count, _ = x.shape
        qkv = F.linear(x, self.weights[i, "qkv"], self.weights.get((i, "bias"))).view(rows, count, -1, self.width)
        turned, value = qkv.split([self.heads + self.kv, self.kv], 2)
        turned = torch.addcmul(turned * turn[0], turned.roll(self.width // 2, -1), turn[1])
        query, key = turned.transpose(1, 2).split([self.heads, self.kv], 1)
        value = value.transpose(1, 2)
        if cache is not None:
            cache[0, :, :, start:start + count], cache[1, :, :, start:start + count] = key, value
            key, value = cache[0, :, :, :start + count], cache[1, :, :, :start + count]
        if count == 1:  # the heads of a group stand in for time, and keys need not be repeated
            scores = query.reshape(rows, self.kv, -1, self.width) @ key.transpose(-1, -2) / math.sqrt(self.width)
            mixed = scores.softmax(-1) @ value
        else:
            mixed = self.causal(query, *(self.repeat(t) for t in (key, value)))
        return F.linear(mixed.reshape(rows, self.heads, count, self.width).transpose(1, 2).flatten(2), self.weights[i, "out"])

    def repeat(self, x):
        return x if self.heads == self.kv else x.repeat_interleave(self.heads // self.kv, 1)

    def causal(self, query, key, value):
        if hasattr(F, "scaled_dot_product_attention"):  # from PyTorch 2.0 on
            return F.scaled_dot_product_attention(query, key, value, is_causal=True)
        count = query.shape[2]
        return (query / math.sqrt(self.width) @ key.transpose(-1, -2) + self.upper[:count, :count]).softmax(-1) @ value

    def logits(self, hidden):
        return F.linear(hidden, self.weights["embed"]).float()

    def values(self, ids):
        return F.linear(self.hidden(ids), self.weights["score"]).squeeze(-1)

    def answers(self, ids, answer):
        """Log-probability of each token of the answers, with which `ids` end, and the entropy of what it was drawn from."""
        logits = self.logits(self.hidden(ids)[:, -answer.shape[1] - 1:-1])
        every = F.log_softmax(logits, -1)
        seen = every.detach()
        return every.gather(-1, answer.unsqueeze(-1)).squeeze(-1), -(seen.exp() * seen).sum(-1)

    @torch.no_grad()
    def generate(self, ids, count):
        """`count` tokens drawn after each row of `ids`, and their log-probabilities."""
        rows, read = ids.shape
        cache = torch.empty(self.layers, 2, rows, self.kv, read + count, self.width, dtype=self.dtype)
        last, tokens, chosen = self.hidden(ids, cache)[:, -1], [], []
        for done in range(count):
            if done > 0:
                last = self.hidden(tokens[-1], cache, read + done - 1)[:, -1]
            every = F.log_softmax(self.logits(last), -1)
            tokens.append(torch.multinomial(every.exp(), 1))
            chosen.append(every.gather(1, tokens[-1]))
        return torch.cat(tokens, 1), torch.cat(chosen, 1)


def product(_):
    def run():
        a, b = torch.ones(1024, 1024), torch.ones(1024, 1024)
        for _ in range(8):
            a @ b
        return 8 * 2 * 1024 ** 3 / 1e9
    return run


def train(request):
    model = Decoder(request["model"])
    step = model.learner(1e-4)
    rows, read = request["rows"], request["read"]
    ids = torch.randint(model.vocabulary, (rows, read + 1))
    # In pieces with logits of 16 MB: from 32 MB on, glibc gives memory back and asks for it anew each time, which doubles a step's time.
    pieces = ids.split(max(1, 2 ** 22 // (model.vocabulary * read)))

    def run():
        for piece in pieces:
            logits = model.logits(model.hidden(piece[:, :-1])).flatten(0, 1)
            (F.cross_entropy(logits, piece[:, 1:].flatten(), reduction="sum") / (rows * read)).backward()
        step()
        return rows * read
    return run


@functools.lru_cache(maxsize=1)
def sampled_model(config, dtype):
    """The last model that was sampled from is kept: the next request often names the same one."""
    return Decoder(json.loads(config), getattr(torch, dtype))


def sampling(request):
    model = sampled_model(json.dumps(request["model"]), request["dtype"])
    rows, read, write = request["rows"], request["read"], request["write"]
    ids = torch.randint(model.vocabulary, (rows, read))

    def run():
        model.generate(ids, write)
        return rows * (read if request["kind"] == "prompt" else write)
    return run


def ppo(request):
    reference = Decoder(request["model"])
    policy, judge = reference.copy(), reference.copy(head=True)
    critic = judge.copy()
    learners = policy.learner(1e-6), critic.learner(1e-6)
    rows, write = request["rows"], request["write"]
    prompts = torch.randint(reference.vocabulary, (rows, request["read"]))

    def collect():
        tokens, _ = policy.generate(prompts, write)
        ids = torch.cat([prompts, tokens], 1)
        score = judge.values(ids)[:, -1]
        (old, _), (calm, _) = policy.answers(ids, tokens), reference.answers(ids, tokens)
        value = critic.values(ids)[:, -write - 1:-1]
        reward = -0.05 * (old - calm)
        reward[:, -1] += score
        advantage, carry, after = torch.zeros_like(reward), torch.zeros(rows), torch.zeros(rows)
        for t in reversed(range(write)):
            carry = reward[:, t] + after - value[:, t] + 0.95 * carry
            after, advantage[:, t] = value[:, t], carry
        returns = advantage + value
        return ids, tokens, old, value, returns, (advantage - advantage.mean()) / (advantage.var(unbiased=False) + 1e-8).sqrt()

    def update(ids, tokens, old, value, returns, advantage):
        log_probs, entropy = policy.answers(ids, tokens)
        ratio = (log_probs - old).exp()
        loss = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2)).mean()
        loss.backward()
        new = critic.values(ids)[:, -write - 1:-1]
        clipped = value + (new - value).clamp(-0.2, 0.2)
        error = 0.5 * torch.maximum((new - returns) ** 2, (clipped - returns) ** 2).mean()
        (0.1 * error).backward()
        for step in learners:
            step()
        return [float(x) for x in (loss.detach(), entropy.mean(), ratio.detach().mean(), error.detach())]

    def run():
        with torch.no_grad():
            rollout = collect()
        for _ in range(request["epochs"]):
            update(*rollout)
        return rows * write
    return run


KINDS = {"product": product, "train": train, "generate": sampling, "prompt": sampling, "ppo": ppo}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    line, run = None, None
    for request in sys.stdin:
        if request != line:
            run = None  # what the last kind of work needed is let go of before more is made
            line, run = request, KINDS[json.loads(request)["kind"]](json.loads(request))
        cpu, wall = time.process_time(), time.perf_counter()
        work = run()
        print(json.dumps({"work": work, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}), flush=True)


if __name__ == "__main__":
    main()
