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
    },
    {
      # The program that UML kernels start as `uml_net`; without Node, and of the core only what it uses.
      "target_name": "uml_net",
      "type": "executable",
      "sources": ["<!@(node native/sources.cjs helper)", "native/core/slip.cpp"],
      "include_dirs": ["native"],
      "cflags": [
        "-Wall", "-Wextra", "-Wno-restrict", "<!(node -p \"process.env.ETHERCAST_WERROR ? '-Werror' : '-Wno-error'\")", "-O2",
        "-fPIE", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"
      ],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "ldflags": ["-pie", "-Wl,-z,relro,-z,now"]
    }
  ]
}
