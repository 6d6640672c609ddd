#include "dagrad/catalog.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/random.hpp"

namespace dagrad {
namespace {

/// The names of the op structs of a header: all texts in `static constexpr auto name = …`.
std::set<std::string> declared_names(const std::filesystem::path& header) {
  std::ifstream file(header);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  static const std::regex declaration("static constexpr auto\\s+name\\s*=([^,;]*)");
  static const std::regex quoted("\"(\\w+)\"");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), declaration), end; at != end; ++at) {
    const std::string names_text = (*at)[1];
    for (std::sregex_iterator name(names_text.begin(), names_text.end(), quoted); name != end;
         ++name)
      names.insert((*name)[1]);
  }
  return names;
}

TEST(Catalog, ContainsEveryOpOfEveryHeader) {
  std::set<std::string> declared, listed;
  for (const auto& header : std::filesystem::directory_iterator("include/dagrad/ops"))
    declared.merge(declared_names(header.path()));
  for (const auto& entry : Catalog::builtin()) listed.insert(std::string(entry.op.name()));
  EXPECT_GE(declared.size(), 60U);
  std::vector<std::string> apart;
  std::set_symmetric_difference(declared.begin(), declared.end(), listed.begin(), listed.end(),
                                std::back_inserter(apart));
  EXPECT_EQ(apart, std::vector<std::string>{});
}

TEST(Catalog, DescribesEveryOp) {
  for (const auto& entry : Catalog::builtin()) {
    SCOPED_TRACE(entry.op.name());
    EXPECT_FALSE(entry.op->doc().empty());
    EXPECT_EQ(entry.op->doc().back(), '.');
    EXPECT_FALSE(entry.family.empty());
  }
}

TEST(Catalog, SamplesFitTheirOps) {
  Rng rng(1);
  for (const auto& entry : Catalog::builtin()) {
    SCOPED_TRACE(entry.op.name());
    for (const Sample& sample : entry.op->samples(rng)) {
      EXPECT_EQ(sample.op.name(), entry.op.name());
      std::vector<Type> in, out;
      for (const Tensor& tensor : sample.in) in.push_back(tensor.type());
      ASSERT_NO_THROW(sample.op->infer(in, out));
      for (std::size_t i = 0; i < sample.out.size(); ++i) EXPECT_EQ(sample.out[i].type(), out[i]);
      for (std::size_t i = 0; i < sample.dout.size(); ++i) EXPECT_EQ(sample.dout[i].type(), out[i]);
      for (std::size_t i = 0; i < sample.grads.size(); ++i)
        EXPECT_EQ(sample.grads[i].type(), in[i]);
    }
  }
}

struct Twice {
  static constexpr auto name = "twice";
  Symbol operator()(const Symbol& x) const { return x + x; }
};

TEST(Catalog, IsAValueThatUsersExtend) {
  Catalog mine = Catalog::builtin();
  mine.add(Twice{}, "mine");
  EXPECT_EQ(mine.size(), Catalog::builtin().size() + 1);
  ASSERT_NE(mine.find("twice"), nullptr);
  EXPECT_EQ(mine.find("twice")->family, "mine");
  EXPECT_EQ(Catalog::builtin().find("twice"), nullptr);
  EXPECT_EQ(Catalog().size(), 0U);
  try {
    mine.add(Add{}, "mine");
    FAIL();
  } catch (const ArgumentError& e) {
    EXPECT_STREQ(e.what(), "catalog: there already is an op named 'add'");
  }
}

}  // namespace
}  // namespace dagrad
