#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "dagrad/dot.hpp"

extern char** environ;

namespace dagrad {

namespace {

/// A file in the system's temporary directory, removed by the destructor.
class TemporaryFile {
 public:
  TemporaryFile() : path_((std::filesystem::temp_directory_path() / "dagrad-XXXXXX").string()) {
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0)
      throw FileError("draw: cannot make a temporary file: " + std::string(std::strerror(errno)));
    close(descriptor);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string contents() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

 private:
  std::string path_;
};

/// Runs `dot` without a shell; returns its exit status, or 127 if the program is missing.
int run_dot(const std::string& format, const std::string& from, const std::string& to,
            const std::string& errors) {
  std::string program = "dot", type = "-T" + format, output = "-o" + to, input = from;
  std::array<char*, 5> arguments{program.data(), type.data(), output.data(), input.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_TRUNC,
                                   0600);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "dot", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void draw_as(const std::string& format, const std::filesystem::path& file, const Graph& graph,
             const DotOptions& options) {
  const TemporaryFile source, errors;
  write_dot(source.path(), graph, options);
  const int status = run_dot(format, source.path(), file.string(), errors.path());
  if (status == 127)
    throw FileError("draw: the program 'dot' is missing: install the Debian package graphviz");
  if (status != 0)
    throw FileError("draw: dot cannot write " + file.string() + ": " + errors.contents());
}

}  // namespace

void draw(const std::filesystem::path& file, const Graph& graph, const DotOptions& options) {
  const std::string ending = file.extension().string();
  if (ending.size() < 2)
    throw ArgumentError("draw: \"" + file.string() +
                        "\" has no extension such as .svg or .png, which determines the format");
  draw_as(ending.substr(1), file, graph, options);
}

void write_svg(const std::filesystem::path& file, const Graph& graph, const DotOptions& options) {
  draw_as("svg", file, graph, options);
}

}  // namespace dagrad
