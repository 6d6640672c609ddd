#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dagrad::catalog {

/// A builder, as its header declares it.
struct Declaration {
  std::string name;
  std::string header;                   ///< "dagrad/ops/nn.hpp"
  std::vector<std::string> signatures;  ///< one line each, without the place of the call
  std::vector<std::string> structs;     ///< that the signatures take or return, as declared
  std::string comment;                  ///< its own, or that of its group; in Markdown
  std::vector<std::string> operands;    ///< the names of the operands of the first signature
  std::string operators;                ///< the header with its operator; empty if it has none
};

/// What the headers in include/dagrad/ops declare.
struct Declarations {
  std::vector<Declaration> builders;  ///< in their order there; overloads are one builder
  std::map<std::string, std::vector<std::string>> functors;  ///< operands of an op's functor
  std::map<std::string, std::string> remarks;  ///< on all ops of a header, as Markdown paragraphs
};
Declarations read_declarations(const std::filesystem::path& include);

}  // namespace dagrad::catalog
