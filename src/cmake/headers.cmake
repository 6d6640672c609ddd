# Header-only libraries: dagrad's own sources need them, what links dagrad does not.
dagrad_dependency(random123 PACKAGE librandom123-dev HEADER Random123/philox.h)
dagrad_dependency(spdlog PACKAGE libspdlog-dev HEADER spdlog/spdlog.h
  DEFINITION SPDLOG_FMT_EXTERNAL)
if(DAGRAD_XBYAK)
  dagrad_dependency(xbyak PACKAGE libxbyak-dev HEADER xbyak/xbyak.h)
endif()

# What includes bgl.hpp needs it; the library does not.
if(DAGRAD_TESTS OR DAGRAD_EXAMPLES OR DAGRAD_DOCS)
  dagrad_dependency(boost PACKAGE libboost-graph-dev HEADER boost/graph/adjacency_list.hpp)
endif()
