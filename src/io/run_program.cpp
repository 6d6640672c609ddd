#include "src/io/run_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "dagrad/error.hpp"

extern char** environ;

namespace dagrad::detail {

TemporaryFile::TemporaryFile(std::string_view function) {
  std::error_code error;
  path_ = (std::filesystem::temp_directory_path(error) / "dagrad-XXXXXX").string();
  const int descriptor = error ? -1 : mkstemp(path_.data());
  if (error) errno = error.value();
  if (descriptor < 0)
    throw FileError(
        fmt::format("{}: cannot make a temporary file: {}", function, std::strerror(errno)));
  close(descriptor);
}

TemporaryFile::~TemporaryFile() { std::remove(path_.c_str()); }

std::string TemporaryFile::contents() const {
  std::ostringstream text;
  text << std::ifstream(path_, std::ios::binary).rdbuf();
  return text.str();
}

Finished run_program(std::vector<std::string> arguments, std::string_view function,
                     std::string_view package) {
  const TemporaryFile output(function), errors(function);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const auto& [descriptor, path] :
       {std::pair(STDOUT_FILENO, output.path()), {STDERR_FILENO, errors.path()}})
    posix_spawn_file_actions_addopen(&actions, descriptor, path.c_str(), O_WRONLY | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw FileError(
        fmt::format("{}: the program '{}' cannot be started ({}): install the Debian package {}",
                    function, arguments[0], std::strerror(failed), package));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 1, output.contents(), errors.contents()};
}

}  // namespace dagrad::detail
