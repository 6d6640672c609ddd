#include "dagrad/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "dagrad/error.hpp"
#include "src/graph/name_check.hpp"
#include "src/io/file_name.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/member_buffer.hpp"
#include "src/io/npy_header.hpp"
#include "src/io/stored_archive.hpp"
#include "src/io/zip_writer.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

constexpr std::string_view suffix = ".npy";
// The most bytes that one byte of a deflated member can expand to.
constexpr std::uint64_t most_deflated = 1032;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::unique_ptr<zip_error_t, decltype(&zip_error_fini)> clearing(&error, &zip_error_fini);
  return zip_error_strerror(&error);
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw FileError(fmt::format("read_npz: {}: {}", where, what));
}

// A member read by libzip.
class ZipMemberBuffer final : public detail::MemberBuffer {
 public:
  ZipMemberBuffer(zip_file_t* member, std::uint64_t size) : MemberBuffer(size), member_(member) {}

 private:
  std::int64_t read(char* to, std::int64_t count) override {
    return zip_fread(member_, to, static_cast<zip_uint64_t>(count));
  }
  std::optional<std::string> failure() override {
    zip_error_t* error = zip_file_get_error(member_);
    if (zip_error_code_zip(error) == ZIP_ER_OK) return {};
    return zip_error_strerror(error);
  }

  zip_file_t* member_;
};

// Before memory is allocated, refuses members that cannot be read and sizes that cannot be true.
void check_member(const zip_stat_t& member, std::uint64_t file_size, const std::string& where) {
  if (!std::string_view(member.name).ends_with(suffix)) fail(where, "is not a .npy file");
  if (member.encryption_method != ZIP_EM_NONE) fail(where, "is encrypted");
  const bool stored = member.comp_method == ZIP_CM_STORE;
  if (!stored && member.comp_method != ZIP_CM_DEFLATE)
    fail(where,
         fmt::format("is compressed by method {}; only stored and deflated members can be read",
                     member.comp_method));
  if (member.comp_size > file_size)
    fail(where, fmt::format("declares {} bytes, but the file has {}", member.comp_size, file_size));
  if (member.size / (stored ? 1 : most_deflated) > member.comp_size)
    fail(where, fmt::format("declares {} bytes, which {} bytes cannot hold", member.size,
                            member.comp_size));
}

// Reads an array through a stream that uses the member's buffer.
Tensor read_array(std::istream& in, detail::MemberBuffer& buffer, const std::string& where,
                  const NpyOptions& options) {
  in.rdbuf(&buffer);
  std::optional<Tensor> tensor;
  try {
    tensor = read_npy(in, where, options);
  } catch (const FileError&) {
    if (const auto problem = buffer.problem()) fail(where, *problem);
    throw;
  }
  const bool ends = in.peek() == std::istream::traits_type::eof();
  if (const auto problem = buffer.problem()) fail(where, *problem);
  if (!ends) fail(where, "has more data after its array");
  return *std::move(tensor);
}

// The arrays of an archive, named after its members without the suffix ".npy".
class Arrays {
 public:
  Arrays(const std::string& file, const NpyOptions& options) : file_(file), options_(options) {}

  std::string place(std::string_view member) const {
    return file_ + ", member " + detail::in_quotes(member);
  }
  void add(std::string_view member, detail::MemberBuffer& buffer) {
    const std::string where = place(member);
    const std::size_t before = tensors_.size();
    member.remove_suffix(suffix.size());
    const auto at = tensors_.try_emplace(tensors_.end(), std::string(member));
    if (tensors_.size() == before) fail(where, "occurs twice");
    at->second = read_array(in_, buffer, where, options_);
  }
  std::map<std::string, Tensor> take() { return std::move(tensors_); }

 private:
  const std::string& file_;
  const NpyOptions& options_;
  std::map<std::string, Tensor> tensors_;
  std::istream in_{nullptr};  // shared by all members, because constructing one takes longer than
                              // reading a short array
};

bool is_folder(std::string_view member) {
  return member.ends_with('/');
}  // as archivers list directories

// Returns nothing if the archive has to be read by libzip.
std::optional<std::map<std::string, Tensor>> read_stored(const std::filesystem::path& file,
                                                         Arrays&& arrays) {
  auto archive = detail::StoredArchive::open(file);
  if (!archive) return {};
  for (const detail::StoredArchive::Member& member : archive->members()) {
    if (is_folder(member.name)) continue;
    if (!member.name.ends_with(suffix) || !archive->go_to(member)) return {};
    detail::StoredMemberBuffer buffer(*archive, member);
    arrays.add(member.name, buffer);
  }
  return arrays.take();
}

void check_names(const std::map<std::string, Tensor>& tensors) {
  try {
    for (const auto& [name, tensor] : tensors) detail::check_name(name, detail::Named::array);
  } catch (const ArgumentError& error) {
    throw ArgumentError(std::string("write_npz: ") + error.what());
  }
}

std::map<std::string, Tensor> read_by_libzip(const std::filesystem::path& file,
                                             const std::string& name, Arrays&& arrays) {
  int code = ZIP_ER_OK;
  Archive archive(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), &zip_discard);
  if (code == ZIP_ER_EXISTS)  // a name occurs twice; the code below finds out which
    archive.reset(zip_open(file.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) fail(name, fmt::format("cannot be opened: {}", text_of(code)));
  std::error_code unknown;  // on error the size is the largest number, so that nothing is refused
  const std::uint64_t file_size = std::filesystem::file_size(file, unknown);
  const auto members = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (zip_uint64_t i = 0; i < members; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0)
      fail(fmt::format("{}, member {}", name, i), zip_strerror(archive.get()));
    if (is_folder(stat.name)) continue;
    const std::string where = arrays.place(stat.name);
    check_member(stat, file_size, where);
    const Member member(zip_fopen_index(archive.get(), i, 0), &zip_fclose);
    if (member == nullptr) fail(where, zip_strerror(archive.get()));
    ZipMemberBuffer buffer(member.get(), stat.size);
    arrays.add(stat.name, buffer);
  }
  return arrays.take();
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& file,
                                       const NpyOptions& options) {
  const std::string name = detail::file_name(file, "read_npz");
  std::error_code missing;
  const auto status = std::filesystem::status(file, missing);
  if (exists(status) && !is_regular_file(status)) fail(name, "is not a regular file");
  if (auto tensors = read_stored(file, Arrays(name, options))) return *std::move(tensors);
  return read_by_libzip(file, name, Arrays(name, options));
}

void write_npz(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors) {
  check_names(tensors);
  detail::FileReplacement replacement(file, "write_npz");
  detail::ZipWriter zip(replacement);
  for (const auto& [name, tensor] : tensors) {
    zip.add(name + std::string(suffix), detail::npy_header(tensor.type()),
            {static_cast<const char*>(tensor.data()), tensor.type().bytes()});
  }
  zip.finish();
  replacement.commit();
}

}  // namespace dagrad
