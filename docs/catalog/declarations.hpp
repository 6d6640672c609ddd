#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dagrad::catalog {

/// A builder as its header declares it.
struct Declaration {
  std::string header;                   ///< "dagrad/ops/nn.hpp"
  std::vector<std::string> signatures;  ///< one line each, without the captured place
  std::string comment;                  ///< that it, or the group it stands in, has
  std::vector<std::string> operands;    ///< names of the operands of the first signature
};

/// Builders by name, of all headers in include/dagrad/ops.
std::map<std::string, Declaration> read_declarations(const std::filesystem::path& include);

}  // namespace dagrad::catalog
