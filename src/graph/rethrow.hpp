#pragma once

#include <string>

#include "src/graph/view.hpp"

namespace dagrad::detail {

/// "\n  made at model.cpp:41, in scope 'encoder'": what errors about the node that a call makes end
/// with.
std::string made_at(const GraphData& graph, Location call);

/// For a catch block: throws the dagrad::Error in flight again, as the same kind of error, with
/// text before and behind its own. A RunError also gets the name and the place. An error of a kind
/// that is not dagrad's is thrown again as it is.
[[noreturn]] void rethrow(const std::string& before, const std::string& behind,
                          std::string_view name, Location where);

}  // namespace dagrad::detail
