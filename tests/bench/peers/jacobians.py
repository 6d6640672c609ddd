"""The functions of jacobians.cpp in CasADi, on its virtual machine: as graphs of scalars (SX), or of matrices (MX)."""
from pathlib import Path

from scalars import calls

ADBENCH = Path(__file__).resolve().parents[2] / "data" / "adbench"


def broyden(casadi, x):
    zero = casadi.DM(0)
    before, after = casadi.vertcat(zero, x[:-1]), casadi.vertcat(x[1:], zero)
    return (3 - 2 * x) * x - before - 2 * after + 1


def rosenbrock(casadi, x):
    return casadi.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


OF_VECTORS = {
    "Jacobian of Broyden's function": lambda c, x: c.jacobian(broyden(c, x), x),
    "Hessian of its sum of squares": lambda c, x: c.hessian(c.sumsqr(broyden(c, x)), x)[0],
    "gradient of Rosenbrock's function": lambda c, x: c.gradient(rosenbrock(c, x), x),
    "Hessian of Rosenbrock's function": lambda c, x: c.hessian(rosenbrock(c, x), x)[0],
}


def of_vector(function, n):
    """The inputs of a function of n variables, its result, and the inputs' values."""
    def build(casadi, Symbol):
        import numpy as np
        x = Symbol.sym("x", n)
        return [x], function(casadi, x), [np.zeros(n)]
    return build


def motion(casadi, x, force):
    cart, pole, length, gravity = 1, 0.3, 0.5, 9.81
    s, c, spin = casadi.sin(x[1]), casadi.cos(x[1]), x[3] ** 2
    mass = cart + pole * s ** 2
    along = (length * pole * s * spin + force + pole * gravity * c * s) / mass
    around = -(length * pole * c * s * spin + force * c + (cart + pole) * gravity * s) / (length * mass)
    return casadi.vertcat(x[2], x[3], along, around)


def trajectory(second, intervals=200):
    """The defects of a cart-pole by Hermite-Simpson collocation: their Jacobian, or the Hessian of the Lagrangian."""
    def build(casadi, Symbol):
        import numpy as np
        steps, h = 2 * intervals + 1, 2 / intervals
        z = Symbol.sym("z", 5 * steps)
        all_steps = casadi.reshape(z, 5, steps)
        states, forces = all_steps[:4, :], all_steps[4, :]
        x, force = casadi.SX.sym("x", 4), casadi.SX.sym("force")
        rates = casadi.Function("motion", [x, force], [motion(casadi, x, force)]).map(steps)(states, forces)
        at = lambda v, which: v[:, which:steps - 2 + which:2]
        (begin, middle, end), (f0, f1, f2) = ([at(v, k) for k in range(3)] for v in (states, rates))
        defects = casadi.vertcat(casadi.vec(end - begin - h / 6 * (f0 + 4 * f1 + f2)),
                                 casadi.vec(middle - (begin + end) / 2 - h / 8 * (f0 - f2)))
        values = [np.full(z.numel(), 0.1)]
        if not second: return [z], casadi.jacobian(defects, z), values
        multipliers = Symbol.sym("multipliers", defects.numel())
        effort = h / 6 * casadi.sum2(at(forces, 0) ** 2 + 4 * at(forces, 1) ** 2 + at(forces, 2) ** 2)
        hessian = casadi.hessian(effort + casadi.dot(multipliers, defects), z)[0]
        return [z, multipliers], hessian, values + [np.full(defects.numel(), 0.3)]
    return build


def error_of_view(casadi, camera, point, weight, feature):
    axis, centre, focal, middle, distortion = camera[:3], camera[3:6], camera[6], camera[7:9], camera[9:11]
    angle = casadi.sqrt(casadi.dot(axis, axis))
    w, s, c, x = axis / angle, casadi.sin(angle), casadi.cos(angle), point - centre
    x = x * c + casadi.cross(w, x) * s + w * (casadi.dot(w, x) * (1 - c))
    seen = x[:2] / x[2]
    r = casadi.dot(seen, seen)
    return weight * (seen * (1 + distortion[0] * r + distortion[1] * r ** 2) * focal + middle - feature)


def bundle_adjustment(casadi, Symbol):
    import numpy as np
    tokens = (ADBENCH / "ba/ba_n49_m7776_p31843.txt").read_text().split()
    n, m, p = map(int, tokens[:3])
    camera, point, weight, feature = np.split(np.array(tokens[3:], float), [11, 14, 15])
    one = [casadi.SX.sym(*which) for which in (("camera", 11), ("point", 3), ("weight",), ("feature", 2))]
    view = casadi.Function("view", one, [error_of_view(casadi, *one)]).map(p)
    x, features = Symbol.sym("x", 11 * n + 3 * m + p), Symbol.sym("features", 2, p)
    cameras, points, weights = x[:11 * n], x[11 * n:11 * n + 3 * m], x[11 * n + 3 * m:].T
    turns = lambda size: (np.arange(p) % size).tolist()
    errors = view(casadi.reshape(cameras, 11, n)[:, turns(n)], casadi.reshape(points, 3, m)[:, turns(m)], weights, features)
    all_errors = casadi.vertcat(casadi.vec(errors), casadi.vec(1 - weights ** 2))
    values = np.concatenate([np.tile(camera, n), np.tile(point, m), np.full(p, weight[0])])
    return [x, features], casadi.jacobian(all_errors, x), [values, np.tile(feature, p)]


PROBLEMS = {
    **{f"{what}, n={n}": of_vector(function, n) for n in (1_000, 10_000, 100_000) for what, function in OF_VECTORS.items()},
    "trajectory of a cart-pole, Jacobian of the defects": trajectory(False),
    "trajectory of a cart-pole, Hessian of the Lagrangian": trajectory(True),
    "bundle adjustment, Jacobian of the errors": bundle_adjustment,
}


class Lazy:
    """A step whose first call also builds the function."""
    def __init__(self, build, matrices): self.build, self.matrices, self.run = build, matrices, None

    def __call__(self):
        if self.run is None:
            import casadi, numpy as np
            inputs, result, values = self.build(casadi, casadi.MX if self.matrices else casadi.SX)
            f = casadi.Function("f", inputs, [result])
            self.run = calls(f, values, [np.zeros(f.nnz_out(0))])
        return self.run()


def rows(name, system, threads):
    if system not in ("casadi", "casadi-mx"): raise SystemExit(f"{system} has no case {name}")
    for what, build in PROBLEMS.items(): yield what, 1 / 17, Lazy(build, system == "casadi-mx")
