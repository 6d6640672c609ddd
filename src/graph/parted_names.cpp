#include "src/graph/parted_names.hpp"

namespace dagrad::detail {

std::string PartedNames::text(const Name& name) const {
  std::string text = name.scope == Names::none ? "" : texts_[name.scope] + '/';
  return Names::joined(text += texts_[name.word], name.number);
}

std::uint32_t PartedNames::Reader::taken_over(Known& known, std::uint32_t index,
                                              const std::string& text) {
  if (index >= known.size()) known.resize(index + 1, Names::none);
  if (known[index] == Names::none) {
    known[index] = to_.texts_.size();
    to_.texts_.push_back(text);
  }
  return known[index];
}

PartedNames::Name PartedNames::Reader::name_of(std::uint32_t node) {
  const Names::Parts parts = names_.parts(node);
  if (parts.op == Names::none)
    return {Names::none, taken_over(given_, parts.given, names_.given_text(parts.given)), 0};
  const std::string& scope = names_.scope_text(parts.scope);
  return {scope.empty() ? Names::none : taken_over(scopes_, parts.scope, scope),
          taken_over(ops_, parts.op, names_.op_text(parts.op)), parts.number};
}

}  // namespace dagrad::detail
