#include "tests/passes/random_expression.hpp"

#include <limits>

namespace dagrad::test {

namespace {

class Maker {
 public:
  Maker(unsigned seed, DType dtype, bool smooth) : random_(seed), dtype_(dtype), smooth_(smooth) {}

  RandomExpression make() {
    const bool special = below(4) == 0;
    for (int i = 0; i < 2; ++i) {
      const Shape shape = std::array{Shape{}, Shape{3}, Shape{2, 3}}[below(3)];
      std::vector<double> elements;
      for (std::int64_t e = 0; e < Type{f64, shape}.elements(); ++e)
        elements.push_back(number(special));
      made_.tensors.push_back(Tensor::of(elements).cast(dtype_).reshaped(shape));
      made_.inputs.push_back(made_.graph.input("x" + std::to_string(i), {dtype_, shape}));
      made_.values.push_back(made_.inputs.back());
    }
    for (std::size_t nodes = 3 + below(12); nodes > 0; --nodes) {
      try {
        made_.values.push_back(step());
      } catch (const ShapeError&) {  // the operands do not broadcast
      } catch (const TypeError&) {   // the op does not take the dtype
      }
    }
    return std::move(made_);
  }

 private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  double number(bool special) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    constexpr std::array rare{0.0, -0.0, inf,  -inf,  std::numeric_limits<double>::quiet_NaN(),
                              1.0, -1.0, 1e30, -1e30, 1e-30};
    if (special && below(2) == 0) return rare[below(rare.size())];
    return std::normal_distribution<double>(0, below(4) == 0 ? 30 : 1)(random_);
  }
  /// Recent values are taken more often, so that patterns arise.
  Value any() {
    const std::size_t back = std::min(below(4), below(made_.values.size()));
    return made_.values[made_.values.size() - 1 - std::min(back, made_.values.size() - 1)];
  }
  Value constant() {
    constexpr std::array numbers{0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0};
    return full_scalar(numbers[below(numbers.size())]);
  }
  Value full_scalar(double x) { return made_.graph.constant(Tensor::full({dtype_, {}}, x)); }
  Value either() { return below(3) == 0 ? constant() : any(); }

  Value step() {
    switch (below(4)) {
      case 0:
        return binary(either(), any());
      case 1:
        return below(2) == 0 ? binary(any(), constant()) : binary(any(), any());
      case 2:
        return shaped(any());
      default:
        return unary(any());
    }
  }
  Value unary(const Value& x) {
    switch (below(22)) {
      case 0:
      case 1:
      case 2:
        return -x;
      case 3:
        return smooth_ ? x * x : abs(x);
      case 4:
        return square(x);
      case 5:
        return sqrt(x);
      case 6:
      case 7:
      case 8:
        return exp(x);
      case 9:
      case 10:
        return log(x);
      case 11:
        return log1p(x);
      case 12:
        return sigmoid(x);
      case 13:
        return reciprocal(x);
      case 14:
        return smooth_ ? sqrt(x * x) : relu(x);
      case 15:
        return smooth_ ? log1p(exp(x)) : floor(x);
      case 16:
        return smooth_ ? exp(x) - 1 : sign(x);
      case 17:
        return identity(x);
      case 18:
        return tanh(x);
      case 19:
        return pow(x, std::array{1.0, 2.0, -1.0, 3.0}[below(4)]);
      case 20:
        return cast(cast(x, f64), x.dtype());
      default:
        return sin(x);
    }
  }
  Value binary(const Value& a, const Value& b) {
    switch (below(9)) {
      case 0:
      case 1:
        return a + b;
      case 2:
        return a - b;
      case 3:
      case 4:
        return a * b;
      case 5:
        return a / b;
      case 6:
        return smooth_ ? log(exp(a) + exp(b)) : maximum(a, b);
      case 7:
        return smooth_ ? a * reciprocal(b) : where(a > b, a, below(2) == 0 ? a : b);
      default:
        return pull(a, b);
    }
  }
  Value shaped(const Value& x) {
    switch (below(8)) {
      case 0:
        return transpose(x);
      case 1:
        return reshaped(x);
      case 2:
        return sum(x);
      case 3:
        return x.rank() > 0 ? softmax(x) : x;
      case 4:
        return x.rank() > 0 ? sum(x, below(2) == 0 ? 0 : -1, below(2) == 0) : norm(x);
      case 5:
        if (x.rank() == 1) return broadcast_to(x, {4, x.shape()[0]});
        return broadcast_to(x, x.rank() == 0 ? Shape{4} : x.shape());
      case 6:
        return x.rank() == 2 ? matmul(x, transpose(x)) : mean(x);
      default:
        return norm(x);
    }
  }

  Value reshaped(const Value& x) {
    switch (below(5)) {
      case 0:
        return unsqueeze(x,
                         static_cast<std::int64_t>(below(static_cast<std::size_t>(x.rank()) + 1)));
      case 1:
        return squeeze(x);
      case 2:
        return reshape(x, {-1, 2});
      case 3:
        return reshape(x, {-1});
      default:
        return flatten(x);
    }
  }

  std::mt19937 random_;
  DType dtype_;
  bool smooth_;
  RandomExpression made_;
};

}  // namespace

RandomExpression random_expression(unsigned seed, DType dtype, bool smooth) {
  return Maker(seed, dtype, smooth).make();
}

}  // namespace dagrad::test
