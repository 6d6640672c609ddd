// Puts code, output and pictures into the pages, or checks that they are the ones there:
//
//   weave (--write | --check) <docs folder> <examples' output folder> <page>...
//
// In a page, the fenced block behind `<!-- code start.cpp#build -->` holds what stands in
// docs/examples/start.cpp between the lines `// [build]` and `// [/build]`; behind
// `<!-- output start -->` what the example start printed; the image behind
// `<!-- picture xor_graph -->` is docs/pictures/xor_graph.svg, whose source xor_graph.dot the
// example has made.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<std::string> read_lines(const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string read_text(const fs::path& file) {
  std::string text;
  for (const std::string& line : read_lines(file)) text += line + "\n";
  return text;
}

/// The lines of a region, without their common indentation.
std::vector<std::string> region(const fs::path& file, const std::string& name) {
  const auto lines = read_lines(file);
  const auto marks = [&](const std::string& mark) {
    return std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      const auto text = line.find_first_not_of(' ');
      return text != line.npos && line.substr(text) == "// [" + mark + "]";
    });
  };
  const auto begin = marks(name), end = marks("/" + name);
  if (begin >= end || end == lines.end())
    throw std::runtime_error(file.string() + " has no region " + name);
  std::vector<std::string> inside(begin + 1, end);
  std::size_t indent = std::string::npos;
  for (const std::string& line : inside) indent = std::min(indent, line.find_first_not_of(' '));
  for (std::string& line : inside) line.erase(0, std::min(indent, line.size()));
  return inside;
}

class Weaver {
 public:
  Weaver(fs::path docs, fs::path output) : docs_(std::move(docs)), output_(std::move(output)) {}

  std::string weave(const fs::path& page) const {
    std::string text;
    const auto lines = read_lines(page);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text += lines[i] + "\n";
      std::string kind, what, mark;
      std::istringstream words(lines[i]);
      if (!(words >> mark >> kind >> what) || mark != "<!--") continue;
      if (kind == "picture") check_picture(what);
      if (kind != "code" && kind != "output") continue;
      if (i + 1 >= lines.size() || !lines[i + 1].starts_with("```"))
        throw std::runtime_error(page.string() + ":" + std::to_string(i + 1) +
                                 ": a fenced block must follow");
      text += lines[++i] + "\n";
      while (i + 1 < lines.size() && lines[i + 1] != "```") ++i;
      for (const std::string& line : content(kind, what)) text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::string> content(const std::string& kind, const std::string& what) const {
    if (kind == "output") return read_lines(output_ / what / "output.txt");
    const auto hash = what.find('#');
    return region(docs_ / "examples" / what.substr(0, hash), what.substr(hash + 1));
  }

  /// The picture that is kept is of the graph that the example made.
  void check_picture(const std::string& name) const {
    const fs::path kept = docs_ / "pictures" / (name + ".dot");
    for (const auto& entry : fs::recursive_directory_iterator(output_))
      if (entry.path().filename() == name + ".dot" && read_text(entry.path()) == read_text(kept) &&
          fs::exists(docs_ / "pictures" / (name + ".svg")))
        return;
    throw std::runtime_error("docs/pictures/" + name +
                             " is not what the examples draw: run ./run docs");
  }

  fs::path docs_, output_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5)
    throw std::runtime_error("usage: weave (--write | --check) <docs> <output> <page>...");
  const bool write = std::string(argv[1]) == "--write";
  const Weaver weaver(argv[2], argv[3]);
  int stale = 0;
  for (int i = 4; i < argc; ++i) {
    const std::string is = read_text(argv[i]), should = weaver.weave(argv[i]);
    if (is == should) continue;
    if (write)
      std::ofstream(argv[i]) << should;
    else
      std::cerr << argv[i] << " is stale: run ./run docs\n";
    ++stale;
  }
  return write ? 0 : stale;
} catch (const std::exception& error) {
  std::cerr << "weave: " << error.what() << "\n";
  return 2;
}
