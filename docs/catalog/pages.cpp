// Writes the catalogue of ops, or checks that it is the one there:
//
//   op_pages (--write | --check) <sources>
//
// A page a family, docs/ops/<family>.md, and the script that draws its functions,
// docs/pictures/ops/<family>.gp. What a page says comes from the ops, their headers and the rows of
// docs/conventions.md that name them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "docs/catalog/declarations.hpp"
#include "docs/catalog/plots.hpp"
#include "docs/catalog/rule.hpp"

namespace dagrad::catalog {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The statements of docs/conventions.md: list items "where: what holds there", in which `where`
/// names ops. Lines that continue an item are indented.
class Conventions {
 public:
  explicit Conventions(const fs::path& page) {
    std::ifstream file(page);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("- "))
        items_.push_back(line);
      else if (line.starts_with("  ") && !items_.empty())
        items_.back() += line.substr(1);
    }
    if (items_.empty()) throw std::runtime_error(page.string() + " has no statements");
  }
  std::string of(std::string_view op) const {
    std::string text;
    for (const std::string& item : items_) {
      const std::string where = item.substr(0, item.find(": "));
      if (where.find("`" + std::string(op) + "`") != where.npos ||
          where.find("`" + std::string(op) + "(") != where.npos)
        text += item + "\n";
    }
    return text;
  }

 private:
  std::vector<std::string> items_;
};

/// A sample of floats, with elements, and of one shape where there is a choice; the first else.
Sample representative(const Op& op) {
  Rng rng(1);
  Samples samples = default_samples(op, rng);
  for (Sample& sample : samples) {
    if (!sample.op) sample.op = op;
    const bool whole = std::all_of(sample.in.begin(), sample.in.end(), [](const Tensor& tensor) {
      return tensor.size() > 0 && tensor.dtype() != f32;
    });
    const bool floats = std::any_of(sample.in.begin(), sample.in.end(),
                                    [](const Tensor& tensor) { return tensor.dtype() == f64; });
    if (whole && floats && !sample.ties) return sample;
  }
  return samples.empty() ? Sample{op, {}} : samples.front();
}

/// Dtypes that fit in the place of a sample's floats, or of all its operands where none is one.
std::string dtypes(const Sample& sample) {
  const bool floats = std::any_of(sample.in.begin(), sample.in.end(),
                                  [](const Tensor& x) { return is_float(x.dtype()); });
  std::string text;
  for (const DType dtype : {b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64}) {
    std::vector<Type> in, out;
    for (const Tensor& x : sample.in)
      in.push_back({floats && !is_float(x.dtype()) ? x.dtype() : dtype, x.shape()});
    try {
      const Op op = sample.op->retyped(f64, dtype);
      (op ? op : sample.op)->infer(in, out);
    } catch (const Error&) {
      continue;
    }
    text += (text.empty() ? "" : ", ") + std::string(name(dtype));
    if (!out.empty() && out[0].dtype != dtype)
      text += " (→ " + std::string(name(out[0].dtype)) + ")";
  }
  return text;
}

class Pages {
 public:
  explicit Pages(const fs::path& sources)
      : sources_(sources),
        builders_(read_declarations(sources / "include")),
        conventions_(sources / "docs/conventions.md") {
    for (const Catalog::Entry& entry : Catalog::builtin()) {
      family(entry.family).ops.push_back(entry.op);
      family_of_[std::string(entry.op.name())] = entry.family;
    }
    std::map<std::string, std::string> of_header;
    for (const Declaration& builder : builders_) {
      if (family_of_.contains(builder.name)) continue;
      const auto [known, is_new] = of_header.try_emplace(builder.header);
      if (is_new) known->second = family_of_header(builder.header);
      family(known->second).combined.push_back(&builder);
    }
  }

  /// All files, by their path from the sources.
  std::map<std::string, std::string> write() const {
    std::map<std::string, std::string> files;
    std::string index =
        "# Ops\n\nAll ops that dagrad has, as its catalogue lists them, and the builders that "
        "combine them. A page a family\ngives each op's builder, what it computes, its gradient as "
        "a graph, its dtypes and its conventions. These\npages are made from the ops themselves "
        "and their headers.\n\n| op | family | |\n| --- | --- | --- |\n";
    for (const Family& family : families_) {
      const std::string page = slug(family.name);
      std::string text = "# Ops: " + family.name + "\n";
      const auto add = [&](const std::string& name, const std::string& says,
                           const std::string& section) {
        text += section;
        index += "| [" + name + "](" + page + ".md#" + name + ") | " + family.name + " | " + says +
                 " |\n";
      };
      for (const Op& op : family.ops) add(std::string(op.name()), escaped(op->doc()), section(op));
      for (const Declaration* builder : family.combined)
        add(builder->name, escaped(first_sentence(builder->comment)), section(*builder));
      files["docs/ops/" + page + ".md"] = text;
      const std::string script = plots(family.ops, "docs/pictures/ops");
      if (!script.empty()) files["docs/pictures/ops/" + page + ".gp"] = script;
    }
    files["docs/ops/README.md"] = index;
    return files;
  }

 private:
  struct Family {
    std::string name;
    std::vector<Op> ops;
    std::vector<const Declaration*> combined;  // builders that are no op
  };

  /// That of a name, added behind the others where there is none.
  Family& family(const std::string& name) {
    const auto at = std::find_if(families_.begin(), families_.end(),
                                 [&](const Family& known) { return known.name == name; });
    return at != families_.end() ? *at : families_.emplace_back(Family{name, {}, {}});
  }

  static std::string slug(std::string family) {
    std::replace(family.begin(), family.end(), ' ', '_');
    return family;
  }
  static std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '|' ? "\\|" : std::string(1, c);
    return result;
  }
  static std::string first_sentence(const std::string& text) {
    static const std::regex sentence("([^\n]*?(\\.(?= [A-Z`])|[.:](?=\n|$)))[^]*");
    std::smatch match;
    return std::regex_match(text, match, sentence) ? match.str(1) : text;
  }

  /// The family of the first op that a header names, or where it has none a family of its own.
  std::string family_of_header(const std::string& header) const {
    const std::string text = read(sources_ / "include" / header);
    static const std::regex literal("\"(\\w+)\"");
    for (std::sregex_iterator at(text.begin(), text.end(), literal), end; at != end; ++at)
      if (const auto family = family_of_.find((*at)[1]); family != family_of_.end())
        return family->second;
    return fs::path(header).stem();
  }

  static std::string declared(const Declaration& builder) {
    std::string text = "\n```cpp\n";
    for (const std::string& type : builder.structs) text += type;
    for (const std::string& signature : builder.signatures) text += signature + ";\n";
    text += "```\n";
    if (!builder.comment.empty()) text += "\n" + builder.comment + "\n";
    return text;
  }

  std::string section(const Declaration& builder) const {
    std::string text = "\n## " + builder.name + "\n" + declared(builder) +
                       "\nCombines other ops, and has their gradients.\n";
    if (const std::string rows = conventions_.of(builder.name); !rows.empty()) text += "\n" + rows;
    return text;
  }

  std::string section(const Op& op) const {
    const std::string name(op.name());
    std::string text = "\n## " + name + "\n\n" + std::string(op->doc()) + "\n";
    std::vector<std::string> names;
    const auto builder =
        std::find_if(builders_.begin(), builders_.end(),
                     [&](const Declaration& declaration) { return declaration.name == name; });
    if (builder != builders_.end()) {
      text += declared(*builder);
      names = builder->operands;
    }
    const Sample sample = representative(op);
    if (names.size() != sample.in.size()) {
      names.clear();
      for (std::size_t i = 0; i < sample.in.size(); ++i)
        names.push_back(sample.in.size() == 1 ? "x" : "x" + std::to_string(i));
    }
    if (const std::string lines = equations(sample, names); !lines.empty()) {
      const std::string attributes = sample.op.attributes();
      text += attributes.empty() ? "\n" : "\nWith " + attributes + ":\n\n";
      text += "```text\n" + lines + "```\n";
    }
    if (op.traits().no_grad) text += "\nNo gradient: " + std::string(op.traits().no_grad) + ".\n";
    if (const std::string takes = dtypes(sample); !sample.in.empty() && !takes.empty())
      text += "\nDtypes: " + takes + ".\n";
    if (const std::string rows = conventions_.of(name); !rows.empty()) text += "\n" + rows;
    if (has_plot(op)) text += "\n![" + name + "](../pictures/ops/" + name + ".svg)\n";
    return text;
  }

  fs::path sources_;
  std::vector<Declaration> builders_;
  Conventions conventions_;
  std::vector<Family> families_;                  // in the order of the catalogue
  std::map<std::string, std::string> family_of_;  // an op
};

int run(const std::string& mode, const fs::path& sources) {
  int stale = 0;
  for (const auto& [path, should] : Pages(sources).write()) {
    if (read(sources / path) == should) continue;
    if (mode == "--write") {
      fs::create_directories((sources / path).parent_path());
      std::ofstream(sources / path) << should;
      continue;
    }
    std::cerr << path << " is stale: run ./run docs\n";
    ++stale;
  }
  return stale;
}

}  // namespace
}  // namespace dagrad::catalog

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: op_pages (--write | --check) <sources>");
  return dagrad::catalog::run(argv[1], argv[2]);
} catch (const std::exception& error) {
  std::cerr << "op_pages: " << error.what() << "\n";
  return 2;
}
