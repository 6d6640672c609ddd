"""Single ops, forward and with the gradient: the cases of ops.cpp."""

LETTERS, WORDS, VOCABULARY = (65, 128, 768), (10_000, 64, 4_096), (50_000, 256, 16_384)
TABLES = [("768 of 65x128", LETTERS), ("4096 of 10000x64", WORDS), ("16384 of 50000x256", VOCABULARY)]
ROWS = lambda *shapes: [("x".join(map(str, s)), s) for s in shapes]
SIZES = {
    "softmax": ROWS((64, 10), (256, 1_000), (4_096, 2_048)),
    "layer_norm": ROWS((32, 64), (768, 128), (8_192, 1_024)),
    "batch_norm": ROWS((32, 64, 32, 32), (32, 128, 16, 16), (32, 512, 4, 4)),
    "topk": [("5 of 64x100", (64, 100, 5)), ("10 of 256x1000", (256, 1_000, 10)), ("50 of 256x50000", (256, 50_000, 50))],
    "sort": ROWS((64, 100), (256, 1_000), (8, 100_000)),
    "cumsum": ROWS((64, 100), (256, 4_096), (2_048, 4_096)),
    "take": TABLES,
    "scatter_add": TABLES,
    "max_pool": [("64x6x28x28, 2 by 2", (64, 6, 28, 28, 2, 0)), ("32x64x32x32, 3 by 3", (32, 64, 32, 32, 3, 1)),
                 ("16x64x112x112, 3 by 3", (16, 64, 112, 112, 3, 1))],
}


def inputs(rng, name, size):
    """The float inputs, of which the gradient is taken, and the indices if there are any."""
    normal = lambda *s: rng.standard_normal(s, "float32")
    if name in ("layer_norm", "batch_norm"): return [normal(*size), normal(size[1]), normal(size[1])], None
    if name in ("take", "scatter_add"):
        rows, width, count = size
        table = [normal(rows, width)] + ([normal(count, width)] if name == "scatter_add" else [])
        return table, rng.integers(0, rows, count)
    return [normal(*size[:4 if name == "max_pool" else 2])], None


def torch_op(name, size, index):
    import torch, torch.nn.functional as F
    return {
        "softmax": lambda x: torch.softmax(x, 1),
        "layer_norm": lambda x, scale, shift: F.layer_norm(x, (size[1],), scale, shift),
        "batch_norm": lambda x, scale, shift: F.batch_norm(x, None, None, scale, shift, True),
        "topk": lambda x: torch.topk(x, size[2])[0],
        "sort": lambda x: torch.sort(x)[0],
        "cumsum": lambda x: torch.cumsum(x, 1),
        "take": lambda x: F.embedding(index, x),
        "scatter_add": lambda x, values: torch.index_add(x, 0, index, values),
        "max_pool": lambda x: F.max_pool2d(x, size[4], 2, size[5]),
    }[name]


def torch_steps(name, size, threads, compiled, arrays, index):
    """Returns the steps forward and both ways."""
    import torch
    torch.set_num_threads(threads)
    xs = [torch.tensor(a, requires_grad=True) for a in arrays]
    op = torch_op(name, size, None if index is None else torch.tensor(index))
    f = torch.compile(op) if compiled else op
    cotangent = torch.randn(op(*xs).shape)

    def forward():
        with torch.no_grad(): return f(*xs)

    def both():
        y = f(*xs)
        return y, torch.autograd.grad(y, xs, cotangent)
    return forward, both


def jax_op(name, size, index):
    import jax, jax.numpy as jnp
    from jax import lax

    def layer_norm(x, scale, shift):
        return (x - x.mean(-1, keepdims=True)) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * scale + shift

    def batch_norm(x, scale, shift):
        axes, channels = (0, 2, 3), lambda v: v[:, None, None]
        centred = x - x.mean(axes, keepdims=True)
        return centred * lax.rsqrt(x.var(axes, keepdims=True) + 1e-5) * channels(scale) + channels(shift)

    def max_pool(x):
        *_, window, padding = size
        pads = ((0, 0), (0, 0), (padding, padding), (padding, padding))
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, window, window), (1, 1, 2, 2), pads)
    return {
        "softmax": lambda x: jax.nn.softmax(x), "layer_norm": layer_norm,
        "batch_norm": batch_norm, "max_pool": max_pool,
        "topk": lambda x: lax.top_k(x, size[2])[0],
        "sort": lambda x: jnp.sort(x),
        "cumsum": lambda x: jnp.cumsum(x, 1),
        "take": lambda x: x[index],
        "scatter_add": lambda x, values: x.at[index].add(values),
    }[name]


def jax_steps(name, size, arrays, index):
    import jax, jax.numpy as jnp, numpy as np
    op, xs = jax_op(name, size, None if index is None else jnp.asarray(index)), [jnp.asarray(a) for a in arrays]
    cotangent = jnp.asarray(np.random.default_rng(1).standard_normal(jax.eval_shape(op, *xs).shape, "float32"))

    def both(cotangent, *xs):
        y, pull = jax.vjp(op, *xs)
        return y, pull(cotangent)
    f, g = jax.jit(op), jax.jit(both)
    return lambda: jax.block_until_ready(f(*xs)), lambda: jax.block_until_ready(g(cotangent, *xs))


def rows(name, system, threads):
    """Yields what is measured, its share of the time for the case, and the step."""
    import numpy as np
    for label, size in SIZES[name]:
        data = inputs(np.random.default_rng(0), name, size)
        if system.startswith("torch"): steps = torch_steps(name, size, threads, system == "torch-compile", *data)
        elif system == "jax-jit": steps = jax_steps(name, size, *data)
        else: raise SystemExit(f"{system} has no case {name}")
        for way, step in zip(("forward", "both ways"), steps): yield f"{label}, {way}", 1 / 6, step
