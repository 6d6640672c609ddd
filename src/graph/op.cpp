#include "dagrad/op.hpp"

#include "src/tensor/utf8.hpp"

namespace dagrad {

OpInterface::~OpInterface() = default;

std::string Op::attributes() const {
  std::string text;
  op_->visit_attributes([&](std::string_view name, const std::string& value) {
    if (!text.empty()) text += ", ";
    text.append(name).append("=").append(detail::printable_line(value));
  });
  return text;
}

}  // namespace dagrad
