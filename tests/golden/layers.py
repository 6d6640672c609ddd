"""Writes layers.npz: what layers make of given parameters.

    python layers.py        (numpy; a second)

Each layer is computed from its definition in float64, one step after the other where there are
steps. Arrays are called "<layer>/x" for an operand, "<layer>/<parameter>" as in dagrad, and
"<layer>:out" and the like for results.
"""

import pathlib

import numpy

random = numpy.random.default_rng(20)
arrays = {}


def draw(*shape):
    return random.normal(size=shape).round(3)


def put(layer, results, **given):
    arrays.update({f"{layer}/{name.replace('__', '/')}": array for name, array in given.items()})
    arrays.update({f"{layer}:{name}": array for name, array in results.items()})


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def add_linear():
    x, w, b = draw(2, 3, 4), draw(4, 5), draw(5)
    put("linear", {"out": numpy.einsum("abi,io->abo", x, w) + b}, x=x, w=w, b=b)


def convolved(x, w, b, stride, padding, dilation, groups):
    """One output element after the other; x [N, C, H, W]."""
    x = numpy.pad(x, [(0, 0), (0, 0)] + [(p, p) for p in padding])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:])]
    sizes = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride)]
    out = numpy.empty((len(x), len(w), *sizes))
    per_group, channels = len(w) // groups, w.shape[1]
    for n, o, i, j in numpy.ndindex(*out.shape):
        first = o // per_group * channels
        rows, columns = (
            slice(at * s, at * s + r, d)
            for at, s, r, d in zip((i, j), stride, reach, dilation)
        )
        out[n, o, i, j] = (x[n, first : first + channels, rows, columns] * w[o]).sum() + b[o]
    return out


def add_convolutions():
    x, w, b = draw(2, 4, 7, 6), draw(6, 2, 3, 3), draw(6)
    out = convolved(x, w, b, (2, 1), (1, 2), (1, 2), 2)
    put("conv2d", {"out": out}, x=x, w=w, b=b)
    x, w, b = draw(2, 4, 9), draw(6, 2, 3), draw(6)
    out = convolved(x[:, :, None], w[:, :, None], b, (1, 2), (0, 1), (1, 2), 2)
    put("conv1d", {"out": out[:, :, 0]}, x=x, w=w, b=b)


def add_batch_norm():
    """Three steps of training with the momentum 0.3, and inference with the epsilon 0.01."""
    batches, scale, shift = draw(3, 4, 2, 3), draw(2), draw(2)
    mean, variance = numpy.zeros(2), numpy.ones(2)
    outs = []
    for x in batches:
        rows = x.transpose(0, 2, 1).reshape(-1, 2)
        normal = (x - rows.mean(0)[:, None]) / numpy.sqrt(rows.var(0)[:, None] + 0.01)
        outs.append(normal * scale[:, None] + shift[:, None])
        mean = 0.7 * mean + 0.3 * rows.mean(0)
        variance = 0.7 * variance + 0.3 * rows.var(0, ddof=1)
    normal = (batches[0] - mean[:, None]) / numpy.sqrt(variance[:, None] + 0.01)
    results = {
        "training": numpy.array(outs),
        "mean": mean,
        "variance": variance,
        "inference": normal * scale[:, None] + shift[:, None],
    }
    put("batch_norm", results, x=batches, scale=scale, shift=shift)


def add_layer_norm():
    x, scale, shift = draw(3, 2, 4), draw(2, 4), draw(2, 4)
    rows = x.reshape(3, -1)
    normal = (rows - rows.mean(1)[:, None]) / numpy.sqrt(rows.var(1)[:, None] + 1e-5)
    out = normal.reshape(x.shape) * scale + shift
    put("layer_norm", {"out": out}, x=x, scale=scale, shift=shift)


def attended(x, others, heads, causal, p):
    query, key, value = (
        array @ p[f"{name}__w"] + p[f"{name}__b"]
        for name, array in (("query", x), ("key", others), ("value", others))
    )
    seen, size = numpy.empty_like(query), query.shape[-1] // heads
    for n, head in numpy.ndindex(len(x), heads):
        part = slice(head * size, (head + 1) * size)
        scores = query[n, :, part] @ key[n, :, part].T / numpy.sqrt(size)
        if causal:
            scores[numpy.triu_indices(len(scores), 1)] = -numpy.inf
        weights = numpy.exp(scores)
        seen[n, :, part] = weights / weights.sum(1)[:, None] @ value[n, :, part]
    return seen @ p["out__w"] + p["out__b"]


def add_attention():
    for layer, causal, width in (("self_attention", True, 6), ("cross_attention", False, 4)):
        sizes = {"query": 6, "key": width, "value": width, "out": 6}
        p = {f"{name}__w": draw(size, 6) for name, size in sizes.items()}
        p |= {f"{name}__b": draw(6) for name in sizes}
        x = draw(2, 5, 6)
        operands = {"x": x} if causal else {"x": x, "others": draw(2, 3, width)}
        out = attended(x, operands.get("others", x), 3, causal, p)
        put(layer, {"out": out}, **operands, **p)


def add_lstm_cell():
    """Four steps; the gates are the input, forget, cell and output gate."""
    x, input, recurrent, bias = draw(4, 2, 3), draw(3, 20), draw(5, 20), draw(20)
    hidden, memory = numpy.zeros((2, 5)), numpy.zeros((2, 5))
    for now in x:
        i, f, g, o = numpy.split(now @ input + hidden @ recurrent + bias, 4, axis=1)
        memory = sigmoid(f) * memory + sigmoid(i) * numpy.tanh(g)
        hidden = sigmoid(o) * numpy.tanh(memory)
    results = {"hidden": hidden, "memory": memory}
    put("lstm_cell", results, x=x, input=input, recurrent=recurrent, bias=bias)


def add_gru_cell():
    """Four steps; the gates are the reset gate, the update gate and the candidate."""
    x, input, recurrent = draw(4, 2, 3), draw(3, 15), draw(5, 15)
    bias, recurrent_bias = draw(15), draw(5)
    hidden = numpy.zeros((2, 5))
    for now in x:
        r, z, n = numpy.split(now @ input + bias, 3, axis=1)
        past_r, past_z, past_n = numpy.split(hidden @ recurrent, 3, axis=1)
        keep = sigmoid(z + past_z)
        candidate = numpy.tanh(n + sigmoid(r + past_r) * (past_n + recurrent_bias))
        hidden = (1 - keep) * candidate + keep * hidden
    put("gru_cell", {"hidden": hidden}, x=x, input=input, recurrent=recurrent, bias=bias,
        recurrent_bias=recurrent_bias)


if __name__ == "__main__":
    add_linear()
    add_convolutions()
    add_batch_norm()
    add_layer_norm()
    add_attention()
    add_lstm_cell()
    add_gru_cell()
    numpy.savez(pathlib.Path(__file__).parent / "layers.npz", **arrays)
    print(len(arrays), "arrays")
