#include "tests/pictures/random_picture.hpp"

#include <random>
#include <string>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"

namespace dagrad::test {

namespace {

class PictureMaker {
 public:
  explicit PictureMaker(unsigned seed) : random_(seed) {}

  RandomPicture run() {
    pool_.push_back(made_.graph.input("x", {f64, {3, 3}}));
    pool_.push_back(made_.graph.input("row", {f64, {3}}));
    for (int part = 0, parts = 1 + below(3); part < parts; ++part) add_part(0);
    differentiate();
    choose_options();
    return std::move(made_);
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  const Value& any() {
    return pool_[static_cast<std::size_t>(below(static_cast<int>(pool_.size())))];
  }

  void add_part(int depth) {
    if (depth < 3 && chance(60)) {
      if (chance(40)) return add_repeats(depth);
      const Scope scope = made_.graph.scope(std::string(1, static_cast<char>('a' + below(3))));
      for (int i = 0, parts = 1 + below(3); i < parts; ++i) add_part(depth + 1);
      return;
    }
    for (int i = 0, nodes = 1 + below(4); i < nodes; ++i) pool_.push_back(node(any(), any()));
  }

  /// Equal scopes one after the other, with parameters of their own.
  void add_repeats(int depth) {
    const int layers = 2 + below(3), steps = 1 + below(3), kind = below(1000);
    const Value aside = any();
    Value x = any();
    for (int i = 0; i < layers; ++i) {
      const Scope scope =
          made_.graph.scope("layer" + std::to_string(scopes_++) + "_" + std::to_string(i));
      const Value w = made_.graph.parameter("w", Tensor(Type{f64, {3}}));
      parameters_.push_back(w);
      const Value start = x;
      for (int step = 0; step < steps; ++step)
        x = (kind >> step) % 2 == 0 ? tanh(x * w) : x + 0.5 * sum(aside);
      if (kind % 3 == 0) x = x + start;
      if (depth < 2 && kind % 5 == 0) {
        const Scope inner = made_.graph.scope("inner");
        x = sin(x) + w;
      }
    }
    pool_.push_back(x);
  }

  Value node(const Value& a, const Value& b) {
    switch (below(10)) {
      case 0:
        return a + b;
      case 1:
        return a * b;
      case 2:
        return a - 0.25;
      case 3:
        return sin(a).named("named" + std::to_string(named_++));
      case 4:
        return mean(a);
      case 5:
        return a.rank() == 2 && b.rank() == 2 ? matmul(a, b) : tanh(a);
      case 6:
        return a * made_.graph.constant({1.0, 2.0, 3.0});
      case 7: {
        const Value w = made_.graph.parameter("p" + std::to_string(named_++), Tensor(1.0));
        parameters_.push_back(w);
        return w * a;
      }
      case 8:
        return broadcast_like(sum(a), b);
      default:
        return a.rank() == 2 ? concat({a, a}, 0).rank() == 2 ? transpose(a) : a : exp(a);
    }
  }

  void differentiate() {
    Value y = sum(pool_.back());
    for (int i = 0; i < 3; ++i) y = y + sum(any());
    made_.options.fetches.push_back(y);
    if (parameters_.empty() || chance(20)) return;
    const GradientOptions lenient{.unconnected = Unconnected::zeros};
    const auto gradients = gradient(y, parameters_, lenient);
    if (chance(30)) {
      const Value total = sum(gradients[0] * gradients[0]);
      made_.options.fetches.push_back(gradient(total, parameters_, lenient)[0]);
    }
    if (chance(30)) return;
    const Value rate = 0.5 * sum(any());
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      made_.options.updates.push_back({parameters_[i], parameters_[i] - rate * gradients[i]});
  }

  void choose_options() {
    PictureOptions& options = made_.options;
    options.only_needed = chance(30);
    options.detail = static_cast<Detail>(below(3));
    if (chance(40)) options.open_scopes = static_cast<std::size_t>(below(4));
    if (chance(30)) options.most_nodes = static_cast<std::size_t>(1 + below(40));
    if (chance(30)) options.scopes.push_back({"**/inner", static_cast<Detail>(below(3))});
    if (chance(30)) options.scopes.push_back({"a*", static_cast<Detail>(below(3))});
    if (chance(20)) options.scopes.push_back({"update", Detail::ops});
    options.join_repeats = chance(60);
    if (chance(20)) options.left_out.push_back("b");
    if (chance(20)) options.left_out.push_back("**named1*");
    options.fold_shapes = chance(70);
    options.constants = static_cast<Constants>(below(3));
    options.left_to_right = chance(20);
    options.ties = chance(70);
  }

  std::mt19937 random_;
  RandomPicture made_;
  std::vector<Value> pool_, parameters_;
  int scopes_ = 0, named_ = 0;
};

}  // namespace

RandomPicture random_picture(unsigned seed) { return PictureMaker(seed).run(); }

}  // namespace dagrad::test
