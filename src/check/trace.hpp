#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Identifies the decisions between the xs and the ys: those that ops report, and every integer or
/// bool that depends on the xs.
class Trace {
 public:
  explicit Trace(const Subject& subject);

  /// The values that it reads.
  const std::vector<Value>& values() const { return values_; }
  /// The number of nodes that decide; they are in graph order.
  std::size_t size() const { return deciders_.size(); }
  std::uint32_t node(std::size_t i) const { return deciders_[i].node; }
  /// The decisions of one of them. `values()` begin at result `first` of `computed`.
  std::uint64_t of_node(std::size_t i, const Values& computed, std::size_t first) const;
  /// The decisions of all of them.
  std::uint64_t operator()(const Values& computed, std::size_t first) const;

 private:
  struct Place {
    Type type;
    std::size_t at = 0;  ///< index in `values_`; unused if only the operand's type is used
  };
  struct Decider {
    std::uint32_t node = 0;
    Op op;  ///< if empty, the results themselves are the decisions
    std::vector<Place> in, out;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  Place read(const Value& value);
  void add(const Node& node);

  std::vector<Decider> deciders_;
  std::vector<Value> values_;
  std::unordered_map<Value, std::size_t> known_;  ///< index in `values_`
};

}  // namespace dagrad::detail
