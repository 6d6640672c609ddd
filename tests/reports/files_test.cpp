// Reading and printing must not depend on the locale or the program that wrote a file.
#include <locale>
#include <sstream>

#include "dagrad/csv.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/ops/operators.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

/// Writes numbers with a decimal comma and dots between thousands.
struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// Sets the program's locale while it exists.
class GlobalLocale {
 public:
  explicit GlobalLocale(const std::locale& locale) : before_(std::locale::global(locale)) {}
  ~GlobalLocale() { std::locale::global(before_); }
  GlobalLocale(const GlobalLocale&) = delete;
  GlobalLocale& operator=(const GlobalLocale&) = delete;

 private:
  std::locale before_;
};

// engauge-digitizer#243: numbers under a locale with a decimal comma and grouping.
TEST(Files, UnderALocaleWithADecimalComma) {
  const GlobalLocale locale(std::locale(std::locale::classic(), new Comma));
  std::istringstream in("a,b\n1.5,1234.5\n");
  EXPECT_TRUE(are(read_csv(in).values, {1.5, 1234.5}));
  EXPECT_EQ(to_string(Tensor::of({1234.5})), "[1234.5]");
  Graph graph;
  (void)(graph.parameter("x", Tensor({f64, {1, 2345}})) * 0.25);
  EXPECT_EQ(to_string(graph).find("2.345"), std::string::npos);
  EXPECT_EQ(to_string(graph).find("0,25"), std::string::npos);
}

// jsoncons#172, miller#161: a byte order mark before quoted fields.
TEST(Files, WithAByteOrderMarkAndQuotes) {
  std::istringstream in("\xef\xbb\xbf\"a\",\"b\"\r\n\"1\",\"2\"\r\n");
  const Csv csv = read_csv(in);
  EXPECT_EQ(csv.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(are(csv.values, {1, 2}));
}

}  // namespace
}  // namespace dagrad::reports
