"""Writes gmm.json: twenty steps of a Gaussian mixture in PyTorch.

    python gmm.py        (torch; a second)

Four components in three dimensions, forty points, two sets of them in turns, coordinates within 2
from stream 0 or 1. The parameters are made by weights.py in the order in which docs/examples/gmm.hpp
makes them, the i-th uniform from stream 100 + i, within 1. The loss is minus the mean log
posterior, a Wishart prior of gamma 0.7 and m 2 on each precision, by torch.distributions; SGD with
momentum.
"""

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Wishart

import weights

K, D, N, GAMMA, M, STEPS = 4, 3, 40, 0.7, 2, 20


def triangles(packed):
    """Lower triangles from the logs of their diagonals and the elements below them, by columns."""
    rows, columns = zip(*((row, column) for column in range(D) for row in range(column + 1, D)))
    below = torch.zeros(K, D, D, dtype=packed.dtype)
    below = below.index_put((torch.arange(K)[:, None], torch.tensor(rows), torch.tensor(columns)),
                            packed[:, D:])
    return below + torch.diag_embed(packed[:, :D].exp())


def loss(points, logits, means, packed):
    factors = triangles(packed)
    precisions = factors.mT @ factors
    mixture = MixtureSameFamily(
        Categorical(logits=logits), MultivariateNormal(means, precision_matrix=precisions)
    )
    scale = torch.eye(D, dtype=points.dtype) / GAMMA**2
    prior = Wishart(torch.tensor(D + M + 1, dtype=points.dtype), scale).log_prob(precisions)
    return -(mixture.log_prob(points).sum() + prior.sum()) / N


def losses(dtype):
    parameters = [
        torch.tensor(weights.uniform_at(100 + i, shape, 1, dtype), requires_grad=True)
        for i, shape in enumerate([(K,), (K, D), (K, D * (D + 1) // 2)])
    ]
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    for step in range(STEPS):
        value = loss(torch.tensor(weights.uniform_at(step % 2, (N, D), 2, dtype)), *parameters)
        yield value.item()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()


if __name__ == "__main__":
    weights.write_losses("gmm", losses)
