#include "tests/check/false_alarms.hpp"

namespace dagrad::tests {
namespace {

TEST(ManyRandomGraphs, RaiseNoFalseAlarm) { expect_no_false_alarm(0, 10000); }

}  // namespace
}  // namespace dagrad::tests
