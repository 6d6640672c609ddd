#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/check.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"

/// `check_op` holds an op's batch to what each member gives.
namespace {

using namespace dagrad;

/// A running sum along an axis, with a fault in its batch on request.
template <int fault>
struct Running {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Running::axis>;
  static constexpr auto name = "running";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const { CumSum{{axis}}.eval(c); }
  Grads grad(const GradContext& g) const { return {cumsum(g.dout, axis, {.reverse = true})}; }
  std::vector<Value> batch(const BatchContext& b) const {
    if (fault == 1) return {apply(Running{axis}, {b.in[0]})};  // along the batch
    if (fault == 2)  // the batch axis moves: all sizes are the same
      return {transpose(apply(Running{axis + 1}, {b.in[0]}), {1, 0, 2})};
    if (fault == 3) return {b.in[0]};
    return {apply(Running{axis + 1}, {b.in[0]})};
  }
  static Samples samples(Rng& rng) { return {{Running{0}, {rng.uniform({3, 3}, 1, 2)}}}; }
};

/// Says that its leading axes are batch axes, which does not hold: it also adds along the first.
struct Misnamed {
  static constexpr auto name = "misnamed";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const { CumSum{{0}}.eval(c); }
  Grads grad(const GradContext& g) const { return {cumsum(g.dout, 0, {.reverse = true})}; }
  static Samples samples(Rng& rng) { return {{Misnamed{}, {rng.uniform({2}, 1, 2)}}}; }
};

std::string failures(const Op& op) {
  std::string all;
  for (const std::string& failure : check_op(op).failures) all += failure + "\n";
  return all;
}

TEST(CheckOpBatch, PassesARightOne) { EXPECT_EQ(failures(Running<0>{}), ""); }

TEST(CheckOpBatch, FindsABatchAlongTheWrongAxis) {
  const std::string start =
      "sample 0 {axis=0} of float64[3,3]: result 0 of a batch of operand 0 is not that of each "
      "member: ";
  EXPECT_EQ(failures(Running<1>{}).substr(0, start.size()), start);
}

TEST(CheckOpBatch, FindsABatchAxisThatMoves) {
  EXPECT_NE(failures(Running<2>{}).find("is not that of each member"), std::string::npos);
}

TEST(CheckOpBatch, FindsABatchThatIsMissing) {
  EXPECT_NE(failures(Running<3>{}).find("is not that of each member"), std::string::npos);
}

TEST(CheckOpBatch, FindsAKindThatDoesNotHold) {
  EXPECT_NE(failures(Misnamed{}).find("is not that of each member"), std::string::npos);
}

}  // namespace
