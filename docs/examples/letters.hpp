#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// Texts as sequences of letter codes, for the examples that learn to write.
namespace letters {

struct Text {
  std::string alphabet;  ///< the letters that occur, in the order of their codes
  std::vector<std::int64_t> tokens;
};

inline Text read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw dagrad::FileError("cannot read " + file.string());
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::set<char> used(text.begin(), text.end());
  Text all{{used.begin(), used.end()}, {}};
  for (const char letter : text)
    all.tokens.push_back(static_cast<std::int64_t>(all.alphabet.find(letter)));
  return all;
}

/// The tokens from each start onwards, as rows of a tensor.
inline dagrad::Tensor rows(std::span<const std::int64_t> text, std::span<const std::int64_t> starts,
                           std::int64_t length) {
  using namespace dagrad;
  Tensor out(Type{i64, {static_cast<std::int64_t>(starts.size()), length}});
  auto to = out.mutate<std::int64_t>().begin();
  for (const std::int64_t start : starts) to = std::copy_n(text.begin() + start, length, to);
  return out;
}

/// Mean of -log p(next | token) over a text; p comes from counts in another, plus one each.
inline double bigram_loss(std::span<const std::int64_t> counted, std::span<const std::int64_t> text,
                          std::size_t vocabulary) {
  std::vector<double> pairs(vocabulary * vocabulary, 1);
  std::vector<double> firsts(vocabulary, static_cast<double>(vocabulary));
  const auto pair = [&](std::span<const std::int64_t> of, std::size_t i) {
    return static_cast<std::size_t>(of[i]) * vocabulary + static_cast<std::size_t>(of[i + 1]);
  };
  for (std::size_t i = 0; i + 1 < counted.size(); ++i) {
    ++pairs[pair(counted, i)];
    ++firsts[static_cast<std::size_t>(counted[i])];
  }
  double loss = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    loss -= std::log(pairs[pair(text, i)] / firsts[static_cast<std::size_t>(text[i])]);
  return loss / static_cast<double>(text.size() - 1);
}

}  // namespace letters
