#include "dagrad/dot.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/run_program.hpp"

namespace dagrad {

namespace {

void draw_as(const std::string& format, const std::filesystem::path& file, const Graph& graph,
             PictureOptions options) {
  if (format == "svg") options.tooltips = options.tooltips.value_or(true);
  const detail::TemporaryFile source("draw");
  write_dot(source.path(), graph, options);
  const detail::Finished dot =
      detail::run_program({"dot", "-T" + format, source.path()}, "draw", "graphviz");
  if (dot.status != 0)
    throw FileError("draw: dot cannot draw " + file.string() + ": " + dot.errors);
  detail::write_file(file, "draw", {dot.output});
}

}  // namespace

void draw(const std::filesystem::path& file, const Graph& graph, const PictureOptions& options) {
  const std::string ending = file.extension().string();
  if (ending.size() < 2)
    throw ArgumentError("draw: \"" + file.string() +
                        "\" has no extension such as .svg or .png, which determines the format");
  draw_as(ending.substr(1), file, graph, options);
}

void write_svg(const std::filesystem::path& file, const Graph& graph,
               const PictureOptions& options) {
  draw_as("svg", file, graph, options);
}

}  // namespace dagrad
