// Puts code, output and pictures into the pages, or checks that those in the pages are up to date:
//
//   weave (--write | --check) <docs folder> <examples' output folder> <page>...
//
// In a page, the fenced block after `<!-- code start.cpp#build -->` contains the lines of
// docs/examples/start.cpp between `// [build]` and `// [/build]`; the one after
// `<!-- output start -->` contains what the example start printed, and the one after
// `<!-- output start#sum -->` what it printed below the line `== sum ==`; the lines from
// `<!-- markdown start#sum -->` to `<!-- end -->` are the same as part of the page; the image after
// `<!-- picture xor_graph -->` is docs/pictures/xor_graph.svg, whose source xor_graph.dot was made
// by the example.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "docs/weave/regions.hpp"

namespace {

namespace fs = std::filesystem;
using namespace dagrad::weave;

std::string read_text(const fs::path& file) { return joined(read_lines(file)); }

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
      if (kind == "markdown") {
        for (const std::string& line : content(kind, what)) text += line + "\n";
        while (i + 1 < lines.size() && lines[i + 1] != "<!-- end -->") ++i;
      }
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
    const auto hash = what.find('#');
    const std::string example = what.substr(0, hash), part = what.substr(hash + 1);
    if (kind == "code") return region(docs_ / "examples" / example, part);
    const fs::path output = output_ / example / "output.txt";
    return hash == what.npos ? read_lines(output) : part_of_output(output, part);
  }

  /// Throws unless the picture in docs/pictures is up to date.
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
