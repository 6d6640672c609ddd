"""Writes lenet5.json: twenty steps of LeNet-5 in PyTorch.

    python lenet5.py        (torch; seconds)

The original sizes, batches of 8, two in turns: images uniform in [-1, 1) from streams 0 and 1,
labels from streams 10 and 11. All weights are made by weights.py, in the order in which
docs/examples/lenet5.hpp makes them: the i-th is uniform from stream 100 + i, within
1 / sqrt(fan in), as PyTorch has it.
"""

import torch
import torch.nn.functional as F

import weights

BATCH, RATE, STEPS = 8, 0.1, 20
CONVOLUTIONS = [(6, 1, 2), (16, 6, 0)]  # out, in, padding
DENSE = [(400, 120), (120, 84), (84, 10)]


class LeNet5:
    def __init__(self, dtype):
        self.dtype, self.weights = dtype, []
        for out, inputs, _ in CONVOLUTIONS:
            self.weight(25 * inputs, out, inputs, 5, 5), self.weight(25 * inputs, out)
        for inputs, out in DENSE:
            self.weight(inputs, inputs, out), self.weight(inputs, out)

    def weight(self, fan_in, *shape):
        made = weights.uniform_at(100 + len(self.weights), shape, fan_in**-0.5, self.dtype)
        self.weights.append(torch.tensor(made, requires_grad=True))

    def loss(self, images, labels):
        x, pairs = images, list(zip(self.weights[::2], self.weights[1::2]))
        for (kernel, bias), (_, _, padding) in zip(pairs, CONVOLUTIONS):
            x = F.max_pool2d(F.relu(F.conv2d(x, kernel, bias, padding=padding)), 2)
        x = x.flatten(1)
        for w, bias in pairs[2:-1]:
            x = F.relu(x @ w + bias)
        return F.cross_entropy(x @ pairs[-1][0] + pairs[-1][1], labels)


def losses(dtype):
    model = LeNet5(dtype)
    optimizer = torch.optim.SGD(model.weights, lr=RATE, momentum=0.9)
    for step in range(STEPS):
        images = torch.tensor(weights.uniform_at(step % 2, (BATCH, 1, 28, 28), 1, dtype))
        loss = model.loss(images, torch.tensor(weights.integers_at(10 + step % 2, (BATCH,), 10)))
        yield loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    weights.write_losses("lenet5", losses)
