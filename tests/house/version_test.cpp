#include <dagrad/version.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Version, LibraryAndHeadersAgree) {
  const std::string headers = std::to_string(DAGRAD_VERSION_MAJOR) + "." +
                              std::to_string(DAGRAD_VERSION_MINOR) + "." +
                              std::to_string(DAGRAD_VERSION_PATCH);
  EXPECT_EQ(dagrad::version(), headers);
}

}  // namespace
