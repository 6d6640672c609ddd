#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Names the decisions on the way from the xs to the ys: those that ops tell of, and every int or
/// bool that depends on the xs.
class Trace {
 public:
  explicit Trace(const Subject& subject);

  /// What it reads.
  const std::vector<Value>& values() const { return values_; }
  /// Nodes that decide, in the graph's order.
  std::size_t size() const { return deciders_.size(); }
  std::uint32_t node(std::size_t i) const { return deciders_[i].node; }
  /// The decisions of one of them, where `values()` begin at `first` in what is computed.
  std::uint64_t of_node(std::size_t i, const Values& computed, std::size_t first) const;
  /// Those of all.
  std::uint64_t operator()(const Values& computed, std::size_t first) const;

 private:
  struct Place {
    Type type;
    std::size_t at = 0;  ///< in `values_`; none of an operand of which only the type is used
  };
  struct Decider {
    std::uint32_t node = 0;
    Op op;  ///< empty: the results themselves are the decisions
    std::vector<Place> in, out;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  Place read(const Value& value);
  void add(const Node& node);

  std::vector<Decider> deciders_;
  std::vector<Value> values_;
  std::unordered_map<Value, std::size_t> known_;  ///< in `values_`
};

}  // namespace dagrad::detail
