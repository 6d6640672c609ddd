#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace dagrad::test {

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A test with its own directory, which is removed at the end.
class InFolder : public testing::Test {
 protected:
  InFolder() { std::filesystem::create_directories(folder); }
  ~InFolder() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return folder / name;
  }
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(folder), {});
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() /
      ("dagrad_" + std::to_string(getpid()) + "_" +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace dagrad::test
