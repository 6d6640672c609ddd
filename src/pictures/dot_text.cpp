#include "src/pictures/dot_text.hpp"

#include "src/io/xml.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

std::string label_text(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : xml_escaped(shortened(xml_characters(text), most))) {
    if (c == '\n')
      out += "<br/>";
    else
      out += c;
  }
  return out;
}

std::string quoted_text(std::string_view text, std::size_t most) {
  std::string out = "\"";
  for (const char c : shortened(xml_characters(text), most)) {
    if (c == '\n')
      out += "\\n";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else
      out += c;
  }
  return out + '"';
}

}  // namespace dagrad::detail
