#include "dagrad/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <array>
#include <cstdint>
#include <deque>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <streambuf>
#include <string_view>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/npy.hpp"
#include "src/graph/name_check.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/npy_header.hpp"

namespace dagrad {

namespace {

constexpr std::string_view suffix = ".npy";
constexpr std::uint64_t most_deflated = 1032;   // bytes that one byte of a deflated member can give
constexpr zip_uint16_t first_day = 1 << 5 | 1;  // 1 January 1980, where DOS time begins

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw FileError(fmt::format("read_npz: {}: {}", where, what));
}

// ---- reading

// A member as a stream that knows how long it is.
class MemberBuffer final : public std::streambuf {
 public:
  MemberBuffer(zip_file_t* member, std::uint64_t size)
      : member_(member), size_(static_cast<std::int64_t>(size)) {}

  /// What went wrong in the archive, if anything did. Reads to the end of what the member says it
  /// has, where its checksum is compared.
  std::optional<std::string> problem() {
    while (filled_ <= size_ && underflow() != traits_type::eof()) continue;
    zip_error_t* error = zip_file_get_error(member_);
    if (zip_error_code_zip(error) == ZIP_ER_OK) return {};
    return zip_error_strerror(error);
  }

 protected:
  int_type underflow() override {
    const zip_int64_t got = zip_fread(member_, buffer_.data(), buffer_.size());
    if (got <= 0) return traits_type::eof();
    filled_ += got;
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return traits_type::to_int_type(*gptr());
  }
  // To ask where the end is, and to come back from there: nothing is read in between.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    if (offset != 0 || from == std::ios_base::beg) return pos_type(-1);
    at_end_ = at_end_ || from == std::ios_base::end;
    return at_end_ ? size_ : here();
  }
  pos_type seekpos(pos_type position, std::ios_base::openmode) override {
    if (position != pos_type(here())) return pos_type(-1);
    at_end_ = false;
    return position;
  }

 private:
  std::int64_t here() const { return filled_ - (egptr() - gptr()); }

  zip_file_t* member_;
  std::int64_t size_, filled_ = 0;
  bool at_end_ = false;
  std::array<char, 1 << 16> buffer_;
};

// Refuses what is not read, and sizes that cannot be true, before memory is asked for.
void check_member(const zip_stat_t& member, std::uint64_t file_size, const std::string& where) {
  if (!std::string_view(member.name).ends_with(suffix)) fail(where, "is no .npy");
  if (member.encryption_method != ZIP_EM_NONE) fail(where, "is encrypted");
  const bool stored = member.comp_method == ZIP_CM_STORE;
  if (!stored && member.comp_method != ZIP_CM_DEFLATE)
    fail(where, fmt::format("is compressed by method {}; stored and deflated members are read",
                            member.comp_method));
  if (member.comp_size > file_size)
    fail(where, fmt::format("declares {} bytes, the file has {}", member.comp_size, file_size));
  if (member.size / (stored ? 1 : most_deflated) > member.comp_size)
    fail(where, fmt::format("declares {} bytes, which {} bytes cannot hold", member.size,
                            member.comp_size));
}

Tensor read_member(zip_t* archive, const zip_stat_t& stat, const std::string& where) {
  const Member member(zip_fopen_index(archive, stat.index, 0), &zip_fclose);
  if (member == nullptr) fail(where, zip_strerror(archive));
  MemberBuffer buffer(member.get(), stat.size);
  std::istream in(&buffer);
  std::optional<Tensor> tensor;
  try {
    tensor = read_npy(in, where);
  } catch (const FileError&) {
    if (const auto problem = buffer.problem()) fail(where, *problem);
    throw;
  }
  const bool ends = in.peek() == std::istream::traits_type::eof();
  if (const auto problem = buffer.problem()) fail(where, *problem);
  if (!ends) fail(where, "goes on behind its array");
  return *std::move(tensor);
}

// ---- writing

// Writes an archive of tensors, whose memory it reads when it is closed.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(const detail::FileReplacement& replacement)
      : replacement_(replacement), archive_(nullptr, &zip_discard) {
    int code = ZIP_ER_OK;
    archive_.reset(zip_open(replacement.temporary().c_str(), ZIP_CREATE | ZIP_EXCL, &code));
    if (archive_ == nullptr) replacement_.fail("cannot be written: " + text_of(code));
  }

  void add(const std::string& name, const Tensor& tensor) {
    std::string& header = headers_.emplace_back(detail::npy_header(tensor.type()));
    const std::array<zip_buffer_fragment_t, 2> parts{
        {{reinterpret_cast<zip_uint8_t*>(header.data()), header.size()},
         {static_cast<zip_uint8_t*>(const_cast<void*>(tensor.data())), tensor.type().bytes()}}};
    const bool empty = tensor.type().bytes() == 0;
    zip_source_t* source =
        zip_source_buffer_fragment(archive_.get(), parts.data(), empty ? 1 : 2, 0);
    if (source == nullptr) fail();
    const zip_int64_t index = zip_file_add(archive_.get(), (name + std::string(suffix)).c_str(),
                                           source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail();
    }
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive_.get(), at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive_.get(), at, 0, first_day, 0) != 0)
      fail();
  }

  void close() {
    if (zip_close(archive_.get()) != 0) fail();
    static_cast<void>(archive_.release());  // closing freed it
  }

 private:
  [[noreturn]] void fail() const {
    replacement_.fail(fmt::format("cannot be written: {}", zip_strerror(archive_.get())));
  }

  const detail::FileReplacement& replacement_;
  std::deque<std::string> headers_;
  Archive archive_;
};

void check_names(const std::map<std::string, Tensor>& tensors) {
  try {
    for (const auto& [name, tensor] : tensors) detail::check_name(name, detail::Named::array);
  } catch (const ArgumentError& error) {
    throw ArgumentError(std::string("write_npz: ") + error.what());
  }
}

// libzip writes no file for an archive without members.
void write_empty_archive(const detail::FileReplacement& replacement) {
  std::ofstream out(replacement.temporary(), std::ios::binary);
  out << "PK\5\6" << std::string(18, '\0');
  if (!out.flush()) replacement.fail("cannot be written");
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& file) {
  const std::string name = fmt::format("'{}'", file.string());
  int code = ZIP_ER_OK;
  Archive archive(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), &zip_discard);
  if (code == ZIP_ER_EXISTS)  // a name is there twice; below it is seen which
    archive.reset(zip_open(file.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) fail(name, fmt::format("cannot be opened: {}", text_of(code)));
  const std::uint64_t file_size = std::filesystem::file_size(file);
  std::map<std::string, Tensor> tensors;
  const auto members = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (zip_uint64_t i = 0; i < members; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0)
      fail(fmt::format("{}, member {}", name, i), zip_strerror(archive.get()));
    std::string_view member = stat.name;
    if (member.ends_with('/')) continue;  // a folder, as archivers list them
    const std::string where = fmt::format("{}, member '{}'", name, member);
    check_member(stat, file_size, where);
    member.remove_suffix(suffix.size());
    if (tensors.contains(std::string(member))) fail(where, "is there twice");
    tensors.emplace(member, read_member(archive.get(), stat, where));
  }
  return tensors;
}

void write_npz(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors) {
  check_names(tensors);
  detail::FileReplacement replacement(file, "write_npz");
  if (tensors.empty()) {
    write_empty_archive(replacement);
  } else {
    ArchiveWriter archive(replacement);
    for (const auto& [name, tensor] : tensors) archive.add(name, tensor);
    archive.close();
  }
  replacement.commit();
}

}  // namespace dagrad
