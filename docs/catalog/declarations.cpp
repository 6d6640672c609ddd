#include "docs/catalog/declarations.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <utility>

namespace dagrad::catalog {

namespace {

namespace fs = std::filesystem;

std::string one_line(const std::string& text) {
  static const std::regex gaps("\\s+"), end(" $");
  return std::regex_replace(std::regex_replace(text, gaps, " "), end, "");
}

/// The lines of a comment as Markdown: each paragraph becomes one line; indented lines are kept.
std::string markdown(const std::vector<std::string>& lines) {
  std::string text;
  bool indented = false;
  for (const std::string& line : lines) {
    const bool was_indented = std::exchange(indented, line.starts_with("    "));
    if (!text.empty() && !text.ends_with("\n"))
      text += line.empty() || indented || was_indented ? "\n" : " ";
    if (!(line.empty() && text.ends_with("\n\n"))) text += line.empty() ? "\n" : line;
  }
  return text;
}

/// A declaration on one line, without the parameter that captures the place of the call.
std::string signature(const std::string& declaration) {
  static const std::regex place(", Location where = Location::here\\(\\)");
  return std::regex_replace(one_line(declaration), place, "");
}

/// What the last group of `pattern` matches, wherever `text` matches it.
std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.push_back((*at)[pattern.mark_count()]);
  return found;
}

std::vector<std::string> operand_names(const std::string& signature) {
  static const std::regex operand("const (Operand|Value)& (\\w+)");
  return matches(signature, operand);
}

/// Reads the functions and structs at the left margin of a header, and the remarks that belong to
/// neither.
class Reader {
 public:
  Reader(std::string header, Declarations& into) : header_(std::move(header)), into_(into) {}

  void line(const std::string& text) {
    static const std::regex inline_operator(
        "inline (Value operator\\S+\\(const Operand& \\w+(, const Operand& \\w+)?\\)) \\{ return "
        "(\\w+)\\(.*");
    std::smatch found;
    static const std::regex function("([A-Z]\\w+|std::vector<[^>]*>|std::array<[^>]*>) \\w+\\(.*");
    if (!struct_.empty() || text.starts_with("struct ")) {
      struct_ += text + "\n";
      if (text.starts_with("};")) keep_struct();
    } else if (!function_.empty() || std::regex_match(text, function)) {
      function_ += text + "\n";
      if (text.ends_with(";")) declare();
    } else if (std::regex_match(text, found, inline_operator)) {
      add_operator(found[1], found[2].matched, found[3]);
    } else if (text.starts_with("///")) {
      if (declared_) comment_.clear();
      declared_ = false;
      comment_.push_back(text.substr(std::min<std::size_t>(4, text.size())));
    } else if (!text.starts_with("namespace")) {
      if (text.empty() && !declared_ && !comment_.empty())
        into_.remarks[header_] += markdown(comment_) + "\n\n";
      comment_.clear();
    }
  }

 private:
  void keep_struct() {
    static const std::regex named("struct (\\w+)[^]*");
    std::smatch name;
    if (struct_.find("static constexpr") != struct_.npos)
      keep_functor();
    else if (std::regex_match(struct_, name, named))
      structs_.emplace_back(name[1], struct_);
    struct_.clear();
    comment_.clear();
  }

  /// The names that the call operator of an op's functor gives to its operands.
  void keep_functor() {
    static const std::regex op("name = \"(\\w+)\"[^]* operator\\(\\)\\(([^)]*)\\)[^]*");
    static const std::regex operand("(\\w+)(?=,|$)");
    static const std::regex comment("/\\*|\\*/");
    std::smatch found;
    if (!std::regex_search(struct_, found, op)) return;
    const std::string parameters = std::regex_replace(found.str(2), comment, "");
    into_.functors[found[1]] = matches(one_line(parameters), operand);
  }

  void declare() {
    const std::string text = signature(function_.substr(0, function_.rfind(';')));
    function_.clear();
    const bool first_of_comment = !std::exchange(declared_, true);
    static const std::regex called("(\\w+)\\(");
    std::smatch name;
    if (!std::regex_search(text, name, called)) return;
    const auto same = [&](const Declaration& other) { return other.name == name[1]; };
    auto& builders = into_.builders;
    auto declaration = std::find_if(builders.begin(), builders.end(), same);
    if (declaration == builders.end()) {
      builders.push_back({name[1], header_, {}, {}, markdown(comment_), operand_names(text), {}});
      declaration = builders.end() - 1;
    } else if (first_of_comment && !comment_.empty()) {
      declaration->comment += "\n\n" + markdown(comment_);
    }
    declaration->signatures.push_back(text);
    for (const auto& [type, body] : structs_) {
      auto& kept = declaration->structs;
      if (std::regex_search(text, std::regex("\\b" + type + "\\b")) &&
          std::find(kept.begin(), kept.end(), body) == kept.end())
        kept.push_back(body);
    }
  }

  /// An operator is one more signature of the builder that it calls. The comment above it also
  /// applies to the operators after it that take as many operands.
  void add_operator(const std::string& signature, bool binary, const std::string& builder) {
    const auto found =
        std::find_if(into_.builders.begin(), into_.builders.end(),
                     [&](const Declaration& declared) { return declared.name == builder; });
    if (found == into_.builders.end())
      throw std::runtime_error(header_ + ": no builder is called " + builder);
    if (!binary) comment_.clear();
    found->signatures.push_back(signature);
    found->operators = header_;
    if (!comment_.empty())
      found->comment += (found->comment.empty() ? "" : "\n\n") + markdown(comment_);
  }

  std::string header_, function_, struct_;  // what is being read
  std::vector<std::string> comment_;
  bool declared_ = false;  // a function follows the comment
  std::vector<std::pair<std::string, std::string>> structs_;
  Declarations& into_;
};

}  // namespace

Declarations read_declarations(const fs::path& include) {
  std::vector<fs::path> headers;
  std::copy(fs::directory_iterator(include / "dagrad/ops"), {}, std::back_inserter(headers));
  std::sort(headers.begin(), headers.end());
  Declarations declarations;
  for (const fs::path& header : headers) {
    std::ifstream file(header);
    if (!file) throw std::runtime_error("cannot read " + header.string());
    Reader reader("dagrad/ops/" + header.filename().string(), declarations);
    for (std::string line; std::getline(file, line);) reader.line(line);
  }
  return declarations;
}

}  // namespace dagrad::catalog
