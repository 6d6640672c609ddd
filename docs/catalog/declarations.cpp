#include "docs/catalog/declarations.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

namespace dagrad::catalog {

namespace {

namespace fs = std::filesystem;

std::string one_line(const std::string& text) {
  static const std::regex gaps("\\s+"), end(" $");
  return std::regex_replace(std::regex_replace(text, gaps, " "), end, "");
}

/// Without the parameters that note the line of the call.
std::string signature(const std::string& declaration) {
  static const std::regex place(
      ", const char\\* file = __builtin_FILE\\(\\), int line = __builtin_LINE\\(\\)");
  return std::regex_replace(one_line(declaration), place, "");
}

std::vector<std::string> operand_names(const std::string& signature) {
  static const std::regex operand("const (Operand|Value)& (\\w+)");
  std::vector<std::string> names;
  for (std::sregex_iterator at(signature.begin(), signature.end(), operand), end; at != end; ++at)
    names.push_back((*at)[2]);
  return names;
}

/// Goes through the functions that stand at the left margin of a header.
class Reader {
 public:
  Reader(std::string header, std::map<std::string, Declaration>& into)
      : header_(std::move(header)), into_(into) {}

  void line(const std::string& text) {
    static const std::regex begins("([A-Z]\\w*|std::vector<[^>]*>|std::array<[^>]*>) \\w+\\(.*");
    if (!pending_.empty() || std::regex_match(text, begins)) {
      pending_ += text + "\n";
      if (text.ends_with(";")) declare();
    } else if (text.starts_with("/// ")) {
      if (declared_) comment_.clear();
      declared_ = false;
      comment_ += text.substr(4) + "\n";
    } else if (text.empty() || text.starts_with("}")) {
      comment_.clear();
    }
  }

 private:
  void declare() {
    const std::string text = signature(pending_.substr(0, pending_.rfind(';')));
    pending_.clear();
    declared_ = true;
    static const std::regex called("(\\w+)\\(");
    std::smatch name;
    if (!std::regex_search(text, name, called)) return;
    Declaration& declaration = into_[name[1]];
    if (declaration.signatures.empty()) {
      declaration.header = header_;
      declaration.comment = one_line(comment_);
      declaration.operands = operand_names(text);
    }
    declaration.signatures.push_back(text);
  }

  std::string header_, pending_, comment_;
  bool declared_ = false;  // something since the comment began
  std::map<std::string, Declaration>& into_;
};

}  // namespace

std::map<std::string, Declaration> read_declarations(const fs::path& include) {
  std::vector<fs::path> headers;
  std::copy(fs::directory_iterator(include / "dagrad/ops"), {}, std::back_inserter(headers));
  std::sort(headers.begin(), headers.end());
  std::map<std::string, Declaration> declarations;
  for (const fs::path& header : headers) {
    std::ifstream file(header);
    if (!file) throw std::runtime_error("cannot read " + header.string());
    Reader reader("dagrad/ops/" + header.filename().string(), declarations);
    for (std::string line; std::getline(file, line);) reader.line(line);
  }
  return declarations;
}

}  // namespace dagrad::catalog
