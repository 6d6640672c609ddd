#pragma once

#include <atomic>
#include <span>

#include "dagrad/op_interface.hpp"

/// Caches of the programs recorded for an op.
namespace dagrad::detail {

/// Programs of one op, recorded once for each combination of dtypes. It only grows, and reading
/// takes no lock.
class ProgramCache {
 public:
  ProgramCache() = default;
  ProgramCache(const ProgramCache&) = delete;
  ProgramCache& operator=(const ProgramCache&) = delete;
  ~ProgramCache();
  /// The program for operands of these dtypes; null if there is none.
  const ProgramPtr* find(std::span<const Type> in) const;
  const ProgramPtr& add(std::span<const Type> in, ProgramPtr program) const;

 private:
  struct Entry;
  mutable std::atomic<Entry*> entries_{nullptr};
};

/// Gradient rules derived from the programs of one op, once for each combination of dtypes, wanted
/// gradients and present cotangents. It only grows, as a ProgramCache does.
class RuleCache {
 public:
  RuleCache() = default;
  RuleCache(const RuleCache&) = delete;
  RuleCache& operator=(const RuleCache&) = delete;
  ~RuleCache();
  /// Returns the gradients, for which it appends at most one Traced node.
  Grads grads(const OpInterface& op, const GradContext& context) const;
  /// Returns the tangents of the results, for which it appends at most one Traced node.
  Grads tangents(const OpInterface& op, const JvpContext& context) const;

 private:
  struct Entry;
  struct ForwardEntry;
  const Entry& entry(const OpInterface& op, const GradContext& context) const;
  const ForwardEntry& forward_entry(const OpInterface& op, const JvpContext& context) const;
  mutable std::atomic<Entry*> entries_{nullptr};
  mutable std::atomic<ForwardEntry*> forward_entries_{nullptr};
};

}  // namespace dagrad::detail
