#pragma once

#include "dagrad/catalog.hpp"

/// The functions by which each source of this folder lists its ops for the catalogue.
namespace dagrad {

void list_arithmetic(Catalog& catalog);
void list_functions(Catalog& catalog);
void list_activations(Catalog& catalog);
void list_logic(Catalog& catalog);
void list_reduce(Catalog& catalog);
void list_reduce_order(Catalog& catalog);
void list_reduce_centred(Catalog& catalog);
void list_variance(Catalog& catalog);
void list_norm(Catalog& catalog);
void list_scan(Catalog& catalog);
void list_linalg(Catalog& catalog);
void list_triangle(Catalog& catalog);
void list_factorizations(Catalog& catalog);
void list_determinant(Catalog& catalog);
void list_shape_views(Catalog& catalog);
void list_shape_joins(Catalog& catalog);
void list_shape_slices(Catalog& catalog);
void list_rearrange(Catalog& catalog);
void list_structural(Catalog& catalog);
void list_recurrence(Catalog& catalog);
void list_nn(Catalog& catalog);
void list_standardize(Catalog& catalog);
void list_normalization(Catalog& catalog);
void list_convolution(Catalog& catalog);
void list_pooling(Catalog& catalog);
void list_masked_softmax(Catalog& catalog);
void list_masked_products(Catalog& catalog);
void list_dropout(Catalog& catalog);
void list_loss(Catalog& catalog);
void list_training(Catalog& catalog);
void list_create(Catalog& catalog);
void list_random(Catalog& catalog);
void list_random_choices(Catalog& catalog);
void list_index(Catalog& catalog);
void list_index_nd(Catalog& catalog);
void list_order(Catalog& catalog);
void list_control(Catalog& catalog);

}  // namespace dagrad
