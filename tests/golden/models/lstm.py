"""Writes lstm.json: twenty steps of a small LSTM in PyTorch.

    python lstm.py        (torch; a second)

Two layers, 12 wide, 11 tokens, batches of 3 texts of 7 tokens, two in turns, each read on from the
state that the one before has left. All weights are made by weights.py, in the order in which
docs/examples/lstm.hpp makes them: the i-th is uniform from stream 100 + i, within 0.5.
"""

import torch
import torch.nn.functional as F

import weights

LAYERS, WIDTH, VOCABULARY, BATCH, LENGTH, STEPS = 2, 12, 11, 3, 7, 20


class Lstm:
    def __init__(self, dtype):
        self.dtype, self.weights = dtype, []
        self.table = self.weight(VOCABULARY, WIDTH)
        self.layers = [
            (self.weight(WIDTH, 4 * WIDTH), self.weight(4 * WIDTH), self.weight(WIDTH, 4 * WIDTH))
            for _ in range(LAYERS)
        ]
        self.head = self.weight(WIDTH, VOCABULARY), self.weight(VOCABULARY)
        zeros = torch.zeros(LAYERS, BATCH, WIDTH, dtype=self.table.dtype)
        self.state = zeros, zeros

    def weight(self, *shape):
        made = weights.uniform_at(100 + len(self.weights), shape, 0.5, self.dtype)
        self.weights.append(torch.tensor(made, requires_grad=True))
        return self.weights[-1]

    def loss(self, tokens, following):
        flat = []  # for each layer, as torch.lstm takes them: w, recurrent, and two biases
        for w, b, recurrent in self.layers:
            flat += [w.T, recurrent.T, b, torch.zeros_like(b)]
        x = self.table[tokens]
        x, *state = torch.lstm(x, self.state, flat, True, LAYERS, 0.0, True, False, True)
        self.state = tuple(s.detach() for s in state)
        logits = x @ self.head[0] + self.head[1]
        return F.cross_entropy(logits.view(-1, VOCABULARY), following.reshape(-1))


def losses(dtype):
    lstm = Lstm(dtype)
    optimizer = torch.optim.Adam(lstm.weights, lr=1e-2)
    for step in range(STEPS):
        text = torch.tensor(weights.integers_at(step % 2, (BATCH, LENGTH + 1), VOCABULARY))
        loss = lstm.loss(text[:, :-1], text[:, 1:])
        yield loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    weights.write_losses("lstm", losses)
