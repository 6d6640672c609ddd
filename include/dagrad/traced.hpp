#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad {

/// How a rule's program came about. In another dtype it is derived again, of the forward program in
/// that dtype, so that its constants are what they are where a graph is built in that dtype.
struct Derivation {
  ProgramPtr forward;
  std::shared_ptr<const Derivation> of_forward;  ///< null where the forward program was recorded
  std::vector<bool> wanted, present;             ///< operands, and cotangents that are there
};

/// An elementwise op that is a recorded program: what a derived rule appends, and what a fused
/// group of nodes becomes. Operands have the dtypes of the program's inputs and broadcast.
struct Traced {
  std::string name;
  ProgramPtr recorded;
  std::shared_ptr<const Derivation> derivation = nullptr;  ///< of a rule's program

  /// Identity is the program's; its text is the formula.
  struct attributes {
    static std::size_t hash(const Traced& op);
    static bool equal(const Traced& a, const Traced& b);
    static void visit(const Traced& op,
                      const std::function<void(std::string_view, const std::string&)>& visit);
  };
  static constexpr auto doc = "A recorded elementwise formula.";

  const ProgramPtr& program(std::span<const Type> in) const;
  /// Records the program anew with every `from` a `to`, or derives it anew; constants that were
  /// recorded are converted.
  bool retype(DType from, DType to);
};

}  // namespace dagrad
