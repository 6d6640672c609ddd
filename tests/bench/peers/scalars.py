"""Scalar formulas in CasADi: the formula of scalars.cpp, and ADBench's LSTM."""
import collections, math, os, subprocess, tempfile

INPUTS, TERMS, OPS = 32, 30, 200  # ops of each term, with those that add it
KINDS = "add mul sub div exp log sin sqrt pow".split()


class Generator:
    """Draws the ops that scalars.cpp draws."""
    state = 1

    def draw(self, n):
        self.state = (self.state * 1_664_525 + 1_013_904_223) % 2 ** 32
        return (self.state >> 16) % n

    def choose(self, a, wait):
        function = self.draw(10) == 0
        while True:
            kind = KINDS[4 + self.draw(5) if function else self.draw(4)]
            other = self.draw(len(wait))
            value = apply(kind, a, wait[other], math)
            if 0.25 <= value <= 4: return kind, other, value


def apply(kind, a, b, functions):
    if kind == "add": return a + b
    if kind == "mul": return a * b
    if kind == "sub": return a - b
    if kind == "div": return a / b
    if kind == "pow": return functions.pow(a, b)
    return getattr(functions, kind)(a)


class Casadi:
    """The functions of CasADi under the names of `math`."""
    def __getattr__(self, name):
        import casadi
        return (lambda a, b: a ** b) if name == "pow" else getattr(casadi, name)


def formula():
    import casadi
    generator = Generator()
    at = [0.5 + generator.draw(65_536) / 65_536 for _ in range(INPUTS)]
    x = casadi.SX.sym("x", INPUTS)
    total = x[0]
    for _ in range(TERMS):
        wait, numbers = collections.deque(x[i] for i in range(INPUTS)), collections.deque(at)
        for _ in range(OPS - INPUTS):
            a, symbol = numbers.popleft(), wait.popleft()
            kind, other, value = generator.choose(a, numbers)
            numbers.append(value)
            wait.append(apply(kind, symbol, wait[other], Casadi()))
        for value in wait: total = total + value
    return x, at, total


def compiled(function):
    """The C that CasADi generates, compiled with -O2."""
    import casadi
    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        os.chdir(folder)  # CasADi writes into the working directory
        function.generate("formula.c")
        subprocess.run("cc -O2 -fPIC -shared formula.c -o formula.so -lm".split(), check=True)
        os.chdir(before)
        return casadi.external(function.name(), folder + "/formula.so")


def calls(function, arguments, results):
    """A step that evaluates the function in place, without a Python object for each number."""
    buffer, evaluate = function.buffer()
    for i, argument in enumerate(arguments): buffer.set_arg(i, memoryview(argument))
    for i, result in enumerate(results): buffer.set_res(i, memoryview(result))
    def step(kept=(buffer, arguments)):  # `evaluate` does not keep them alive
        evaluate()
        return results
    return step


def step(generated):
    import casadi, numpy as np
    x, at, y = formula()
    function = casadi.Function("formula", [x], [y, casadi.densify(casadi.gradient(y, x))])
    run = calls(compiled(function) if generated else function, [np.array(at)], [np.zeros(1), np.zeros(INPUTS)])
    y, gradient = run()
    print(f'{{"case": "scalars", "system": "casadi", "check": {y.sum() + gradient.sum():.4f}}}')
    return run


def lstm(data):
    """The gradient of ADBench's LSTM, unrolled, by CasADi's virtual machine."""
    import casadi, numpy as np
    main, extra, state, sequence, golden = data
    values = np.concatenate([main.ravel(), extra.ravel()])
    p = casadi.SX.sym("p", values.size)
    layers, _, _, width = main.shape
    row = lambda i: p[i * width:(i + 1) * width]
    sigmoid = lambda z: 1 / (1 + casadi.exp(-z))
    h, c = ([casadi.SX(s) for s in state[:, i]] for i in range(2))
    w_in, w_out, bias = (row(8 * layers + i) for i in range(3))
    total = 0
    letters = casadi.SX.sym("letters", sequence.size)
    letter = lambda t: letters[t * width:(t + 1) * width]
    for t in range(len(sequence) - 1):
        x = letter(t) * w_in
        for i in range(layers):
            w, b = [row(8 * i + j) for j in range(4)], [row(8 * i + 4 + j) for j in range(4)]
            f, g = sigmoid(x * w[0] + b[0]), sigmoid(h[i] * w[1] + b[1])
            o, z = sigmoid(x * w[2] + b[2]), casadi.tanh(h[i] * w[3] + b[3])
            c[i] = c[i] * f + g * z
            x = h[i] = o * casadi.tanh(c[i])
        y = x * w_out + bias
        total += casadi.dot(letter(t + 1), y - casadi.log(2 + casadi.sum1(casadi.exp(y))))
    loss = -total / ((len(sequence) - 1) * width)
    gradient = np.zeros(values.size)
    function = casadi.Function("lstm", [p, letters], [casadi.densify(casadi.gradient(loss, p))])
    run = calls(function, [values, np.ascontiguousarray(sequence.ravel())], [gradient])
    return (lambda: run()[0]), golden
