"""Writes optimizers.json: twenty steps of each of PyTorch's optimisers with each of its options.

    python optimizers.py        (torch; a second)

Two parameters get the same synthetic gradients in every case, so that the numbers depend only on the
updates. Those of the second parameter are sparse and include steps with only zeros. A case is

    {"optimizer": "adam", "options": {"beta1": 0.9, …}, "dtype": "float64", "rates": [20 numbers],
     "parameters": [p, q after each step], "state": {"p/first_moment": after the last, …}}
"""

import json
import pathlib

import numpy
import torch

STEPS = 20
NAMES = {
    "momentum_buffer": "velocity",
    "exp_avg": "first_moment",
    "exp_avg_sq": "second_moment",
    "square_avg": "square",
    "grad_avg": "mean",
}
CASES = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.5, "nesterov": True}),
    ("adam", {}),
    ("adam", {"beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}),
    ("adam", {"beta1": 0.0, "beta2": 0.99}),
    ("adamw", {}),
    ("adamw", {"weight_decay": 0.3, "beta1": 0.8}),
    ("rmsprop", {}),
    ("rmsprop", {"decay": 0.8, "epsilon": 1e-2}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"centred": True}),
    ("rmsprop", {"centred": True, "momentum": 0.6, "decay": 0.9}),
]


def optimizer(name, options, parameters):
    rest = dict(options)
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=1, foreach=False, **rest)
    rest["eps"] = rest.pop("epsilon", 1e-8)
    if name == "rmsprop":
        rest["alpha"] = rest.pop("decay", 0.99)
        rest["centered"] = rest.pop("centred", False)
        return torch.optim.RMSprop(parameters, lr=1, foreach=False, **rest)
    rest["betas"] = rest.pop("beta1", 0.9), rest.pop("beta2", 0.999)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return kind(parameters, lr=1, foreach=False, **rest)


def case(name, options, dtype, rates, initial, gradients):
    parameters = [torch.tensor(x, dtype=dtype) for x in initial]
    steps = optimizer(name, options, parameters)
    kept = []
    for rate, step in zip(rates, gradients):
        for group in steps.param_groups:
            group["lr"] = rate
        for parameter, gradient in zip(parameters, step):
            parameter.grad = torch.tensor(gradient, dtype=dtype)
        steps.step()
        kept.append([p.flatten().tolist() for p in parameters])
    state = {
        f"{p}/{NAMES[key]}": steps.state[parameter][key].flatten().tolist()
        for p, parameter in zip("pq", parameters)
        for key in NAMES
        if steps.state[parameter].get(key) is not None
    }
    return {
        "optimizer": name,
        "options": options,
        "dtype": str(dtype).removeprefix("torch."),
        "rates": rates,
        "parameters": kept,
        "state": state,
    }


def main():
    random = numpy.random.default_rng(20240414)
    draw = lambda n: numpy.round(random.normal(size=n), 3).tolist()
    initial = [draw(3), draw(2)]
    gradients = [
        [draw(3), [0.0, 0.0] if step % 3 == 0 else [0.0, draw(1)[0] * 1e-3]]
        for step in range(STEPS)
    ]
    constant, falling = [0.05] * STEPS, [round(0.1 * 0.9**t, 6) for t in range(STEPS)]
    cases = [
        case(name, options, dtype, rates, initial, gradients)
        for name, options in CASES
        for dtype, rates in ((torch.float64, constant), (torch.float32, constant))
    ]
    cases += [
        case(name, {}, torch.float64, falling, initial, gradients) for name in ("adam", "adamw")
    ]
    path = pathlib.Path(__file__).with_name("optimizers.json")
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    head = json.dumps({"initial": initial, "gradients": gradients}, separators=(",", ":"))
    path.write_text(f'{head[:-1]},\n"cases":[\n{lines}\n]}}\n')
    print(path.name, len(cases), "cases", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
