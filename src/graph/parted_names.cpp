#include "src/graph/parted_names.hpp"

namespace dagrad::detail {

std::string PartedNames::text(const Name& name) const {
  std::string text = name.scope == Names::none ? "" : texts_[name.scope] + '/';
  return Names::joined(text += texts_[name.word], name.number);
}

std::uint32_t PartedNames::Reader::add(const std::string& text) {
  to_.texts_.push_back(text);
  return to_.texts_.size() - 1;
}

PartedNames::Name PartedNames::Reader::name_of(std::uint32_t node) {
  const Names::Parts parts = names_.parts(node);
  if (parts.op == Names::none)
    return {Names::none,
            taken_over(given_, parts.given, [&] { return names_.given_text(parts.given); }), 0};
  const std::uint32_t word = taken_over(ops_, parts.op, [&] { return names_.op_text(parts.op); });
  if (parts.scope == 0) return {Names::none, word, parts.number};
  return {taken_over(scopes_, parts.scope, [&] { return names_.scope_text(parts.scope); }), word,
          parts.number};
}

}  // namespace dagrad::detail
