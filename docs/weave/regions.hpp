#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

/// The parts of examples and their output that pages show.
namespace dagrad::weave {

inline std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// The lines between `// [name]` and `// [/name]`, without their common indentation.
inline std::vector<std::string> region(const std::filesystem::path& file, const std::string& name) {
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

/// The lines of an output below `== name ==`, up to the next such heading.
inline std::vector<std::string> part_of_output(const std::filesystem::path& file,
                                               const std::string& name) {
  const auto lines = read_lines(file);
  const auto heading = std::find(lines.begin(), lines.end(), "== " + name + " ==");
  if (heading == lines.end()) throw std::runtime_error(file.string() + " has no part " + name);
  const auto end = std::find_if(heading + 1, lines.end(),
                                [](const std::string& line) { return line.starts_with("== "); });
  return {heading + 1, end};
}

}  // namespace dagrad::weave
