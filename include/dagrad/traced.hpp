#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad {

namespace detail {
struct Derivation;
}

/// An elementwise op that is a recorded program: what a derived rule appends, and what a fused
/// group of nodes becomes. Operands have the dtypes of the program's inputs and broadcast.
struct Traced {
  std::string name;
  ProgramPtr recorded;
  /// How a rule's program was derived, so that it can be derived again in another dtype.
  std::shared_ptr<const detail::Derivation> derivation = nullptr;

  /// Identity is the program's, and the name that the op has beside it.
  struct attributes {
    static std::size_t hash(const Traced& op);
    static bool equal(const Traced& a, const Traced& b);
    static void visit(const Traced& op, const AttributeVisitor& visit);
    static bool assign(Traced& op, std::string_view name, const Attribute& value);
  };
  static constexpr auto doc = "A recorded elementwise formula.";

  const ProgramPtr& program(std::span<const Type> in) const;
  /// Records the program anew with every `from` a `to`, or derives it anew; constants that were
  /// recorded are converted.
  bool retype(DType from, DType to);
};

}  // namespace dagrad
