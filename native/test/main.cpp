// The native tests: core, engine and ports without Node. `ethercast_native_tests --help` lists doctest's
// options.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
