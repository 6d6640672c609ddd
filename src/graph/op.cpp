#include "dagrad/op.hpp"

#include "src/tensor/utf8.hpp"

namespace dagrad {

OpInterface::~OpInterface() = default;

std::string Op::attributes() const {
  std::string text;
  visit_attributes([&](std::string_view name, const Attribute& value) {
    if (!text.empty()) text += ", ";
    text.append(name).append("=").append(attribute_text(value));
  });
  return text;
}

}  // namespace dagrad
