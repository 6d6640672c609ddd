"""Writes xor.json: twenty training runs of the XOR network in plain numpy, some of which get stuck.

    python xor.py        (numpy; a few seconds)

The network is 2-3-1 with sigmoids, half squared errors, full batches and plain gradient descent.
A run contains its initial weights, the gradients of its first epoch, the cost (the mean of the half
squared errors) at some epochs, and output, prediction and accuracy of its last one, all before
that epoch's update. The last bit of numpy's exp depends on the instruction set, so results of other
machines differ by up to 1e-15.
"""

import json
import pathlib

import numpy as np

X, Y = np.array([[1, 1], [0, 1], [1, 0], [0, 0]]), np.array([[0], [1], [1], [0]])
RATE, EPOCHS, KEPT = 0.5, 2500, (0, 1, 2, 10, 100, 1000, 2499)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(w1, b1, w2, b2):
    a1 = sigmoid(X.dot(w1) + b1)
    a2 = sigmoid(a1.dot(w2) + b2)
    dz2 = (a2 - Y) * a2 * (1 - a2)
    dz1 = dz2.dot(w2.T) * a1 * (1 - a1)
    return a2, (
        X.T.dot(dz1),
        dz1.sum(axis=0, keepdims=True),
        a1.T.dot(dz2),
        dz2.sum(axis=0, keepdims=True),
    )


def named(arrays):
    return {name: x.tolist() for name, x in zip(("w1", "b1", "w2", "b2"), arrays)}


def train(seed):
    rng = np.random.default_rng(seed)
    w1, w2, b1, b2 = (rng.uniform(-1, 1, size=s) for s in ((2, 3), (3, 1), (1, 3), (1, 1)))
    weights = (w1, b1, w2, b2)
    run = {"seed": seed, **named(weights), "cost": {}}
    for epoch in range(EPOCHS):
        out, steps = gradients(*weights)
        if epoch == 0:
            run["gradients"] = named(steps)
        if epoch in KEPT:
            run["cost"][str(epoch)] = float(np.mean((Y - out) ** 2 / 2))
        weights = tuple(w - RATE * step for w, step in zip(weights, steps))
    run["prediction"] = (out > 0.5).astype(int).ravel().tolist()
    run["output"] = out.ravel().tolist()
    run["accuracy"] = float(np.mean((out > 0.5) == Y))
    return run


def main():
    runs = [train(seed) for seed in range(20)]
    path = pathlib.Path(__file__).with_name("xor.json")
    path.write_text(json.dumps({"learning_rate": RATE, "epochs": EPOCHS, "runs": runs}, indent=1))
    print("accuracies", [run["accuracy"] for run in runs])


if __name__ == "__main__":
    main()
