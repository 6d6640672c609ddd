"""The functions of jacobians.cpp in CasADi, on its virtual machine."""
from scalars import calls


def broyden(casadi, x):
    zero = casadi.SX(0)
    before, after = casadi.vertcat(zero, x[:-1]), casadi.vertcat(x[1:], zero)
    return (3 - 2 * x) * x - before - 2 * after + 1


def rosenbrock(casadi, x):
    return casadi.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


FUNCTIONS = {
    "Jacobian of Broyden's function": lambda c, x: c.jacobian(broyden(c, x), x),
    "Hessian of its sum of squares": lambda c, x: c.hessian(c.sumsqr(broyden(c, x)), x)[0],
    "gradient of Rosenbrock's function": lambda c, x: c.gradient(rosenbrock(c, x), x),
    "Hessian of Rosenbrock's function": lambda c, x: c.hessian(rosenbrock(c, x), x)[0],
}


class Lazy:
    """A step whose first call also builds the function."""
    def __init__(self, function, n): self.function, self.n, self.run = function, n, None

    def __call__(self):
        if self.run is None:
            import casadi, numpy as np
            x = casadi.SX.sym("x", self.n)
            f = casadi.Function("f", [x], [self.function(casadi, x)])
            self.run = calls(f, [np.zeros(self.n)], [np.zeros(f.nnz_out(0))])
        return self.run()


def rows(name, system, threads):
    if system != "casadi": raise SystemExit(f"{system} has no case {name}")
    for n in (1_000, 10_000, 100_000):
        for what, function in FUNCTIONS.items(): yield f"{what}, n={n}", 1 / 14, Lazy(function, n)
