#include "tests/passes/rule_examples.hpp"

#include <cmath>

namespace dagrad::test {

namespace {

using V = const Value&;
using L = long double;

template <class Twice>
RuleExample twice(const std::string& name, Twice f) {
  return {name + " twice", [f](V x, V) { return f(f(x)); }};
}

L softplus_of(L x) { return std::max<L>(x, 0) + std::log1p(std::exp(-std::abs(x))); }
L sigmoid_of(L x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

const std::vector<RuleExample>& simplifying_examples() {
  static const std::vector<RuleExample> all{
      {"x * 1", [](V x, V) { return x * 1; }},
      {"x / 1", [](V x, V) { return x / 1; }},
      {"x + -0", [](V x, V) { return x + -0.0; }},
      {"x - 0", [](V x, V) { return x - 0; }},
      {"integer x * 0", [](V x, V) { return cast(cast(x, i32) * 0, x.dtype()); }},
      {"-(-x)", [](V x, V) { return -(-x); }},
      {"x - (-y)", [](V x, V y) { return x - (-y); }},
      {"x + (-y)", [](V x, V y) { return x + (-y); }},
      {"(-x) * (-y)", [](V x, V y) { return (-x) * (-y); }},
      {"(-x) / (-y)", [](V x, V y) { return (-x) / (-y); }},
      {"(-x) * x", [](V x, V) { return (-x) * x; }},
      {"x * x", [](V x, V) { return x * x; }},
      {"x * (1 / y)", [](V x, V y) { return x * reciprocal(y); }, [](L x, L y) { return x / y; }},
      {"1 / x", [](V x, V) { return 1 / x; }},
      {"1 / sqrt(x)", [](V x, V) { return reciprocal(sqrt(x)); }},
      {"square(-x)", [](V x, V) { return square(-x); }},
      {"square(abs(x))", [](V x, V) { return square(abs(x)); }},
      {"abs(-x)", [](V x, V) { return abs(-x); }},
      {"pull(1, x)", [](V x, V) { return pull(1, x); }},
      {"x to a known power", [](V x, V y) { return pow(x, full_like(y, 2)); },
       [](L x, L) { return x * x; }},
      {"x to a known power", [](V x, V y) { return pow(x, ones_like(y)); }},
      {"x to a known power", [](V x, V y) { return pow(x, full_like(y, -1)); },
       [](L x, L) { return 1 / x; }},
      {"x to the power of 1, 2 or -1", [](V x, V) { return pow(x, 1); }},
      {"x to the power of 1, 2 or -1", [](V x, V) { return pow(x, 2); }},
      {"x to the power of 1, 2 or -1", [](V x, V) { return pow(x, -1); }},
      twice("abs", [](V x) { return abs(x); }),
      twice("sign", [](V x) { return sign(x); }),
      twice("floor", [](V x) { return floor(x); }),
      twice("ceil", [](V x) { return ceil(x); }),
      twice("round", [](V x) { return round(x); }),
      twice("trunc", [](V x) { return trunc(x); }),
      twice("relu", [](V x) { return relu(x); }),
      {"where with a known condition", [](V x, V y) { return where(full_like(x > y, 1), x, y); }},
      {"where with a known condition", [](V x, V y) { return where(full_like(x > y, 0), x, y); }},
      {"where(c, x, x)", [](V x, V y) { return where(y > 0, x, x); }},
      {"maximum(x, x)", [](V x, V) { return maximum(x, x); }},
      {"minimum(x, x)", [](V x, V) { return minimum(x, x); }},
      {"not(not(x))", [](V x, V y) { return where(logical_not(logical_not(x > y)), x, y); }},
      {"identity(x)", [](V x, V) { return identity(x); }},
      {"a change of type to the same type", [](V x, V y) { return broadcast_like(x, y); }},
      {"a reshape of a reshape",
       [](V x, V) {
         return reshape(reshape(x, {2, 6}), {12});
       }},
      {"moved elements of a cast to wider ones",
       [](V x, V y) { return slice(cast(x > y, x.dtype()), 0, {.step = -1}); }},
      {"a cast of an exact cast", [](V x, V y) { return cast(cast(x > y, i32), x.dtype()); }},
      {"a cast to the same dtype", [](V x, V) { return cast(x, x.dtype()); }},
      {"a transpose that moves nothing",
       [](V x, V) {
         return transpose(x, {0, -1});
       }},
      {"a transpose of a transpose", [](V x, V) { return transpose(transpose(x)); }},
      {"a product of transposed matrices",
       [](V x, V y) {
         return apply(Matmul{}, {x, transpose(y)});
       }},
      {"a product of transposed matrices",
       [](V x, V y) {
         return apply(Matmul{}, {transpose(x), y});
       }},
      {"a product of transposed matrices",
       [](V x, V y) {
         return apply(Matmul{}, {transpose(x), transpose(reshape(y, {4, 3}))});
       }},
      {"a sum of repeated elements",
       [](V x, V) {
         return sum(broadcast_to(x, {1000, 3, 4}), 0);
       },
       [](L x, L) { return 1000 * x; }},
      {"a sum of repeated elements to a shape",
       [](V x, V) {
         return sum_to_like(broadcast_to(x[{0, 0}], {1000}), x[{0, 0}]);
       },
       [](L x, L) { return 1000 * x; }},
      {"a mean of repeated elements",
       [](V x, V) {
         return mean(broadcast_to(x[{0, 0}], {1000}));
       },
       [](L x, L) { return x; }},
  };
  return all;
}

const std::vector<RuleExample>& stabilizing_examples() {
  static const std::vector<RuleExample> all{
      {"log(sigmoid(x))", [](V x, V) { return log(sigmoid(x)); },
       [](L x, L) { return -softplus_of(-x); }},
      {"1 - sigmoid(x)", [](V x, V) { return 1 - sigmoid(x); },
       [](L x, L) { return sigmoid_of(-x); }},
      {"1 / (1 + exp(-x))", [](V x, V) { return 1 / (1 + exp(-x)); },
       [](L x, L) { return sigmoid_of(x); }},
      {"reciprocal(1 + exp(-x))", [](V x, V) { return reciprocal(exp(-x) + 1); },
       [](L x, L) { return sigmoid_of(x); }},
      {"1 / (1 + exp(x))", [](V x, V) { return 1 / (exp(x) + 1); },
       [](L x, L) { return sigmoid_of(-x); }},
      {"reciprocal(1 + exp(x))", [](V x, V) { return reciprocal(1 + exp(x)); },
       [](L x, L) { return sigmoid_of(-x); }},
      {"exp(x) / (1 + exp(x))",
       [](V x, V) {
         const Value e = exp(x);
         return e / (1 + e);
       },
       [](L x, L) { return sigmoid_of(x); }},
      {"log(1 + exp(x))", [](V x, V) { return log(1 + exp(x)); },
       [](L x, L) { return softplus_of(x); }},
      {"log1p(exp(x))", [](V x, V) { return log1p(exp(x)); },
       [](L x, L) { return softplus_of(x); }},
      {"log(exp(x) + exp(y))", [](V x, V y) { return log(exp(y) + exp(x)); },
       [](L x, L y) { return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y))); }},
      {"log(exp(x))", [](V x, V) { return log(exp(x)); }, [](L x, L) { return x; }},
      {"log(1 + x)", [](V x, V) { return log(1 + x); }, [](L x, L) { return std::log1p(x); }},
      {"log(1 - x)", [](V x, V) { return log(1 - x); }, [](L x, L) { return std::log1p(-x); }},
      {"exp(x) - 1", [](V x, V) { return exp(x) - 1; }, [](L x, L) { return std::expm1(x); }},
      {"sqrt(square(x))", [](V x, V) { return sqrt(square(x)); },
       [](L x, L) { return std::abs(x); }},
      {"sqrt(square(x))", [](V x, V) { return sqrt(x * x); }, [](L x, L) { return std::abs(x); }},
      {"sqrt(square(x))", [](V x, V y) { return sqrt(pow(x, full_like(y, 2))); },
       [](L x, L) { return std::abs(x); }},
      {"sqrt(square(x) + square(y))", [](V x, V y) { return sqrt(square(x) + square(y)); },
       [](L x, L y) { return std::hypot(x, y); }},
      {"(-x) * x", [](V x, V) { return x * -x; }, [](L x, L) { return -x * x; }},
      {"sqrt(square(x) + square(y))", [](V x, V y) { return sqrt(x * x + pow(y, 2)); },
       [](L x, L y) { return std::hypot(x, y); }},
      {"square(norm(x))",
       [](V x, V) {
         const Value n = norm(x[{0, 0}]);
         return n * n;
       },
       [](L x, L) { return x * x; }},
      {"square(norm(x))",
       [](V x, V) {
         return square(norm(x[{0, 0}]));
       },
       [](L x, L) { return x * x; }},
      {"square(norm(x))",
       [](V x, V) {
         return norm(x[{0, 0}]) * norm(x[{0, 0}]);
       },
       [](L x, L) { return x * x; }},
      {"square(norm(x))",
       [](V x, V) {
         return pow(norm(x[{0, 0}]), 2);
       },
       [](L x, L) { return x * x; }},
      {"sqrt(sum(square(x)))",
       [](V x, V) {
         return sqrt(sum(square(x[{0, 0}])));
       },
       [](L x, L) { return std::abs(x); }},
      {"sqrt(sum(square(x)))",
       [](V x, V) {
         return sqrt(sum(x[{0, 0}] * x[{0, 0}]));
       },
       [](L x, L) { return std::abs(x); }},
      {"log(softmax(x))",
       [](V x, V y) {
         return log(softmax(stack({x[{0, 0}], y[{0, 0}]}), 0))[0];
       },
       [](L x, L y) { return -softplus_of(y - x); }, 1},
      {"log(sum(exp(x)))",
       [](V x, V y) {
         return log(sum(exp(stack({x[{0, 0}], y[{0, 0}]}))));
       },
       [](L x, L y) { return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y))); }, 1},
      {"exp(x) / sum(exp(x))",
       [](V x, V y) {
         const Value e = exp(stack({x[{0, 0}], y[{0, 0}]}));
         return (e / sum(e, 0, true))[0];
       },
       [](L x, L y) { return sigmoid_of(x - y); }, 1},
      {"exp(x) / sum(exp(x))",
       [](V x, V y) {
         const Value z = stack({x[{0, 0}], y[{0, 0}]});
         return (exp(z) / sum(exp(z), {-1}, true))[0];
       },
       [](L x, L y) { return sigmoid_of(x - y); }, 1},
  };
  return all;
}

}  // namespace dagrad::test
