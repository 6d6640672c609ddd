"""Writes optimizers_numpy.json: steps of optimisers that PyTorch lacks or that are as short here.

    python optimizers_numpy.py        (numpy; a second)

The formulas are those of the papers: Duchi, Hazan and Singer 2011 for adagrad, You et al. 2020,
algorithm 2, for lamb. Parameters, gradients and format are those of optimizers.json.
"""

import json
import pathlib

import numpy

CASES = [
    ("adagrad", {}),
    ("adagrad", {"epsilon": 1e-2}),
    ("lamb", {}),
    ("lamb", {"weight_decay": 0.0, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}),
    ("lamb", {"weight_decay": 0.3, "beta1": 0.0}),
]


def adagrad(p, g, t, rate, state, epsilon=1e-10):
    state["square_sum"] = state.get("square_sum", 0 * p) + g * g
    return p - rate * g / (numpy.sqrt(state["square_sum"]) + epsilon)


def lamb(p, g, t, rate, state, weight_decay=0.01, beta1=0.9, beta2=0.999, epsilon=1e-6):
    m = state["first_moment"] = beta1 * state.get("first_moment", 0 * p) + (1 - beta1) * g
    v = state["second_moment"] = beta2 * state.get("second_moment", 0 * p) + (1 - beta2) * g * g
    ratio = (m / (1 - beta1**t)) / (numpy.sqrt(v / (1 - beta2**t)) + epsilon)
    update = ratio + weight_decay * p
    norms = numpy.linalg.norm(p), numpy.linalg.norm(update)
    trust = norms[0] / norms[1] if norms[0] > 0 and norms[1] > 0 else 1
    return p - rate * trust * update


def case(name, options, dtype, rates, initial, gradients):
    wide = lambda x: numpy.array(x, dtype).astype(numpy.longdouble)
    parameters, states = [wide(x) for x in initial], [{}, {}]
    kept = []
    for t, (rate, step) in enumerate(zip(rates, gradients), 1):
        parameters = [
            {"adagrad": adagrad, "lamb": lamb}[name](p, wide(g), t, rate, state, **options)
            for p, g, state in zip(parameters, step, states)
        ]
        kept.append([p.astype(float).tolist() for p in parameters])
    state = {
        f"{p}/{key}": values.astype(float).tolist()
        for p, remembered in zip("pq", states)
        for key, values in remembered.items()
    }
    return {"optimizer": name, "options": options, "dtype": dtype, "rates": rates,
            "parameters": kept, "state": state}


def main():
    folder = pathlib.Path(__file__).parent
    torch = json.loads((folder / "optimizers.json").read_text())
    initial, gradients = torch["initial"], torch["gradients"]
    constant = [0.05] * len(gradients)
    falling = [round(0.1 * 0.9**t, 6) for t in range(len(gradients))]
    cases = [
        case(name, options, dtype, constant, initial, gradients)
        for name, options in CASES
        for dtype in ("float64", "float32")
    ]
    cases.append(case("lamb", {}, "float64", falling, initial, gradients))
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    head = json.dumps({"initial": initial, "gradients": gradients}, separators=(",", ":"))
    (folder / "optimizers_numpy.json").write_text(f'{head[:-1]},\n"cases":[\n{lines}\n]}}\n')
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
