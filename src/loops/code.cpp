#include "src/loops/code.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace dagrad::detail {

ExecutableCode::ExecutableCode(std::span<const std::uint8_t> code) : bytes_(code.size()) {
  if (code.empty()) return;
  void* pages = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  std::memcpy(pages, code.data(), bytes_);
  if (mprotect(pages, bytes_, PROT_READ | PROT_EXEC) == 0) {
    pages_ = pages;
  } else {
    munmap(pages, bytes_);
  }
}

ExecutableCode::~ExecutableCode() {
  if (pages_ != nullptr) munmap(pages_, bytes_);
}

std::size_t ExecutableCode::held_bytes() const {
  if (pages_ == nullptr) return 0;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes_ + page - 1) / page * page;
}

}  // namespace dagrad::detail
