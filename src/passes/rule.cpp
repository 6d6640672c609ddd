#include "dagrad/error.hpp"
#include "src/passes/pattern.hpp"

namespace dagrad {

Rule::Rule(std::string name, std::size_t operands, const Formula& left, Formula right)
    : name_(std::move(name)),
      pattern_(std::make_shared<detail::Pattern>(operands, left)),
      right_(std::move(right)) {
  op_ = pattern_->op();
}

Rule::Rule(std::string name, std::string_view op, Replace replace)
    : name_(std::move(name)), op_(op), replace_(std::move(replace)) {}

Value Rule::operator()(const RuleSite& site) const {
  Value result;
  if (replace_) {
    result = replace_(site);
  } else if (const std::optional<detail::Bound> bound = pattern_->match(site)) {
    result = right_(*bound);
  }
  return result.empty() || result.type() != site.type ? Value() : result;
}

}  // namespace dagrad
