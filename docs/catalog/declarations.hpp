#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dagrad::catalog {

/// A builder as its header declares it.
struct Declaration {
  std::string name;
  std::string header;                   ///< "dagrad/ops/nn.hpp"
  std::vector<std::string> signatures;  ///< one line each, without the captured place
  std::vector<std::string> structs;     ///< those that the signatures take or give, as declared
  std::string comment;                  ///< that it, or the group it stands in, has; in Markdown
  std::vector<std::string> operands;    ///< names of the operands of the first signature
};

/// The builders of all headers in include/dagrad/ops, overloads as one, in their order there.
std::vector<Declaration> read_declarations(const std::filesystem::path& include);

}  // namespace dagrad::catalog
