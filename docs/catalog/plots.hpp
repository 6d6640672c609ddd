#pragma once

#include <string>
#include <vector>

#include "dagrad/catalog.hpp"

namespace dagrad::catalog {

/// Whether an op is a function of one float, so that it can be drawn.
bool has_plot(const Op& op);

/// A gnuplot script that draws each of these ops and its derivative into <folder>/<op>.svg.
std::string plots(const std::vector<Op>& ops, const std::string& folder);

}  // namespace dagrad::catalog
