#pragma once

#include <atomic>
#include <span>

#include "dagrad/op_interface.hpp"

/// What an op keeps of the programs that were recorded for it.
namespace dagrad::detail {

/// Programs of one op, recorded once for each combination of dtypes. Only ever grows; reading
/// takes no lock.
class ProgramCache {
 public:
  ProgramCache() = default;
  ProgramCache(const ProgramCache&) = delete;
  ProgramCache& operator=(const ProgramCache&) = delete;
  ~ProgramCache();
  /// Null where there is none for operands of these dtypes.
  const ProgramPtr* find(std::span<const Type> in) const;
  const ProgramPtr& add(std::span<const Type> in, ProgramPtr program) const;

 private:
  struct Entry;
  mutable std::atomic<Entry*> entries_{nullptr};
};

/// Chain rules derived from the programs of one op, once for each combination of dtypes and of
/// gradients that are wanted and there. Grows as a ProgramCache does.
class RuleCache {
 public:
  RuleCache() = default;
  RuleCache(const RuleCache&) = delete;
  RuleCache& operator=(const RuleCache&) = delete;
  ~RuleCache();
  /// Appends one Traced node.
  Grads grads(const OpInterface& op, const GradContext& context) const;

 private:
  struct Entry;
  const Entry& entry(const OpInterface& op, const GradContext& context) const;
  mutable std::atomic<Entry*> entries_{nullptr};
};

}  // namespace dagrad::detail
