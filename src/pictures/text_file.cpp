#include "src/pictures/text_file.hpp"

#include <fstream>
#include <string>

#include "dagrad/error.hpp"

namespace dagrad::detail {

void write_text(const std::filesystem::path& file, std::string_view text, std::string_view called) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw FileError(std::string(called) + ": cannot write " + file.string());
}

}  // namespace dagrad::detail
