"""Measures training steps and gradients of the peers, for the cases of dagrad_bench."""
import argparse, json, os, statistics, time
from pathlib import Path

import elementwise, jacobians, ops, scalars

ADBENCH = Path(__file__).resolve().parents[2] / "data" / "adbench"
NAMES = "xor chain mlp_small mlp mlp_wide lenet5 resnet18 nanogpt gmm lstm scalars".split()
XOR_X, XOR_Y = [[1, 1], [0, 1], [1, 0], [0, 0]], [[0], [1], [1], [0]]
MLPS = {"mlp_small": ([784, 128, 10], 32), "mlp": ([784, 512, 512, 10], 64), "mlp_wide": ([1024] * 5 + [10], 256)}
GPT = dict(layers=4, heads=4, width=128, tokens=64, vocabulary=65, batch=12)
STAGES = [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]


SYSTEMS = ["numpy", "torch", "torch-compile", "jax-jit", "casadi", "casadi-c", "casadi-mx"]
ROWS = {"elementwise": elementwise.rows, "jacobians": jacobians.rows, **{name: ops.rows for name in ops.SIZES}}  # cases of several rows


def measure(seconds, step, verify=None):
    """Runs step() repeatedly and verifies the first result; returns the first, minimum and median time in milliseconds."""
    clock = time.perf_counter
    start = clock(); result = step(); first = clock() - start
    if verify: verify(result)
    for _ in range(3): step()
    times, begin = [], clock()
    while len(times) < 5 or (clock() - begin < seconds and len(times) < 20000):
        start = clock(); step(); times.append(clock() - start)
        if clock() - begin > 60: break
    return [round(1e3 * t, 6) for t in (first, min(times), statistics.median(times))]


def read_gmm(np):
    tokens = (ADBENCH / "gmm/gmm_d20_K50.txt").read_text().split()
    d, k, n = map(int, tokens[:3])
    values = np.array(tokens[3:], dtype=float)
    cut = np.cumsum([k, k * d, k * d * (d + 1) // 2, n * d])
    alpha, mu, icf, x, prior = np.split(values, cut)
    golden = np.loadtxt(ADBENCH / "golden/gmm_d20_K50_J.txt")
    return (d, k, n), alpha, mu.reshape(k, d), icf.reshape(k, -1), x.reshape(n, d), prior, golden


def read_lstm(np):
    tokens = (ADBENCH / "lstm/lstm_l2_c1024.txt").read_text().split()
    l, c, b = map(int, tokens[:3])
    values = np.array(tokens[3:], dtype=float)
    cut = np.cumsum([2 * l * 4 * b, 3 * b, 2 * l * b])
    main, extra, state, sequence = np.split(values, cut)
    golden = np.loadtxt(ADBENCH / "golden/lstm_l2_c1024_J.txt")
    return main.reshape(l, 2, 4, b), extra.reshape(3, b), state.reshape(l, 2, b), sequence.reshape(c, b), golden


def lower_index(np, d):
    """Row and column of each strictly lower triangular entry, stored by columns."""
    rows = [(j, i) for i in range(d) for j in range(i + 1, d)]
    return np.array([r for r, _ in rows]), np.array([c for _, c in rows])


def check(np, gradients, golden):
    got = np.concatenate([np.ravel(g) for g in gradients])
    off = np.abs(got - golden).max() / np.abs(golden).max()
    assert off < 1e-11, f"gradient differs from the golden one by {off:.2e} of its largest entry"


def numpy_case(name):
    import numpy as np
    assert name == "xor", "numpy has only the case xor"
    x, y = np.array(XOR_X, float), np.array(XOR_Y, float)
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = (rng.uniform(-1, 1, s) for s in [(2, 3), (1, 3), (3, 1), (1, 1)])
    sigmoid = lambda z: 1 / (1 + np.exp(-z))

    def step():
        nonlocal w1, b1, w2, b2
        a1 = sigmoid(x @ w1 + b1)
        a2 = sigmoid(a1 @ w2 + b2)
        d2 = (a2 - y) * a2 * (1 - a2)
        d1 = (d2 @ w2.T) * a1 * (1 - a1)
        w2 -= 0.5 * (a1.T @ d2); b2 -= 0.5 * d2.sum(0, keepdims=True)
        w1 -= 0.5 * (x.T @ d1); b1 -= 0.5 * d1.sum(0, keepdims=True)
        return ((a2 - y) ** 2 / 2).mean()
    return step


def torch_case(name, threads, compiled):
    import numpy as np, torch
    from torch import nn
    import torch.nn.functional as F
    torch.set_num_threads(threads); torch.manual_seed(0)
    wrap = torch.compile if compiled else (lambda f: f)

    class Block(nn.Module):
        def __init__(self, i, o, s):
            super().__init__()
            self.c1, self.b1 = nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o)
            self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
            self.short = nn.Identity() if s == 1 and i == o else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))
        def forward(self, x): return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.short(x))

    class Attention(nn.Module):
        def __init__(self, c, h):
            super().__init__()
            self.n1, self.qkv, self.out = nn.LayerNorm(c), nn.Linear(c, 3 * c), nn.Linear(c, c)
            self.n2, self.up, self.down, self.h = nn.LayerNorm(c), nn.Linear(c, 4 * c), nn.Linear(4 * c, c), h
        def forward(self, x):
            b, t, c = x.shape
            q, k, v = (z.view(b, t, self.h, -1).transpose(1, 2) for z in self.qkv(self.n1(x)).split(c, 2))
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(a.transpose(1, 2).reshape(b, t, c))
            return x + self.down(F.gelu(self.up(self.n2(x))))

    class Gpt(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(GPT["vocabulary"], GPT["width"])
            self.place = nn.Parameter(0.02 * torch.randn(GPT["tokens"], GPT["width"]))
            self.body = nn.Sequential(*[Attention(GPT["width"], GPT["heads"]) for _ in range(GPT["layers"])])
            self.norm = nn.LayerNorm(GPT["width"])
        def forward(self, t): return F.linear(self.norm(self.body(self.embed(t) + self.place)), self.embed.weight)

    def train(model, x, y, loss, make=lambda p: torch.optim.SGD(p, lr=1e-3)):
        optimiser = make(model.parameters())
        forward = wrap(lambda: loss(model(x), y))
        def step():
            value = forward()
            optimiser.zero_grad(set_to_none=True); value.backward(); optimiser.step()
        return step

    cross = lambda o, y: F.cross_entropy(o.reshape(-1, o.shape[-1]), y.reshape(-1))
    labels = lambda *s: torch.randint(0, 10, s)
    if name == "xor":
        model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Sigmoid()).double()
        x, y = torch.tensor(XOR_X, dtype=torch.double), torch.tensor(XOR_Y, dtype=torch.double)
        return train(model, x, y, lambda o, y: ((o - y) ** 2 / 2).sum(), lambda p: torch.optim.SGD(p, lr=0.5))
    if name == "chain":
        x = torch.tensor([0.3], requires_grad=True)
        def value():
            y = x
            for _ in range(1000): y = torch.tanh(y) * 1.001
            return y.sum()
        value = wrap(value)
        return lambda: torch.autograd.grad(value(), x)
    if name in MLPS:
        sizes, batch = MLPS[name]
        layers = sum([[nn.Linear(a, b), nn.ReLU()] for a, b in zip(sizes, sizes[1:])], [])[:-1]
        return train(nn.Sequential(*layers), torch.randn(batch, sizes[0]), labels(batch), cross)
    if name == "lenet5":
        model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                              nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
        return train(model, torch.randn(64, 1, 28, 28), labels(64), cross)
    if name == "resnet18":
        blocks, i = [], 64
        for o, s in STAGES: blocks.append(Block(i, o, s)); i = o
        model = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
        return train(model, torch.randn(32, 3, 32, 32), labels(32), cross)
    if name == "nanogpt":
        tokens = lambda: torch.randint(0, GPT["vocabulary"], (GPT["batch"], GPT["tokens"]))
        return train(Gpt(), tokens(), tokens(), cross, lambda p: torch.optim.AdamW(p, lr=1e-4))
    if name == "gmm":
        (d, k, n), alpha, mu, icf, x, prior, golden = read_gmm(np)
        rows, cols = lower_index(np, d)
        params = [torch.tensor(v, requires_grad=True) for v in (alpha, mu, icf)]
        x, (gamma, m) = torch.tensor(x), prior
        def value(alpha, mu, icf):
            q, l = icf[:, :d], icf[:, d:]
            lower = torch.zeros(k, d, d, dtype=torch.double).index_put((torch.arange(k)[:, None], torch.tensor(rows), torch.tensor(cols)), l)
            centred = x[:, None] - mu
            y = q.exp() * centred + torch.einsum("kij,nkj->nki", lower, centred)
            inner = alpha + q.sum(1) - 0.5 * (y ** 2).sum(2)
            return inner.logsumexp(1).sum() - n * alpha.logsumexp(0) + 0.5 * gamma ** 2 * ((q.exp() ** 2).sum() + (l ** 2).sum()) - m * q.sum()
        value = wrap(value)
        return lambda: torch.autograd.grad(value(*params), params), lambda gradients: check(np, gradients, golden)
    if name == "lstm":
        main, extra, state, sequence, golden = read_lstm(np)
        main, extra = (torch.tensor(v, requires_grad=True) for v in (main, extra))
        state, sequence = torch.tensor(state), torch.tensor(sequence)
        def value(main, extra):
            h, c = list(state[:, 0]), list(state[:, 1])
            total = 0
            for t in range(len(sequence) - 1):
                x = sequence[t] * extra[0]
                for i, (w, b) in enumerate(main):
                    f, g = torch.sigmoid(x * w[0] + b[0]), torch.sigmoid(h[i] * w[1] + b[1])
                    o, z = torch.sigmoid(x * w[2] + b[2]), torch.tanh(h[i] * w[3] + b[3])
                    c[i] = c[i] * f + g * z
                    x = h[i] = o * torch.tanh(c[i])
                y = x * extra[1] + extra[2]
                total = total + (sequence[t + 1] * (y - torch.log(2 + y.exp().sum()))).sum()
            return -total / ((len(sequence) - 1) * sequence.shape[1])
        value = wrap(value)
        return lambda: torch.autograd.grad(value(main, extra), (main, extra)), lambda gradients: check(np, gradients, golden)
    raise SystemExit(f"torch has no case {name}")


def jax_case(name):
    import numpy as np, jax, jax.numpy as jnp
    from jax import lax, nn
    if name in ("xor", "gmm", "lstm"): jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(0)
    normal = lambda *s, scale=0.05: jnp.asarray(rng.normal(0, scale, s), jnp.float32)
    one_step = lambda loss, rate: jax.jit(lambda p: jax.tree.map(lambda v, g: v - rate * g, p, jax.grad(loss)(p)), donate_argnums=0)
    cross = lambda o, y: -jnp.take_along_axis(nn.log_softmax(o), y[..., None], -1).mean()
    labels = lambda *s: jnp.asarray(rng.integers(0, 10, s))

    def train(params, loss, rate=1e-3):
        update, box = one_step(loss, rate), [params]
        def step(): box[0] = jax.block_until_ready(update(box[0]))
        return step

    def conv(x, w, stride=1, padding="SAME"):
        return lax.conv_general_dilated(x, w, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    pool = lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    if name == "xor":
        x, y = jnp.array(XOR_X, float), jnp.array(XOR_Y, float)
        params = [jnp.asarray(rng.uniform(-1, 1, s)) for s in [(2, 3), (1, 3), (3, 1), (1, 1)]]
        def loss(p):
            a1 = nn.sigmoid(x @ p[0] + p[1])
            return ((nn.sigmoid(a1 @ p[2] + p[3]) - y) ** 2 / 2).sum()
        return train(params, loss, 0.5)
    if name == "chain":
        def value(x):
            y = x
            for _ in range(1000): y = jnp.tanh(y) * 1.001
            return y.sum()
        f, x = jax.jit(jax.value_and_grad(value)), jnp.array([0.3], jnp.float32)
        return lambda: jax.block_until_ready(f(x))
    if name in MLPS:
        sizes, batch = MLPS[name]
        x, y = normal(batch, sizes[0], scale=1), labels(batch)
        params = [(normal(a, b), normal(b)) for a, b in zip(sizes, sizes[1:])]
        def loss(p):
            h = x
            for w, b in p[:-1]: h = nn.relu(h @ w + b)
            return cross(h @ p[-1][0] + p[-1][1], y)
        return train(params, loss)
    if name == "lenet5":
        x, y = normal(64, 28, 28, 1, scale=1), labels(64)
        params = [normal(5, 5, 1, 6), normal(6), normal(5, 5, 6, 16), normal(16)] + [normal(*s) for s in [(400, 120), (120,), (120, 84), (84,), (84, 10), (10,)]]
        def loss(p):
            h = pool(nn.relu(conv(x, p[0]) + p[1]))
            h = pool(nn.relu(conv(h, p[2], padding="VALID") + p[3])).reshape(64, -1)
            h = nn.relu(nn.relu(h @ p[4] + p[5]) @ p[6] + p[7])
            return cross(h @ p[8] + p[9], y)
        return train(params, loss)
    if name == "resnet18":
        x, y = normal(32, 32, 32, 3, scale=1), labels(32)
        norm = lambda o: (jnp.ones(o), jnp.zeros(o))
        def bn(h, p):
            mean, var = h.mean((0, 1, 2)), h.var((0, 1, 2))
            return (h - mean) * lax.rsqrt(var + 1e-5) * p[0] + p[1]
        blocks, i = [], 64
        for o, s in STAGES:
            short = () if s == 1 and i == o else (normal(1, 1, i, o), norm(o))
            blocks.append((normal(3, 3, i, o), norm(o), normal(3, 3, o, o), norm(o), short)); i = o
        params = (normal(3, 3, 3, 64), norm(64), blocks, normal(512, 10), normal(10))
        def loss(p):
            h = nn.relu(bn(conv(x, p[0]), p[1]))
            for (w1, n1, w2, n2, short), (_, s) in zip(p[2], STAGES):
                r = nn.relu(bn(conv(h, w1, s), n1))
                r = bn(conv(r, w2), n2)
                h = nn.relu(r + (bn(conv(h, short[0], s), short[1]) if short else h))
            return cross(h.mean((1, 2)) @ p[3] + p[4], y)
        return train(params, loss)
    if name == "nanogpt":
        c, h, t, v, b = (GPT[k] for k in ("width", "heads", "tokens", "vocabulary", "batch"))
        x, y = (jnp.asarray(rng.integers(0, v, (b, t))) for _ in range(2))
        ln = lambda: (jnp.ones(c), jnp.zeros(c))
        lin = lambda i, o: (normal(i, o, scale=0.02), jnp.zeros(o))
        params = dict(embed=normal(v, c, scale=0.02), place=normal(t, c, scale=0.02), norm=ln(),
                      body=[(ln(), lin(c, 3 * c), lin(c, c), ln(), lin(c, 4 * c), lin(4 * c, c)) for _ in range(GPT["layers"])])
        norm = lambda z, p: (z - z.mean(-1, keepdims=True)) * lax.rsqrt(z.var(-1, keepdims=True) + 1e-5) * p[0] + p[1]
        mask = jnp.tril(jnp.ones((t, t), bool))
        def loss(p):
            z = p["embed"][x] + p["place"]
            for n1, qkv, out, n2, up, down in p["body"]:
                q, k, w = (a.reshape(b, t, h, -1).transpose(0, 2, 1, 3) for a in jnp.split(norm(z, n1) @ qkv[0] + qkv[1], 3, -1))
                s = jnp.where(mask, q @ k.transpose(0, 1, 3, 2) * (c // h) ** -0.5, -jnp.inf)
                a = (nn.softmax(s) @ w).transpose(0, 2, 1, 3).reshape(b, t, c)
                z = z + a @ out[0] + out[1]
                z = z + nn.gelu(norm(z, n2) @ up[0] + up[1], approximate=False) @ down[0] + down[1]
            return cross(norm(z, p["norm"]) @ p["embed"].T, y)
        def adamw(p, m, s, i):
            g = jax.grad(loss)(p); i = i + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
            p = jax.tree.map(lambda p, m, s: p * (1 - 1e-6) - 1e-4 * (m / (1 - 0.9 ** i)) / (jnp.sqrt(s / (1 - 0.999 ** i)) + 1e-8), p, m, s)
            return p, m, s, i
        zero = lambda: jax.tree.map(jnp.zeros_like, params)
        update, box = jax.jit(adamw, donate_argnums=(0, 1, 2)), [(params, zero(), zero(), jnp.float32(0))]
        def step(): box[0] = jax.block_until_ready(update(*box[0]))
        return step
    if name == "gmm":
        (d, k, n), alpha, mu, icf, x, (gamma, m), golden = read_gmm(np)
        rows, cols = lower_index(np, d)
        def value(alpha, mu, icf):
            q, l = icf[:, :d], icf[:, d:]
            lower = jnp.zeros((k, d, d)).at[:, rows, cols].set(l)
            centred = x[:, None] - mu
            inner = alpha + q.sum(1) - 0.5 * ((jnp.exp(q) * centred + jnp.einsum("kij,nkj->nki", lower, centred)) ** 2).sum(2)
            lse = jax.scipy.special.logsumexp
            return lse(inner, 1).sum() - n * lse(alpha) + 0.5 * gamma ** 2 * ((jnp.exp(q) ** 2).sum() + (l ** 2).sum()) - m * q.sum()
        f, args = jax.jit(jax.grad(value, (0, 1, 2))), (alpha, mu, icf)
    elif name == "lstm":
        main, extra, state, sequence, golden = read_lstm(np)
        def value(main, extra):
            def tick(carry, now_next):
                h, c, (now, nxt) = *carry, now_next
                x, hs, cs = now * extra[0], [], []
                for i in range(len(main)):
                    w, b = main[i]
                    f, g, o = nn.sigmoid(x * w[0] + b[0]), nn.sigmoid(h[i] * w[1] + b[1]), nn.sigmoid(x * w[2] + b[2])
                    cs.append(c[i] * f + g * jnp.tanh(h[i] * w[3] + b[3]))
                    x = o * jnp.tanh(cs[-1]); hs.append(x)
                y = x * extra[1] + extra[2]
                return (jnp.stack(hs), jnp.stack(cs)), (nxt * (y - jnp.log(2 + jnp.exp(y).sum()))).sum()
            _, terms = lax.scan(tick, (state[:, 0], state[:, 1]), (sequence[:-1], sequence[1:]))
            return -terms.sum() / ((len(sequence) - 1) * sequence.shape[1])
        f, args = jax.jit(jax.grad(value, (0, 1))), (main, extra)
    else:
        raise SystemExit(f"jax has no case {name}")
    args = jax.device_put(args)
    return lambda: jax.block_until_ready(f(*args)), lambda gradients: check(np, gradients, golden)


def one_case(name, system, threads):
    if system == "numpy": return numpy_case(name)
    if system.startswith("torch"): return torch_case(name, threads, system == "torch-compile")
    if system == "jax-jit": return jax_case(name)
    return casadi_case(name, system == "casadi-c")


def casadi_case(name, generated):
    import numpy as np
    if name == "scalars": return scalars.step(generated)
    if name != "lstm" or generated: raise SystemExit(f"casadi has no case {name}")
    step, golden = scalars.lstm(read_lstm(np))
    return step, lambda gradient: check(np, [gradient], golden)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", required=True, choices=SYSTEMS)
    parser.add_argument("--case", required=True, choices=NAMES + list(ROWS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3, help="to spend on each case")
    a = parser.parse_args()
    os.sched_setaffinity(0, range(a.threads))  # JAX takes its thread count from here

    def show(what, seconds, step):
        first, low, median = measure(seconds, *step) if isinstance(step, tuple) else measure(seconds, step)
        row = dict(system=a.system, case=a.case, what=what, threads=a.threads, min_ms=low, median_ms=median, first_ms=first)
        print(json.dumps({k: v for k, v in row.items() if v != ""}), flush=True)

    if a.case in ROWS:
        for what, share, step in ROWS[a.case](a.case, a.system, a.threads): show(what, a.seconds * share, step)
    else:
        show("", a.seconds, one_case(a.case, a.system, a.threads))


if __name__ == "__main__":
    main()
