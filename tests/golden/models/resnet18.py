"""Writes resnet18.json and resnet18_running.json: twenty steps of a narrow ResNet-18 in PyTorch,
and the losses of a batch that is never learnt, by the running statistics before each of them.

    python resnet18.py        (torch; a minute)

8, 16, 32 and 64 channels, batches of 4 images [3, 32, 32], two in turns: images uniform in [-1, 1)
from streams 0 and 1, labels from streams 10 and 11; 2 and 12 for the batch that is never learnt.
All weights are made by weights.py, in the order in which docs/examples/resnet18.hpp makes them: the
i-th is uniform from stream 100 + i, within 1 / sqrt(fan in) where it is a kernel or matrix, else
within 0.1, or 1 more where it scales a normalisation. In float32 the shifts are 1 more, too, which
keeps most elements off the kink of ReLU: one that rounding takes to the other side of it shows in
the third digit of all later losses. That none is, is asserted here of runs with rounding's noise.
"""

import torch
import torch.nn.functional as F

import weights

WIDTH, BATCH, RATE, STEPS = 8, 4, 0.005, 20


class ResNet18:
    def __init__(self, dtype, shift):
        self.dtype, self.shift, self.weights, self.training, self.noise = dtype, shift, [], True, 0
        inputs = WIDTH
        self.stem, self.blocks = self.convolution(3, inputs, 3), []
        for stage in range(4):
            for block in range(2):
                stride, out = 2 if stage and not block else 1, WIDTH << stage
                layers = [self.convolution(inputs, out, 3), self.convolution(out, out, 3)]
                if inputs != out:
                    layers.append(self.convolution(inputs, out, 1))
                self.blocks.append((stride, layers))
                inputs = out
        self.head = self.weight(inputs, 10, bound=inputs**-0.5), self.weight(10)

    def weight(self, *shape, bound=0.1, centre=0):
        made = weights.uniform_at(100 + len(self.weights), shape, bound, self.dtype)
        self.weights.append(torch.tensor(made + made.dtype.type(centre), requires_grad=True))
        return self.weights[-1]

    def convolution(self, inputs, out, size):
        kernel = self.weight(out, inputs, size, size, bound=(inputs * size * size) ** -0.5)
        scale, shift = self.weight(out, centre=1), self.weight(out, centre=self.shift)
        mean, variance = torch.zeros_like(shift), torch.ones_like(shift)
        return kernel, scale, shift, mean, variance

    def convolve(self, x, layer, stride=1):
        kernel, scale, shift, mean, variance = layer
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        x = F.batch_norm(x, mean, variance, scale, shift, self.training)
        return x * (1 + self.noise * torch.randn_like(x)) if self.noise else x

    def loss(self, images, labels, training=True):
        self.training = training
        x = F.relu(self.convolve(images, self.stem))
        for stride, layers in self.blocks:
            hidden = F.relu(self.convolve(x, layers[0], stride))
            residual = self.convolve(hidden, layers[1])
            x = F.relu(residual + (self.convolve(x, layers[2], stride) if layers[2:] else x))
        return F.cross_entropy(x.mean((2, 3)) @ self.head[0] + self.head[1], labels)


def losses(dtype, shift, noise=0):
    """Losses before each step: of its batch, and of the batch that is not trained on."""
    model = ResNet18(dtype, shift)
    model.noise = noise
    optimizer = torch.optim.SGD(model.weights, lr=RATE)
    batches = [
        (
            torch.tensor(weights.uniform_at(i, (BATCH, 3, 32, 32), 1, dtype)),
            torch.tensor(weights.integers_at(10 + i, (BATCH,), 10)),
        )
        for i in range(3)
    ]
    for step in range(STEPS):
        with torch.no_grad():
            unseen = model.loss(*batches[2], training=False)
        loss = model.loss(*batches[step % 2])
        yield loss.item(), unseen.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def assert_steady(dtype, shift, eps, rtol):
    """Checks that the losses agree with float64 within rtol, despite noise in normalised elements."""
    want = torch.tensor(list(losses("float64", shift)), dtype=torch.float64)
    for seed in range(10):
        torch.manual_seed(seed)
        noisy = torch.tensor(list(losses(dtype, shift, eps)), dtype=torch.float64)
        torch.testing.assert_close(noisy, want, rtol=rtol, atol=0)


if __name__ == "__main__":
    assert_steady("float32", 1, 2**-23, 2e-6)
    assert_steady("float64", 0, 2**-52, 2e-12)
    runs = {
        dtype: list(zip(*losses(dtype, shift))) for dtype, shift in (("float32", 1), ("float64", 0))
    }
    weights.write_losses("resnet18", lambda dtype: runs[dtype][0])
    weights.write_losses("resnet18_running", lambda dtype: runs[dtype][1])
