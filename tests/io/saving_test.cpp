#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>

#include "dagrad/csv.hpp"
#include "dagrad/error.hpp"
#include "dagrad/npy.hpp"
#include "dagrad/npz.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using std::filesystem::path;

// What saving does to existing files.
class SavingTest : public test::InFolder {
 protected:
  void save_and_read(const path& file, int number) const {
    write_npz(file, {{"a", Tensor(number)}});
    EXPECT_EQ(read_npz(file).at("a").item<int>(), number);
  }
  static mode_t mode(const path& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 07777;
  }
  static std::string refusal(const path& file, const std::string& why) {
    return "write_npz: '" + file.string() + "': " + why;
  }
};

TEST_F(SavingTest, KeepsTheMode) {
  const path file = folder / "a.npz";
  const mode_t mask = ::umask(027);
  save_and_read(file, 1);
  EXPECT_EQ(mode(file), 0640U) << "the mode of a new file";
  for (const mode_t kept : {0600U, 0666U, 0440U, 0755U, 0604U}) {
    ASSERT_EQ(::chmod(file.c_str(), kept), 0);
    write_npz(file, {{"a", Tensor(2)}});
    EXPECT_EQ(mode(file), kept);
  }
  ::umask(mask);
  EXPECT_EQ(files(), 1);
}

TEST_F(SavingTest, AcceptsTheLongestNames) {
  const path file = folder / (std::string(251, 'n') + ".npz");
  save_and_read(file, 1);
  save_and_read(file, 2);
  EXPECT_EQ(files(), 1);
  const path longer = folder / (std::string(252, 'n') + ".npz");
  EXPECT_THROWS(write_npz(longer, {}), FileError,
                refusal(longer, "cannot be written: File name too long"));
}

TEST_F(SavingTest, AcceptsTheLongestPaths) {
  constexpr std::size_t most = 4095;  // PATH_MAX without its NUL
  path deep = folder;
  while (deep.native().size() + 120 < most) {
    deep /= std::string(100, 'd');
    std::filesystem::create_directory(deep);
  }
  const path file = deep / std::string(most - deep.native().size() - 1, 'n');
  ASSERT_EQ(file.native().size(), most);
  save_and_read(file, 1);
  save_and_read(file, 2);
  const path longer = file.native() + "n";
  EXPECT_THROWS(write_npz(longer, {}), FileError,
                refusal(longer, "cannot be written: File name too long"));
}

TEST_F(SavingTest, FollowsLinks) {
  const path file = folder / "a.npz", link = folder / "link", second = folder / "second";
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink("a.npz", link);
  std::filesystem::create_symlink(link, second);
  std::filesystem::create_symlink("../second", folder / "sub" / "third");
  save_and_read(link, 1);  // to a file that does not exist yet
  for (const path& name : {file, link, second, folder / "sub" / "third"}) {
    save_and_read(name, 2);
    EXPECT_TRUE(is_regular_file(symlink_status(file)));
    EXPECT_TRUE(is_symlink(link) && is_symlink(second) && is_symlink(folder / "sub" / "third"));
  }
  EXPECT_EQ(files(), 4);
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_THROWS(write_npz(folder / "loop", {}), FileError,
                refusal(folder / "loop", "cannot be written: Too many levels of symbolic links"));
}

TEST_F(SavingTest, ReplacesOnlyRegularFiles) {
  const path pipe = folder / "pipe", link = folder / "link";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", link);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const path open_pipe = "/proc/self/fd/" + std::to_string(ends[1]);
  for (const path& file : {pipe, link, open_pipe, folder, folder / "", path("."), path("/")}) {
    EXPECT_THROWS(write_npz(file, {{"a", Tensor(1)}}), FileError,
                  refusal(file, "is not a regular file; only regular files can be replaced"));
  }
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_TRUE(is_fifo(symlink_status(pipe)) && is_symlink(link));
  EXPECT_EQ(files(), 2);
  EXPECT_THROWS(read_npz(pipe), FileError,
                "read_npz: '" + pipe.string() + "': is not a regular file");
}

TEST_F(SavingTest, WritesArraysIntoPipes) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  write_npy("/proc/self/fd/" + std::to_string(ends[1]), Tensor(1.5));
  ::close(ends[1]);
  std::string got(1000, '\0');
  got.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], got.data(), 1000))));
  ::close(ends[0]);
  std::istringstream in(got);
  EXPECT_EQ(read_npy(in, "the pipe").item<double>(), 1.5);
  EXPECT_EQ(files(), 0);
}

TEST_F(SavingTest, ReplacesArraysCompletelyOrNotAtAll) {
  const path file = folder / "a.npy";
  write_npy(file, Tensor(1));
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit small{64, usual.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROWS(write_npy(file, Tensor(2)), FileError,
                "write_npy: '" + file.string() + "': cannot be written: File too large");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_npy(file).item<int>(), 1);
  EXPECT_EQ(files(), 1);
}

/// Standard output may be such a file; there is no name that the new file could take over.
TEST_F(SavingTest, RefusesFilesWithoutAName) {
  const int file = ::open((folder / "gone").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  const path open_file = "/proc/self/fd/" + std::to_string(file);
  write_npz(open_file, {{"a", Tensor(1)}});
  EXPECT_EQ(read_npz(folder / "gone").at("a").item<int>(), 1) << "`file` has lost its name";
  EXPECT_THROWS(write_npz(open_file, {}), FileError,
                refusal(open_file, "leads to a file without a name, which cannot be replaced"));
  ::close(file);
  EXPECT_EQ(files(), 1);
}

TEST_F(SavingTest, RefusesPathsWithoutAFileName) {
  EXPECT_THROWS(write_npz("", {}), FileError, refusal("", "does not name a file"));
  const path slash = folder / "none" / "";
  EXPECT_THROWS(write_npz(slash, {}), FileError, refusal(slash, "does not name a file"));
  const path under = test::InFolder::write("file", "") / "a.npz";
  EXPECT_THROWS(write_npz(under, {}), FileError,
                refusal(under, "cannot be written: Not a directory"));
}

/// The system would take a NUL for the path's end, and open another file.
TEST_F(SavingTest, RefusesPathsWithNul) {
  write("a", "x\n1\n");
  const path file = folder / path(std::string("a\0b", 3));
  const std::string fault = ": '" + folder.string() + "/a\\x00b': a path cannot contain a NUL byte";
  EXPECT_THROWS(write_npz(file, {}), FileError, "write_npz" + fault);
  EXPECT_THROWS(write_npy(file, Tensor(1)), FileError, "write_npy" + fault);
  EXPECT_THROWS(read_npz(file), FileError, "read_npz" + fault);
  EXPECT_THROWS(read_npy(file), FileError, "read_npy" + fault);
  EXPECT_THROWS(read_csv(file), FileError, "read_csv" + fault);
  EXPECT_EQ(test::bytes_of(folder / "a"), "x\n1\n");
}

/// A directory that can be written but not read cannot be flushed after the file has been replaced.
TEST_F(SavingTest, SucceedsOnceTheFileIsReplaced) {
  const path closed = folder / "closed";
  std::filesystem::create_directory(closed);
  const bool root = ::geteuid() == 0;
  constexpr uid_t nobody = 65534;
  if (root) {
    ASSERT_EQ(::chown(closed.c_str(), nobody, nobody), 0);
    ASSERT_EQ(::seteuid(nobody), 0);
  }
  ASSERT_EQ(::chmod(closed.c_str(), 0300), 0);
  EXPECT_NO_THROW(write_npz(closed / "a.npz", {{"a", Tensor(1)}}));
  EXPECT_EQ(read_npz(closed / "a.npz").at("a").item<int>(), 1);
  ::chmod(closed.c_str(), 0500);
  EXPECT_THROWS(write_npz(closed / "b.npz", {}), FileError,
                refusal(closed / "b.npz",
                        "a new file cannot be created in its directory: Permission denied"));
  ::chmod(closed.c_str(), 0700);
  EXPECT_EQ(::seteuid(root ? 0 : ::geteuid()), 0);
}

}  // namespace
}  // namespace dagrad
