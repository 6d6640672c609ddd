# Header-only libraries, needed by dagrad's own sources but not by its consumers.
dagrad_dependency(random123 PACKAGE librandom123-dev HEADER Random123/philox.h)
dagrad_dependency(spdlog PACKAGE libspdlog-dev HEADER spdlog/spdlog.h
  DEFINITION SPDLOG_FMT_EXTERNAL)
if(DAGRAD_XBYAK)
  dagrad_dependency(xbyak PACKAGE libxbyak-dev HEADER xbyak/xbyak.h)
endif()

# Needed to include bgl.hpp, but not by the library.
if(DAGRAD_TESTS OR DAGRAD_EXAMPLES OR DAGRAD_DOCS)
  dagrad_dependency(boost PACKAGE libboost-graph-dev HEADER boost/graph/adjacency_list.hpp)
endif()
