{
  # -Wno-restrict: GCC 12 warns of overlap inside std::string operator+ (GCC bug 105651).
  "targets": [
    {
      "target_name": "ethercast",
      "sources": ["<!@(node native/sources.cjs core engine ports node)"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra", "-Wno-restrict", "<!(node -p \"process.env.ETHERCAST_WERROR ? '-Werror' : '-Wno-error'\")", "-O2"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
    }
  ]
}
