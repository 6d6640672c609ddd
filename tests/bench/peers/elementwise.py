"""A chain of elementwise ops, summed over rows: the case of elementwise.cpp."""

SHAPE = 10_000, 1_000


def value(x, row):
    shifted = x + row
    scaled = 1.5 * shifted - 0.25
    damped = scaled / (1 + scaled * scaled)
    weighted = damped * (2 - row)
    cubed = weighted * weighted * weighted
    return (0.9 * cubed + 0.1 * (cubed * cubed)).sum(1)


def numpy_step(x, row, of_row):
    def step():
        a = 1.5 * (x + row) - 0.25
        s = a * a
        t = 1 + s
        b = a / t
        w = 2 - row
        c = b * w
        cc = c * c
        d = cc * c
        y = (0.9 * d + 0.1 * (d * d)).sum(1)
        dc = (0.9 + 0.2 * d) * (3 * cc)
        dx = dc * w * ((1 - s) / (t * t)) * 1.5
        return y, dx, (dx - dc * b).sum(0) if of_row else None
    return step


def torch_step(x, row, of_row, threads, compiled):
    import torch
    torch.set_num_threads(threads)
    x, row = torch.tensor(x, requires_grad=True), torch.tensor(row, requires_grad=of_row)
    f, ones = torch.compile(value) if compiled else value, torch.ones(SHAPE[0], dtype=x.dtype)

    def step():
        y = f(x, row)
        return y, torch.autograd.grad(y, (x, row) if of_row else (x,), ones)
    return step


def jax_step(x, row, of_row):
    import jax, jax.numpy as jnp
    x, row = jnp.asarray(x), jnp.asarray(row)

    def both(x, row):
        y, pull = jax.vjp(value, x, row)
        dx, drow = pull(jnp.ones_like(y))
        return (y, dx, drow) if of_row else (y, dx)
    f = jax.jit(both)
    return lambda: jax.block_until_ready(f(x, row))


def rows(name, system, threads):
    """Yields what is measured, its share of the time for the case, and the step."""
    import numpy as np
    if system == "jax-jit":
        import jax
        jax.config.update("jax_enable_x64", True)
    for dtype in ("float32", "float64"):
        rng = np.random.default_rng(0)
        x, row = rng.random(SHAPE, dtype), rng.random(SHAPE[1], dtype)
        for of_row in (False, True):
            if system == "numpy": step = numpy_step(x, row, of_row)
            elif system.startswith("torch"): step = torch_step(x, row, of_row, threads, system == "torch-compile")
            elif system == "jax-jit": step = jax_step(x, row, of_row)
            else: raise SystemExit(f"{system} has no case {name}")
            yield dtype + (", gradients of both" if of_row else ", gradient of x"), 1 / 4, step
