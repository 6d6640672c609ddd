// Writes the pages of the ops, or checks that they are up to date:
//
//   op_pages (--write | --check) <sources> <examples' output folder>
//
// Each family has a page, docs/ops/<family>.md, and a script that draws its functions,
// docs/pictures/ops/<family>.gp. A page consists of the family's region of docs/examples/ops.cpp
// with its output, of what the ops and their headers say, and of the rows of docs/conventions.md
// that name the ops.
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
#include "docs/catalog/operands.hpp"
#include "docs/catalog/plots.hpp"
#include "docs/catalog/rule.hpp"
#include "docs/weave/regions.hpp"

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

bool has_float_value(const Sample& sample) {
  for (std::size_t i = 0; i < sample.in.size(); ++i)
    if (is_float(sample.in[i].dtype()) && !sample.op.traits().uses_type_only(i)) return true;
  return false;
}

/// A sample of float64 that is not empty and has no ties, or else the first one.
Sample representative(const Op& op) {
  Rng rng(1);
  Samples samples = default_samples(op, rng);
  for (Sample& sample : samples) {
    if (!sample.op) sample.op = op;
    const bool whole = std::all_of(sample.in.begin(), sample.in.end(), [](const Tensor& tensor) {
      return tensor.size() > 0 && tensor.dtype() != f32;
    });
    if (whole && has_float_value(sample) && !sample.ties) return sample;
  }
  return samples.empty() ? Sample{op, {}} : samples.front();
}

/// Whether the page of a sample's op varies the dtype of operand i: of the floats if the op reads
/// any, else of the operands that it reads, else of all.
bool varies(const Sample& sample, std::size_t i) {
  const OpTraits& traits = sample.op.traits();
  if (has_float_value(sample)) return is_float(sample.in[i].dtype());
  return traits.type_only == 0 || !traits.uses_type_only(i) || traits.uses_type_only(0);
}

/// The dtypes that an op takes in those places.
std::string dtypes(const Sample& sample) {
  std::string text;
  for (std::size_t candidate = 0; candidate < dtype_count; ++candidate) {
    const auto dtype = static_cast<DType>(candidate);
    std::vector<Type> in, out;
    for (std::size_t i = 0; i < sample.in.size(); ++i)
      in.push_back({varies(sample, i) ? dtype : sample.in[i].dtype(), sample.in[i].shape()});
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
  Pages(const fs::path& sources, const fs::path& output)
      : sources_(sources),
        output_(output),
        declared_(read_declarations(sources / "include")),
        conventions_(sources / "docs/conventions.md") {
    for (const Catalog::Entry& entry : Catalog::builtin()) {
      family(entry.family).ops.push_back(entry.op);
      family_of_[std::string(entry.op.name())] = entry.family;
    }
    std::map<std::string, std::string> of_header;
    for (const Declaration& builder : declared_.builders) {
      const auto [known, is_new] = of_header.try_emplace(builder.header);
      if (is_new) {
        known->second = family_of_header(builder.header);
        family(known->second).remarks += declared_.remarks[builder.header];
      }
      if (!family_of_.contains(builder.name)) family(known->second).combined.push_back(&builder);
    }
    for (const Declaration& builder : declared_.builders) {
      if (builder.operators.empty()) continue;
      const std::string& remark = declared_.remarks[builder.operators];
      std::string& remarks = family(family_of_.at(builder.name)).remarks;
      if (remarks.find(remark) == remarks.npos) remarks += remark;
    }
  }

  /// All files, by their path from the sources.
  std::map<std::string, std::string> write() const {
    std::map<std::string, std::string> files;
    std::string index =
        "# Ops\n\nAll ops of dagrad, and the builders that combine them. Each family has a page "
        "with an example. For each\nop it gives the builder, what it computes, its gradient as a "
        "graph, its dtypes and its conventions. The pages\nare generated from the ops, their "
        "headers and [ops.cpp](../examples/ops.cpp).\n\n| op | family | |\n| --- | --- | --- "
        "|\n";
    for (const Family& family : families_) {
      const std::string page = slug(family.name);
      std::string text = "# Ops: " + family.name + "\n\n" + family.remarks + example(page);
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
    std::vector<const Declaration*> combined;  // builders that are not ops
    std::string remarks;                       // of its headers
  };

  /// The family of this name, added at the end if there is none yet.
  Family& family(const std::string& name) {
    const auto at = std::find_if(families_.begin(), families_.end(),
                                 [&](const Family& known) { return known.name == name; });
    return at != families_.end() ? *at : families_.emplace_back(Family{name, {}, {}, {}});
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

  /// The family's example and what it prints.
  std::string example(const std::string& page) const {
    const fs::path program = sources_ / "docs/examples/ops.cpp", printed = output_ / "ops";
    return "```cpp\n" + weave::joined(weave::region(program, page)) +
           "```\n\nprints (from [ops.cpp](../examples/ops.cpp))\n\n```text\n" +
           weave::joined(weave::read_lines(printed / (page + ".txt"))) + "```\n";
  }

  /// The family of the first op that a header names, or a new one named after the header.
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
                       "\nCombines other ops, from which its gradient follows.\n";
    if (const std::string rows = conventions_.of(builder.name); !rows.empty()) text += "\n" + rows;
    return text;
  }

  const Declaration* builder_of(const std::string& op) const {
    const auto& builders = declared_.builders;
    const auto found = std::find_if(builders.begin(), builders.end(),
                                    [&](const Declaration& known) { return known.name == op; });
    return found == builders.end() ? nullptr : &*found;
  }

  /// Names for n operands of an op, which its functor gives, a table or its builder; else numbers.
  std::vector<std::string> operands(const std::string& op, const Declaration* builder,
                                    std::size_t n) const {
    const auto functor = declared_.functors.find(op);
    if (functor != declared_.functors.end() && functor->second.size() == n) return functor->second;
    const auto known = operands_of_ops.find(op);
    if (known != operands_of_ops.end() && known->second.size() >= n)
      return {known->second.begin(), known->second.begin() + static_cast<std::ptrdiff_t>(n)};
    if (builder != nullptr && builder->operands.size() == n) return builder->operands;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < n; ++i) names.push_back(n == 1 ? "x" : "x" + std::to_string(i));
    return names;
  }

  std::string section(const Op& op) const {
    const std::string name(op.name());
    std::string text = "\n## " + name + "\n\n" + std::string(op->doc()) + "\n";
    const Declaration* const builder = builder_of(name);
    if (builder != nullptr) text += declared(*builder);
    const Sample sample = representative(op);
    const std::vector<std::string> names = operands(name, builder, sample.in.size());
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

  fs::path sources_, output_;
  Declarations declared_;
  Conventions conventions_;
  std::vector<Family> families_;                  // in the order of the catalogue
  std::map<std::string, std::string> family_of_;  // an op
};

int run(const std::string& mode, const fs::path& sources, const fs::path& output) {
  int stale = 0;
  for (const auto& [path, should] : Pages(sources, output).write()) {
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
  if (argc != 4) throw std::runtime_error("usage: op_pages (--write | --check) <sources> <output>");
  return dagrad::catalog::run(argv[1], argv[2], argv[3]);
} catch (const std::exception& error) {
  std::cerr << "op_pages: " << error.what() << "\n";
  return 2;
}
