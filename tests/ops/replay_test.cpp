#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/check.hpp"
#include "tests/ops/replay_model.hpp"

/// Every op with its first and second derivatives, replayed with any broadcasting in one graph but
/// not in the other.
namespace dagrad::test {
namespace {

std::string to_text(std::span<const Type> types) {
  std::string text;
  for (const Type& type : types) text += (text.empty() ? "" : ", ") + to_string(type);
  return text;
}

/// The operands of a sample, cut down to one element along the axes in a mask, whose bits number
/// the axes of all operands. Empty axes stay empty.
std::vector<Tensor> cut_down(std::span<const Tensor> in, std::uint32_t mask) {
  std::vector<Tensor> small;
  for (const Tensor& tensor : in) {
    std::vector<std::int64_t> dims;
    for (const std::int64_t d : tensor.shape().dims()) {
      dims.push_back((mask & 1U) != 0 ? std::min<std::int64_t>(d, 1) : d);
      mask >>= 1;
    }
    Tensor part({tensor.dtype(), Shape(dims)});
    if (part.size() > 0) std::memcpy(part.mutable_view().data, tensor.data(), part.type().bytes());
    small.push_back(std::move(part));
  }
  return small;
}

std::vector<Type> types_of(std::span<const Tensor> tensors) {
  std::vector<Type> types;
  for (const Tensor& tensor : tensors) types.push_back(tensor.type());
  return types;
}

bool takes(const Op& op, std::span<const Type> types) {
  std::vector<Type> results;
  try {
    op->infer(types, results);
  } catch (const Error&) {
    return false;
  }
  return true;
}

/// The ways to cut down an op's operands that it accepts, from no axes to as many as possible; if
/// there are many, a selection.
std::vector<std::vector<Tensor>> patterns(const Sample& sample) {
  std::size_t axes = 0;
  for (const Tensor& tensor : sample.in) axes += static_cast<std::size_t>(tensor.shape().rank());
  std::vector<std::vector<Tensor>> all;
  std::set<std::string> seen;
  for (std::uint32_t mask = 0; mask < 1U << std::min<std::size_t>(axes, 8); ++mask) {
    std::vector<Tensor> cut = cut_down(sample.in, mask);
    const std::vector<Type> types = types_of(cut);
    if (takes(sample.op, types) && seen.insert(to_text(types)).second)
      all.push_back(std::move(cut));
  }
  constexpr std::size_t most = 40;
  const std::size_t step = (all.size() + most - 1) / most;
  std::vector<std::vector<Tensor>> some;
  for (std::size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  if ((all.size() - 1) % step != 0) some.push_back(all.back());
  return some;
}

Build build_of(const Op& op) {
  return [op](std::span<const Value> in) {
    return apply(op, std::vector<Operand>(in.begin(), in.end()));
  };
}

class ReplayOfOp : public ::testing::TestWithParam<std::string> {
 protected:
  ReplayOfOp() : op_(Catalog::builtin().find(GetParam())->op) {
    Rng rng(1);
    samples_ = default_samples(op_, rng);
    for (Sample& sample : samples_)
      if (!sample.op) sample.op = op_;
  }
  /// Empty if the rule of a sample works only for its own shapes.
  static std::unique_ptr<Model> model(const Sample& sample, std::span<const Type> types) try {
    return std::make_unique<Model>(types, build_of(sample.op), !sample.op.traits().no_grad,
                                   sample.op.traits().cut);
  } catch (const GradientError&) {
    return nullptr;
  }
  Op op_;
  Samples samples_;
};

TEST_P(ReplayOfOp, AtEveryBroadcastPatternEqualsBuildingAgain) {
  for (const Sample& sample : samples_) {
    if (sample.in.empty()) continue;
    const auto cuts = patterns(sample);
    const std::vector<Type> small = types_of(cuts.back());
    const auto from = model(sample, small), full = model(sample, types_of(cuts.front()));
    for (const auto& cut : cuts) {
      const std::string what =
          op_.name().data() + (" from " + to_text(small)) + " to " + to_text(types_of(cut));
      const auto anew = model(sample, types_of(cut));
      if (!anew || !from) continue;
      const Rewritten replayed = replay(from->graph, types_of(*from, *anew));
      EXPECT_EQ(to_string(replayed.graph), to_string(anew->graph)) << what;
      EXPECT_EQ(to_string(replay(full->graph, types_of(*full, *anew)).graph),
                to_string(anew->graph))
          << what;
      if (&cut == &cuts.front()) expect_same_values(replayed, *from, *anew, cut, what);
    }
  }
}

/// Ops that make floats from other types keep their dtype and are cast; casts from or to float32
/// round.
bool keeps_its_dtype(std::string_view op) {
  static const std::set<std::string_view> names{"cast", "one_hot"};
  return names.contains(op);
}

TEST_P(ReplayOfOp, InAnotherDtypeEqualsBuildingAgain) {
  if (keeps_its_dtype(op_.name())) return;
  for (const Sample& sample : samples_) {
    const Op op = sample.op->retyped(f64, f32);
    Sample other{op ? op : sample.op, {}};
    for (const Tensor& tensor : sample.in)
      other.in.push_back(tensor.dtype() == f64 ? tensor.cast(f32) : tensor);
    const std::vector<Type> wide_types = types_of(sample.in), types = types_of(other.in);
    if (types.empty() || types == wide_types || !takes(other.op, types)) continue;
    const auto wide = model(sample, wide_types), narrow = model(other, types);
    const std::string what = op_.name().data() + (" of " + to_text(types));
    const Rewritten narrowed = replay(wide->graph, f64, f32);
    expect_same_values(narrowed, *wide, *narrow, other.in, what);
    // Also in the other direction, if float32 represents all constants; otherwise they stay
    // rounded.
    if (to_string(replay(narrowed.graph, f32, f64).graph) == to_string(wide->graph))
      expect_same_values(replay(narrow->graph, f32, f64), *narrow, *wide, sample.in, what);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, ReplayOfOp, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& entry : Catalog::builtin())
                             names.emplace_back(entry.op.name());
                           return names;
                         }()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace dagrad::test
