#include "dagrad/npz.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zip.h>

#include <csignal>
#include <cstring>

#include "dagrad/error.hpp"
#include "tests/io/folder.hpp"
#include "tests/io/npy_numbers.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Tensors = std::map<std::string, Tensor>;
using test::bytes_of;
using test::npy_numbers;

const std::filesystem::path golden = "tests/golden/npz";

/// The arrays that tests/golden/npz.py writes.
Tensors arrays() {
  return {{"hidden/w", npy_numbers(f64, {2, 3, 4})},
          {"hidden/b", npy_numbers(f32, {5})},
          {"flags", npy_numbers(b8, {3, 2})},
          {"step", npy_numbers(i64, {})},
          {"nothing", npy_numbers(i32, {0, 3})}};
}

void expect_same(const Tensors& got, const Tensors& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [name, tensor] : wanted) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_TRUE(same_bits(got.at(name), tensor)) << name << "\n" << got.at(name);
  }
}

class NpzTest : public test::InFolder {
 protected:
  /// The text of the FileError for a file, without its directory.
  std::string problem(const std::filesystem::path& file) const {
    try {
      read_npz(file);
    } catch (const FileError& error) {
      std::string text = error.what();
      const std::string path = folder.string() + "/";
      for (std::size_t at; (at = text.find(path)) != std::string::npos;)
        text.erase(at, path.size());
      return text;
    }
    return "read";
  }
  std::string problem_of(const std::string& bytes) const { return problem(write("x.npz", bytes)); }

  /// Writes an archive with these members.
  std::filesystem::path archive(const std::vector<std::pair<std::string, std::string>>& members,
                                bool encrypted = false, int method = ZIP_CM_STORE) const {
    const auto file = folder / "x.npz";
    zip_t* zip = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [name, bytes] : members) {
      zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
      const auto at = static_cast<zip_uint64_t>(zip_file_add(zip, name.c_str(), source, 0));
      zip_set_file_compression(zip, at, method, 0);
      if (encrypted) zip_file_set_encryption(zip, at, ZIP_EM_AES_256, "secret");
    }
    EXPECT_EQ(zip_close(zip), 0);
    return file;
  }

  /// The bytes of a valid archive with one member, "w.npy".
  std::string good() const {
    write_npz(folder / "good.npz", {{"w", npy_numbers(f64, {3})}});
    return bytes_of(folder / "good.npz");
  }
};

TEST_F(NpzTest, ReadsWhatNumPyWrites) {
  expect_same(read_npz(golden / "savez.npz"), arrays());
  expect_same(read_npz(golden / "compressed.npz"), arrays());
}

TEST_F(NpzTest, WritesTheSameBytesForTheSameTensors) {
  write_npz(folder / "a.npz", arrays());
  EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(golden / "dagrad.npz"));
  EXPECT_EQ(files(), 1) << "no temporary file is left";
}

TEST_F(NpzTest, ReadsItsOwnFiles) {
  const auto file = folder / "a.npz";
  for (const Tensors& tensors : {arrays(), Tensors{}, Tensors{{"größe", Tensor(1.5)}},
                                 Tensors{{"large", npy_numbers(f32, {300, 301})}},
                                 Tensors{{"i8", npy_numbers(i8, {3})},
                                         {"u8", npy_numbers(u8, {2, 0})},
                                         {"i16", npy_numbers(i16, {})},
                                         {"f16", npy_numbers(f16, {5})},
                                         {"bf16", npy_numbers(bf16, {2, 3})}}}) {
    write_npz(file, tensors);
    expect_same(read_npz(file), tensors);
  }
}

TEST_F(NpzTest, WidensOnRequest) {
  const auto file = golden / "narrow.npz";
  expect_same(read_npz(file, {.widen = true}),
              {{"w", npy_numbers(f32, {2, 2})}, {"step", Tensor(200)}});
  expect_same(read_npz(file),
              {{"w", npy_numbers(f16, {2, 2})}, {"step", Tensor(std::uint8_t{200})}});
}

/// More members than 16 bits can count.
TEST_F(NpzTest, HoldsManyArrays) {
  Tensors tensors;
  for (int i = 0; i < 70'000; ++i) tensors.emplace("a" + std::to_string(i), Tensor(i));
  const auto file = folder / "many.npz";
  write_npz(file, tensors);
  expect_same(read_npz(file), tensors);
  zip_t* zip = zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr);
  ASSERT_NE(zip, nullptr);
  EXPECT_EQ(zip_get_num_entries(zip, 0), 70'000);
  zip_discard(zip);
}

/// Large enough not to be buffered.
TEST_F(NpzTest, HoldsLargeArrays) {
  const Tensors tensors{{"a", Tensor(1)}, {"b", npy_numbers(f64, {600, 601})}, {"c", Tensor(2)}};
  const auto file = folder / "a.npz";
  write_npz(file, tensors);
  expect_same(read_npz(file), tensors);
  std::string bytes = bytes_of(file);
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_EQ(problem_of(bytes), "read_npz: 'x.npz', member 'b.npy': CRC error");
}

TEST_F(NpzTest, ShowsControlCharactersInNames) {
  const auto file = folder / "a.npz";
  write_npz(file, {{"a\n!", Tensor(1)}});
  std::string bytes = bytes_of(file);
  for (std::size_t at = 0; (at = bytes.find("a\n!.npy", at)) != std::string::npos;)
    bytes[at + 2] = '\x1B';  // a character that write_npz refuses
  const Tensors odd{{"a\n\x1B", Tensor(1)}};
  expect_same(read_npz(write("x.npz", bytes)), odd);
  bytes[bytes.find("a\n\x1B.npy") + 7 + 128] ^= 1;
  EXPECT_EQ(problem_of(bytes), "read_npz: 'x.npz', member 'a\\n\\x1b.npy': CRC error");
}

TEST_F(NpzTest, SkipsDirectories) {
  const std::string npy = bytes_of("tests/golden/npy/float64_vector.npy");
  expect_same(read_npz(archive({{"hidden/", ""}, {"hidden/w.npy", npy}})),
              {{"hidden/w", npy_numbers(f64, {5})}});
}

TEST_F(NpzTest, RefusesOtherFiles) {
  EXPECT_EQ(problem(folder / "none.npz"), "read_npz: 'none.npz': cannot be opened: No such file");
  EXPECT_EQ(problem(folder), "read_npz: '" + folder.string() + "': is not a regular file");
  EXPECT_EQ(problem_of("\x93NUMPY"), "read_npz: 'x.npz': cannot be opened: Not a zip archive");
  EXPECT_EQ(problem_of(""), "read_npz: 'x.npz': cannot be opened: Not a zip archive");
}

TEST_F(NpzTest, RefusesEveryTruncation) {
  const std::string bytes = good();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_TRUE(problem_of(bytes.substr(0, size)).starts_with("read_npz: 'x.npz'")) << size;
}

/// A damaged byte that does not affect the array may go unnoticed; the numbers read are right
/// anyway.
TEST_F(NpzTest, NeverReadsWrongNumbersFromADamagedFile) {
  const std::string bytes = good();
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto file = write("x.npz", damaged);
      try {
        for (const auto& [name, tensor] : read_npz(file))
          EXPECT_TRUE(same_bits(tensor, npy_numbers(f64, {3}))) << at;
      } catch (const FileError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 600);
}

TEST_F(NpzTest, RefusesWrongChecksums) {
  for (const std::string name : {"savez.npz", "compressed.npz"}) {
    std::string bytes = bytes_of(golden / name);
    const std::size_t data = bytes.find("hidden/w.npy") + 60;
    bytes[data] = static_cast<char>(bytes[data] ^ 1);
    const std::string text = problem_of(bytes);
    EXPECT_TRUE(text.starts_with("read_npz: 'x.npz', member 'hidden/w.npy': ")) << text;
  }
  std::string bytes = good();
  bytes[bytes.find("w.npy") + 5 + 128] ^= 1;  // the first byte of the first number
  EXPECT_EQ(problem_of(bytes), "read_npz: 'x.npz', member 'w.npy': CRC error");
}

TEST_F(NpzTest, RefusesDuplicateNames) {
  const std::string npy = bytes_of("tests/golden/npy/float64_vector.npy");
  std::string bytes = bytes_of(archive({{"v.npy", npy}, {"w.npy", npy}}));
  for (std::size_t at; (at = bytes.find("v.npy")) != std::string::npos;) bytes[at] = 'w';
  EXPECT_EQ(problem_of(bytes), "read_npz: 'x.npz', member 'w.npy': occurs twice");
}

TEST_F(NpzTest, RefusesMembersThatAreNotArrays) {
  const std::string npy = bytes_of("tests/golden/npy/float64_vector.npy");
  EXPECT_EQ(problem(archive({{"readme", npy}})),
            "read_npz: 'x.npz', member 'readme': is not a .npy file");
  EXPECT_EQ(
      problem(archive({{"w.npy", "text"}})),
      "read_npy: 'x.npz', member 'w.npy': byte 0: expected magic and version of 8 bytes, but the "
      "file ends after 4");
  EXPECT_EQ(problem(archive({{"w.npy", npy + "!"}})),
            "read_npz: 'x.npz', member 'w.npy': has more data after its array");
  EXPECT_EQ(
      problem(archive({{"w.npy", npy.substr(0, npy.size() - 1)}})),
      "read_npy: 'x.npz', member 'w.npy': byte 128: expected 40 bytes of float64[5], but the file "
      "ends after 39");
  std::string object = npy;
  object.replace(object.find("'<f8'"), 5, "'|O' ");
  EXPECT_EQ(problem(archive({{"w.npy", object}})),
            "read_npy: 'x.npz', member 'w.npy': byte 20: expected elements of bool (b1), an "
            "int (i1, u1, i2, i4, i8) or a float (f2, V2, f4, f8), got '|O' (Python objects)");
  EXPECT_EQ(problem(archive({{"w.npy", npy}}, true)),
            "read_npz: 'x.npz', member 'w.npy': is encrypted");
  EXPECT_EQ(problem(archive({{"w.npy", npy}}, false, ZIP_CM_BZIP2)),
            "read_npz: 'x.npz', member 'w.npy': is compressed by method 12; only stored and "
            "deflated members can be read");
}

/// Sizes are checked before memory is allocated; none of these could be allocated.
TEST_F(NpzTest, RefusesSizesThatCannotBeTrue) {
  std::string npy = bytes_of("tests/golden/npy/float64_vector.npy");
  npy.replace(npy.find("(5,), }             "), 20, "(99999999999999,), }");
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE})
    EXPECT_EQ(problem(archive({{"w.npy", npy}}, false, method)),
              "read_npy: 'x.npz', member 'w.npy': byte 128: expected 799999999999992 bytes of "
              "float64[99999999999999], but the file ends after 40");
  std::string bytes = bytes_of(archive({{"w.npy", npy}}, false, ZIP_CM_DEFLATE));
  for (const char* header : {"PK\3\4", "PK\1\2"}) {  // both claim that it unpacks to 4 GB
    const std::size_t size = bytes.find(header) + (header[2] == 3 ? 22 : 24);
    bytes.replace(size, 4, "\xF0\xFF\xFF\xFF");
  }
  const std::string text = problem_of(bytes);
  EXPECT_TRUE(
      text.starts_with("read_npz: 'x.npz', member 'w.npy': declares 4294967280 bytes, "
                       "which "))
      << text;
}

TEST_F(NpzTest, RefusesNamesThatArchivesCannotContain) {
  const auto file = folder / "a.npz";
  write_npz(file, arrays());
  const std::string before = bytes_of(file);
  const auto write = [&](const std::string& name) {
    write_npz(file, {{"a", Tensor(1.0)}, {name, Tensor(2.0)}});
  };
  EXPECT_THROWS(write("gr\xf6\xdf"), ArgumentError,
                "write_npz: bad name \"gr\\xf6\\xdf\" for an array: byte 2, 0xf6, is not UTF-8");
  EXPECT_THROWS(write(std::string("b\0c", 3)), ArgumentError,
                "write_npz: bad name \"b\\x00c\" for an array: it contains control characters");
  EXPECT_THROWS(write(std::string(65'532, 'b')), ArgumentError,
                "write_npz: bad name \"" + std::string(134, 'b') + " … " + std::string(66, 'b') +
                    "\" for an array: it has 65532 bytes, at most 65531 are allowed");
  EXPECT_EQ(bytes_of(file), before);
  for (const std::string& name :
       {std::string(65'531, 'b'), std::string("größe\n\t "), std::string("a/"), std::string()}) {
    write(name);
    EXPECT_EQ(read_npz(file).at(name).item<double>(), 2.0);
  }
}

TEST_F(NpzTest, AFailedWriteLeavesTheOldFile) {
  const auto file = folder / "a.npz";
  write_npz(file, arrays());
  const std::string before = bytes_of(file);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t most : {0UL, 1000UL, 20'000UL}) {
    const rlimit tight{most, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    std::string text;
    try {
      write_npz(file, {{"large", npy_numbers(f64, {100, 100})}});
    } catch (const FileError& error) {
      text = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_EQ(text, "write_npz: '" + file.string() + "': cannot be written: File too large");
    EXPECT_EQ(bytes_of(file), before);
    EXPECT_EQ(files(), 1) << "no temporary file is left";
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_THROWS(write_npz(folder / "none" / "a.npz", arrays()), FileError,
                "write_npz: '" + (folder / "none" / "a.npz").string() +
                    "': its directory cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace dagrad
