#include "dagrad/ops/functions.hpp"

#include "dagrad/random.hpp"
#include "ops/families.hpp"

namespace dagrad {

Samples Log::samples(Rng& rng) { return {{Log{}, {rng.uniform({2, 3}, 0.1, 4)}}}; }
Samples Log2::samples(Rng& rng) { return {{Log2{}, {rng.uniform({2, 3}, 0.1, 4)}}}; }
Samples Log10::samples(Rng& rng) { return {{Log10{}, {rng.uniform({2, 3}, 0.1, 4)}}}; }
Samples Log1p::samples(Rng& rng) { return {{Log1p{}, {rng.uniform({2, 3}, -0.9, 4)}}}; }
Samples Cbrt::samples(Rng& rng) {
  return {{Cbrt{}, {rng.uniform({2, 3}, 0.1, 4)}}, {Cbrt{}, {rng.uniform({3}, -4, -0.1)}}};
}
Samples Acosh::samples(Rng& rng) { return {{Acosh{}, {rng.uniform({2, 3}, 1.1, 4)}}}; }
Samples Atanh::samples(Rng& rng) { return {{Atanh{}, {rng.uniform({2, 3}, -0.9, 0.9)}}}; }
Samples Lgamma::samples(Rng& rng) {  // on both sides of the poles
  return {{Lgamma{}, {rng.uniform({2, 3}, 0.2, 6)}}, {Lgamma{}, {rng.uniform({3}, -2.9, -2.1)}}};
}
Samples Digamma::samples(Rng& rng) {
  return {{Digamma{}, {rng.uniform({2, 3}, 0.2, 6)}}, {Digamma{}, {rng.uniform({3}, -1.9, -1.1)}}};
}
Samples Tan::samples(Rng& rng) { return {{Tan{}, {rng.uniform({2, 3}, -1.4, 1.4)}}}; }
Samples Asin::samples(Rng& rng) { return {{Asin{}, {rng.uniform({2, 3}, -0.95, 0.95)}}}; }
Samples Acos::samples(Rng& rng) { return {{Acos{}, {rng.uniform({2, 3}, -0.95, 0.95)}}}; }

Samples Pow::samples(Rng& rng) {
  return {{Pow{}, {rng.uniform({2, 3}, 0.2, 3), rng.uniform({2, 3}, -3, 3)}},
          {Pow{}, {rng.uniform({2, 1}, 0.2, 3), rng.uniform({3}, -3, 3)}}};
}
Samples Power::samples(Rng& rng) {
  Samples all;
  for (const double exponent : {-3.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.7, 5.0})
    all.push_back({Power{exponent}, {rng.uniform({3}, 0.2, 3)}});
  all.push_back({.op = Power{-2},
                 .in = {Tensor::of<double>({2, -4})},
                 .out = {Tensor::of<double>({0.25, 0.0625})}});
  return all;
}

Value exp(const Operand& x) { return apply(Exp{}, {x}); }
Value exp2(const Operand& x) { return apply(Exp2{}, {x}); }
Value expm1(const Operand& x) { return apply(Expm1{}, {x}); }
Value log(const Operand& x) { return apply(Log{}, {x}); }
Value log2(const Operand& x) { return apply(Log2{}, {x}); }
Value log10(const Operand& x) { return apply(Log10{}, {x}); }
Value log1p(const Operand& x) { return apply(Log1p{}, {x}); }
Value cbrt(const Operand& x) { return apply(Cbrt{}, {x}); }
Value pow(const Operand& x, const Operand& y) {
  // x to the power of 0 does not depend on x, but its derivatives are to be zeros instead of an
  // error.
  const bool power = y.is_literal() && !x.is_literal() && y.literal().real() != 0;
  if (power) return apply(Power{y.literal().real()}, {x});
  return apply(Pow{}, {x, y});
}
Value hypot(const Operand& a, const Operand& b) { return apply(Hypot{}, {a, b}); }
Value logaddexp(const Operand& a, const Operand& b) { return apply(Logaddexp{}, {a, b}); }
Value sin(const Operand& x) { return apply(Sin{}, {x}); }
Value cos(const Operand& x) { return apply(Cos{}, {x}); }
Value tan(const Operand& x) { return apply(Tan{}, {x}); }
Value asin(const Operand& x) { return apply(Asin{}, {x}); }
Value acos(const Operand& x) { return apply(Acos{}, {x}); }
Value atan(const Operand& x) { return apply(Atan{}, {x}); }
Value atan2(const Operand& y, const Operand& x) { return apply(Atan2{}, {y, x}); }
Value sinh(const Operand& x) { return apply(Sinh{}, {x}); }
Value cosh(const Operand& x) { return apply(Cosh{}, {x}); }
Value tanh(const Operand& x) { return apply(Tanh{}, {x}); }
Value asinh(const Operand& x) { return apply(Asinh{}, {x}); }
Value acosh(const Operand& x) { return apply(Acosh{}, {x}); }
Value atanh(const Operand& x) { return apply(Atanh{}, {x}); }
Value lgamma(const Operand& x) { return apply(Lgamma{}, {x}); }
Value digamma(const Operand& x) { return apply(Digamma{}, {x}); }
Value erf(const Operand& x) { return apply(Erf{}, {x}); }
Value erfc(const Operand& x) { return apply(Erfc{}, {x}); }

void list_functions(Catalog& catalog) {
  catalog.add<Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Cbrt, Pow, Power, Hypot, Logaddexp, Sin,
              Cos, Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Lgamma,
              Digamma, Erf, Erfc>("functions");
}

}  // namespace dagrad
