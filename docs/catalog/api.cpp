#include "docs/catalog/api.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "docs/weave/regions.hpp"

namespace dagrad::catalog {

namespace {

struct Section {
  std::string title;
  std::vector<std::string> headers;
};
const std::vector<Section> sections = {
    {"Tensors", {"dtype", "shape", "range", "indices", "axes", "tensor", "host", "evaluate_op"}},
    {"Random numbers", {"random"}},
    {"Graphs and values", {"value", "graph"}},
    {"Gradients", {"gradient", "derivatives", "sparse", "pattern"}},
    {"Batches", {"batch", "batching"}},
    {"Running", {"compile", "state", "runtime", "instruction_set", "profile", "explain"}},
    {"Training", {"updates", "optimizers", "train/schedules", "train/average", "train/lbfgs",
                  "train/least_squares"}},
    {"Layers", {"train/network", "train/layers", "train/initializers"}},
    {"Data and metrics",
     {"train/dataset", "train/dataset_files", "train/idx", "train/split", "train/preprocess",
      "train/metrics"}},
    {"Training loops", {"train/fit", "train/history", "train/progress"}},
    {"Watching gradients",
     {"train/gradient_report", "train/gradient_warnings", "train/rate_range"}},
    {"Files", {"csv", "npy", "npz", "checkpoint", "dot"}},
    {"Checks", {"check"}},
    {"Rewrites", {"rewrite"}},
    {"Errors", {"error"}},
};

/// Cuts the body and the initialisers of members from a function that is defined in the header.
std::string without_body(const std::string& text) {
  if (text.find("concept ") != text.npos) return text;
  static const std::regex initialisers("\\)\\s+:\\s(?!:)"),
      after_head("(\\)|\\bconst|\\bnoexcept|&)\\s*$");
  std::string head = text;
  std::smatch found;
  if (std::regex_search(text, found, initialisers)) {
    head = text.substr(0, static_cast<std::size_t>(found.position()) + 1);
  } else {
    for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
      const std::string before = text.substr(0, at);
      if (std::count(before.begin(), before.end(), '(') !=
              std::count(before.begin(), before.end(), ')') ||
          !std::regex_search(before, after_head))
        continue;
      head = before.substr(0, before.find_last_not_of(" \n") + 1);
      break;
    }
  }
  return head == text ? text : head + ";";
}

/// Leaves out what only the implementation needs, such as the place of the call.
std::string plain(const std::string& text) {
  static const std::regex place(
      "(,\\s+)?(Location|detail::CallLine) where = (detail::CallLine|Location)(::here\\(\\))"),
      indent_of_inline("(^|\n)(\\s*)inline (constexpr )?(?=[\\w:<>]+&? \\w+\\()");
  return std::regex_replace(std::regex_replace(without_body(text), place, ""), indent_of_inline,
                            "$1$2$3");
}

/// Prints the declarations of one header.
class Header {
 public:
  std::string print(const std::vector<std::string>& lines) {
    static const std::regex nested("namespace (dagrad::\\w+) \\{");
    std::smatch found;
    for (const std::string& line : lines) {
      if (line.starts_with("}  // namespace dagrad")) break;
      if (std::regex_match(line, found, nested))
        text_ += (comment_.empty() ? "" : std::exchange(comment_, "") + "\n") + "// in namespace " +
                 found[1].str() + "\n";
      else if (!skipped(line))
        add(line);
    }
    end_paragraph();
    return std::move(text_);
  }

 private:
  bool skipped(const std::string& line) {
    static const std::regex other("#.*|namespace dagrad \\{|\\s*friend (class|struct|detail|In).*");
    if (private_) {
      private_ = line != "};";
      return private_;
    }
    private_ = line == " private:";
    if (line.starts_with("namespace detail {") || detail_ > 0) {
      const std::string code = code_of(line);
      detail_ += std::count(code.begin(), code.end(), '{');
      detail_ -= std::count(code.begin(), code.end(), '}');
      return true;
    }
    return private_ || std::regex_match(line, other);
  }

  void add(const std::string& line) {
    static const std::regex opening("(template <[^]*>\\s+)?(class|struct|enum) [^;{]*\\{"),
        end("\\s*\\}.*;");
    if (enumeration_ || line == " public:" || (declaration_.empty() && line == "};")) {
      enumeration_ = enumeration_ && !std::regex_match(line, end);
      return write(line);
    }
    if (declaration_.empty() && line.empty()) return end_paragraph();
    if (declaration_.empty() && line.find_first_not_of(' ') == line.find("//")) {
      comment_ += line + "\n";
      return;
    }
    declaration_ += (declaration_.empty() ? "" : "\n") + line;
    const std::string code = code_of(declaration_);
    if (std::regex_match(code, opening)) {
      enumeration_ = code.starts_with("enum ");
      return write(std::exchange(declaration_, ""));
    }
    if (balanced(code) && (code.ends_with(';') || code.ends_with('}'))) declare();
  }

  /// Writes the declaration, unless only the implementation needs it or it repeats another.
  void declare() {
    static const std::regex forward("class \\w+;"),
        member("(template <[^]*>\\s+)?\\S+ \\w+::\\w+\\([^]*");
    const std::string text = plain(std::exchange(declaration_, ""));
    left_out_ = text.find("detail::") != text.npos || text.ends_with("= default;") ||
                std::regex_match(text, member) || std::regex_match(text, forward);
    if (!left_out_) write(text);
  }
  void write(const std::string& text) {
    if (text == "};" && text_.ends_with("\n\n")) text_.pop_back();
    text_ += std::exchange(comment_, "") + text + "\n";
  }
  void end_paragraph() {
    if (std::exchange(left_out_, false)) comment_.clear();
    text_ += std::exchange(comment_, "");
    const bool after_text = !text_.empty() && !text_.ends_with("\n\n");
    if (after_text && !text_.ends_with("public:\n")) text_ += "\n";
  }

  /// The text without the comments at the ends of its lines.
  static std::string code_of(const std::string& text) {
    static const std::regex comment("\\s*//[^\n]*");
    return std::regex_replace(text, comment, "");
  }
  static bool balanced(const std::string& code) {
    const auto count = [&](char c) { return std::count(code.begin(), code.end(), c); };
    return count('(') == count(')') && count('{') == count('}');
  }

  std::string text_, comment_, declaration_;
  std::ptrdiff_t detail_ = 0;  // the depth of braces in a namespace `detail`
  bool private_ = false, enumeration_ = false;
  bool left_out_ = false;  // the last declaration
};

}  // namespace

std::string api_page(const std::filesystem::path& include) {
  std::string text =
      "# Reference\n\n"
      "What the headers that most programs use declare, with their comments. `dagrad/dagrad.hpp`\n"
      "includes them all, except those of `dagrad/train`, which `dagrad/train.hpp` adds. "
      "Everything\n"
      "is in the namespace `dagrad`, or in the one within it that a header names. The place of "
      "the\n"
      "call, which many functions take as a last argument with a default, is left out. The [op\n"
      "pages](ops/README.md) have the builders of ops. This page is generated from the headers.\n";
  for (const Section& section : sections) {
    text += "\n## " + section.title + "\n";
    for (const std::string& header : section.headers) {
      std::string code = Header().print(weave::read_lines(include / "dagrad" / (header + ".hpp")));
      code.erase(0, code.find_first_not_of('\n'));
      code.erase(code.find_last_not_of('\n') + 1);
      text += "\n### dagrad/" + header + ".hpp\n\n```cpp\n" + code + "\n```\n";
    }
  }
  return text;
}

}  // namespace dagrad::catalog
