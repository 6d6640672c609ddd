#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dagrad::detail {

/// A file in the system's temporary directory, removed by the destructor.
class TemporaryFile {
 public:
  /// Throws FileError, beginning with the name of the called function, if there cannot be one.
  explicit TemporaryFile(std::string_view function);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }
  std::string contents() const;

 private:
  std::string path_;
};

/// What a program left.
struct Finished {
  int status = 0;  ///< its exit status; 1 if a signal ended it
  std::string output, errors;
};

/// Runs a program, which is looked for in PATH, without a shell, and waits for its end. Throws
/// FileError, beginning with the name of the called function, if the program is missing; the text
/// names the Debian package that holds it.
Finished run_program(std::vector<std::string> arguments, std::string_view function,
                     std::string_view package);

}  // namespace dagrad::detail
