#include "dagrad/error.hpp"
#include "src/passes/pattern.hpp"

namespace dagrad {

Rule::Rule(std::string name, std::size_t operands, const Formula& left, Formula right)
    : name_(std::move(name)),
      pattern_(std::make_shared<detail::Pattern>(operands, left)),
      right_(std::move(right)) {
  is_for_ = [pattern = pattern_](const Op& op) { return op == pattern->op(); };
}

Rule Rule::for_ops(std::string name, std::function<bool(const Op&)> is_for, Replace replace) {
  Rule rule;
  rule.name_ = std::move(name);
  rule.is_for_ = std::move(is_for);
  rule.replace_ = std::move(replace);
  return rule;
}

Rule Rule::after(std::function<bool(const Op&)> makes_operand) && {
  needs_.makes_operand = std::move(makes_operand);
  return std::move(*this);
}

Rule Rule::if_type_stays() && {
  needs_.same_type = true;
  return std::move(*this);
}

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
