"""Writes nanogpt.json: twenty steps of a small GPT-2 in PyTorch.

    python nanogpt.py        (torch; a second)

Two blocks, four heads, 32 wide, a context of 16, 19 tokens, batches of 3, two in turns. All
weights are made by weights.py, in the order in which docs/examples/nanogpt.hpp makes them: the i-th
is uniform from stream 100 + i, within ±0.3, plus 1 if it scales a normalisation. The gradient of the
bias of the keys is only rounding error, which AdamW turns into whole steps, but no loss depends on
it, so float32 stays within 1e-6 of float64.
"""

import torch
import torch.nn.functional as F

import weights

LAYERS, HEADS, WIDTH, CONTEXT, VOCABULARY, BATCH, STEPS = 2, 4, 32, 16, 19, 3, 20


class Gpt:
    def __init__(self, dtype):
        self.dtype, self.weights = dtype, []
        self.table, self.position = self.weight(VOCABULARY, WIDTH), self.weight(CONTEXT, WIDTH)
        self.blocks = [
            (self.norm(), self.linear(3 * WIDTH), self.linear(WIDTH), self.norm())
            + (self.linear(4 * WIDTH), self.linear(WIDTH, 4 * WIDTH))
            for _ in range(LAYERS)
        ]
        self.last = self.norm()

    def weight(self, *shape, centre=0):
        made = weights.uniform_at(100 + len(self.weights), shape, 0.3, self.dtype)
        self.weights.append(torch.tensor(made + made.dtype.type(centre), requires_grad=True))
        return self.weights[-1]

    def norm(self):
        return self.weight(WIDTH, centre=1), self.weight(WIDTH)

    def linear(self, out, inputs=WIDTH):
        return self.weight(inputs, out), self.weight(out)

    def loss(self, tokens, following):
        x = self.table[tokens] + self.position
        for norm1, into, out, norm2, up, down in self.blocks:
            q, k, v = (
                part.view(BATCH, CONTEXT, HEADS, -1).transpose(1, 2)
                for part in apply(into, normalized(norm1, x)).split(WIDTH, -1)
            )
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + apply(out, seen.transpose(1, 2).reshape(BATCH, CONTEXT, WIDTH))
            x = x + apply(down, F.gelu(apply(up, normalized(norm2, x))))
        logits = normalized(self.last, x) @ self.table.T
        return F.cross_entropy(logits.view(-1, VOCABULARY), following.reshape(-1))


def normalized(norm, x):
    return F.layer_norm(x, (WIDTH,), *norm)


def apply(linear, x):
    return x @ linear[0] + linear[1]


def losses(dtype):
    gpt = Gpt(dtype)
    optimizer = torch.optim.AdamW(gpt.weights, lr=3e-3, weight_decay=0.1)
    for step in range(STEPS):
        text = torch.tensor(weights.integers_at(step % 2, (BATCH, CONTEXT + 1), VOCABULARY))
        loss = gpt.loss(text[:, :-1], text[:, 1:])
        yield loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    weights.write_losses("nanogpt", losses)
