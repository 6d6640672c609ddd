#include "dagrad/catalog.hpp"

#include <algorithm>

#include "ops/families.hpp"

namespace dagrad {

Catalog Catalog::builtin() {
  Catalog catalog;
  for (const auto list : {list_arithmetic,     list_functions,      list_activations,
                          list_logic,          list_reduce,         list_reduce_order,
                          list_reduce_centred, list_variance,       list_norm,
                          list_scan,           list_linalg,         list_triangle,
                          list_factorizations, list_determinant,    list_shape_views,
                          list_shape_joins,    list_shape_slices,   list_rearrange,
                          list_structural,     list_recurrence,     list_nn,
                          list_standardize,    list_normalization,  list_convolution,
                          list_pooling,        list_masked_softmax, list_masked_products,
                          list_dropout,        list_loss,           list_training,
                          list_create,         list_random,         list_random_choices,
                          list_index,          list_index_nd,       list_order,
                          list_control})
    list(catalog);
  return catalog;
}

void Catalog::add(Op op, std::string_view family) {
  if (find(op.name()))
    throw ArgumentError("catalog: there already is an op named '" + std::string(op.name()) + "'");
  entries_.push_back({std::move(op), std::string(family)});
}

const Catalog::Entry* Catalog::find(std::string_view name) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.op.name() == name; });
  return at == entries_.end() ? nullptr : &*at;
}

}  // namespace dagrad
