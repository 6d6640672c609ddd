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

/// An elementwise op that consists of a recorded program, as appended by derived rules. Operands
/// must have the dtypes of the program's inputs, and broadcast.
struct Traced {
  std::string name;
  ProgramPtr recorded;
  /// How a rule's program was derived, so that it can be derived again for another dtype.
  std::shared_ptr<const detail::Derivation> derivation = nullptr;

  /// The op is identified by its program and its name.
  struct attributes {
    static std::size_t hash(const Traced& op);
    static bool equal(const Traced& a, const Traced& b);
    static void visit(const Traced& op, const AttributeVisitor& visit);
    static bool assign(Traced& op, std::string_view name, const Attribute& value);
  };
  static constexpr auto doc = "A recorded elementwise formula.";

  const ProgramPtr& program(std::span<const Type> in) const;
  /// Records or derives the program again with `to` instead of `from`, and converts recorded
  /// constants.
  bool retype(DType from, DType to);
};

}  // namespace dagrad
