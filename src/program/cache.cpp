#include <algorithm>

#include "dagrad/detail/op_caches.hpp"
#include "src/program/growing_list.hpp"

namespace dagrad::detail {

struct ProgramCache::Entry {
  std::vector<DType> dtypes;
  ProgramPtr program;
  Entry* next;
};

ProgramCache::~ProgramCache() { delete_list(entries_); }

const ProgramPtr* ProgramCache::find(std::span<const Type> in) const {
  const auto same = [](const Type& type, DType dtype) { return type.dtype == dtype; };
  for (const Entry* e = entries_.load(std::memory_order_acquire); e; e = e->next)
    if (std::equal(in.begin(), in.end(), e->dtypes.begin(), e->dtypes.end(), same))
      return &e->program;
  return nullptr;
}

const ProgramPtr& ProgramCache::add(std::span<const Type> in, ProgramPtr program) const {
  std::vector<DType> dtypes;
  for (const Type& type : in) dtypes.push_back(type.dtype);
  return push_front(entries_, new Entry{std::move(dtypes), std::move(program), nullptr}).program;
}

}  // namespace dagrad::detail
