#include "tests/check/random_graphs.hpp"

#include <algorithm>
#include <cmath>

namespace dagrad::tests {
namespace {

using Domain = bool (*)(double);
bool anywhere(double) { return true; }
bool positive(double x) { return x > 0; }
bool nonzero(double x) { return x != 0; }
bool above_minus_one(double x) { return x > -1; }
bool inside_one(double x) { return std::abs(x) < 1; }

/// Quotients are limited like all values, since remainder has no meaningful slope if they exceed
/// 1e6.
bool quotients_are_known(const Tensor& a, const Tensor& b) {
  double largest = 0, smallest = 1e300;
  for (std::int64_t e = 0; e < a.size(); ++e) largest = std::max(largest, std::abs(a.at(e)));
  for (std::int64_t e = 0; e < b.size(); ++e) smallest = std::min(smallest, std::abs(b.at(e)));
  return largest <= 1e6 * smallest;
}

/// An op, and the range of its operands.
struct Choice {
  Op op;
  std::vector<Domain> domains;
  /// Only the type of the last operand is used, to which the others broadcast.
  bool reference = false;
};

const std::vector<Choice>& choices() {
  static const std::vector<Choice> all = [] {
    std::vector<Choice> list;
    for (const Op& op : {Op(Neg{}),  Op(Abs{}),       Op(Square{}),   Op(Sin{}),     Op(Cos{}),
                         Op(Tan{}),  Op(Atan{}),      Op(Tanh{}),     Op(Sigmoid{}), Op(Softplus{}),
                         Op(Relu{}), Op(LeakyRelu{}), Op(Elu{}),      Op(Gelu{}),    Op(GeluTanh{}),
                         Op(Silu{}), Op(Erf{}),       Op(Erfc{}),     Op(Exp{}),     Op(Expm1{}),
                         Op(Sinh{}), Op(Cosh{}),      Op(Identity{}), Op(Floor{}),   Op(Sign{})})
      list.push_back({op, {anywhere}});
    for (const Op& op : {Op(Sqrt{}), Op(Rsqrt{}), Op(Log{})}) list.push_back({op, {positive}});
    list.push_back({Log1p{}, {above_minus_one}});
    list.push_back({Asin{}, {inside_one}});
    list.push_back({Acos{}, {inside_one}});
    list.push_back({Reciprocal{}, {nonzero}});
    for (const Op& op : {Op(Add{}), Op(Sub{}), Op(Mul{}), Op(Maximum{}), Op(Minimum{}),
                         Op(Logaddexp{}), Op(Pull{})})
      for (int often = 0; often < 2; ++often) list.push_back({op, {anywhere, anywhere}});
    for (const Op& op : {Op(Atan2{}), Op(Hypot{})}) list.push_back({op, {nonzero, nonzero}});
    list.push_back({Div{}, {anywhere, nonzero}});
    list.push_back({Remainder{}, {anywhere, nonzero}});
    list.push_back({Pow{}, {positive, anywhere}});
    list.push_back({AddN{}, {anywhere, anywhere, anywhere}});
    list.push_back({SumToLike{}, {anywhere, anywhere}});
    list.push_back({BroadcastLike{}, {anywhere, anywhere}});
    return list;
  }();
  return all;
}

class Generator {
 public:
  Generator(std::int64_t seed, const Plant& plant, DType dtype)
      : rng_(seed), plant_(plant), dtype_(dtype) {}

  RandomGraph make() {
    const std::int64_t inputs = rng_.integer(1, 4);
    for (std::int64_t i = 0; i < inputs; ++i) add_input();
    const std::int64_t nodes = rng_.integer(2, 14);
    for (std::int64_t made = 0, tried = 0; made < nodes && tried < 20 * nodes; ++tried)
      made += try_node() ? 1 : 0;
    result_.y = values_.back();
    return std::move(result_);
  }

 private:
  void add_input() {
    static const std::vector<Shape> shapes{{}, {1}, {3}, {2, 1}, {2, 3}, {3, 3}};
    const Shape shape =
        shapes[static_cast<std::size_t>(rng_.integer(0, static_cast<std::int64_t>(shapes.size())))];
    const double size = std::pow(10, rng_.number(-3, 2));
    const Tensor data = rng_.normal(shape, 0, size, dtype_);
    const Value x = result_.graph.input("x" + std::to_string(result_.xs.size()), data.type());
    result_.xs.push_back(x);
    result_.feeds.emplace_back(x, data);
    values_.push_back(x);
    numbers_.push_back(data);
  }

  /// Prefers recent values, so that graphs get deep.
  std::size_t pick() {
    const double u = rng_.number();
    return values_.size() - 1 -
           static_cast<std::size_t>(u * u * static_cast<double>(values_.size()));
  }

  bool try_node() {
    const Choice& choice = choices()[static_cast<std::size_t>(
        rng_.integer(0, static_cast<std::int64_t>(choices().size())))];
    std::vector<Operand> operands;
    std::vector<Tensor> picked;
    for (const Domain domain : choice.domains) {
      const std::size_t at = pick();
      for (std::int64_t e = 0; e < numbers_[at].size(); ++e)
        if (!domain(numbers_[at].at(e))) return false;
      operands.emplace_back(values_[at]);
      picked.push_back(numbers_[at]);
    }
    if (choice.op.get_if<Remainder>() && !quotients_are_known(picked[0], picked[1])) return false;
    try {
      const Value value =
          apply(plant_ ? plant_(choice.op) : choice.op, std::span<const Operand>(operands)).front();
      const Tensor number = evaluate(value, needed(value));
      for (std::int64_t e = 0; e < number.size(); ++e)
        if (!(std::abs(number.at(e)) <= 1e6)) return false;
      values_.push_back(value);
      numbers_.push_back(number);
      return true;
    } catch (const ShapeError&) {
      return false;
    }
  }

  Feeds needed(const Value& value) {
    const std::vector<std::string> names = compile({value}).input_names();
    Feeds feeds;
    for (const Feed& feed : result_.feeds)
      if (std::find(names.begin(), names.end(), feed.value.name()) != names.end())
        feeds.push_back(feed);
    return feeds;
  }

  Rng rng_;
  const Plant& plant_;
  DType dtype_;
  RandomGraph result_;
  std::vector<Value> values_;
  std::vector<Tensor> numbers_;
};

}  // namespace

RandomGraph random_graph(std::int64_t seed, const Plant& plant, DType dtype) {
  return Generator(seed, plant, dtype).make();
}

}  // namespace dagrad::tests
