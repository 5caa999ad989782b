// swift-tools-version: 6.0
import PackageDescription

// The inner loops are compiled twice for x86-64: for every such processor, and for those with AVX2 and FMA. The second
// target exists only where the machine that builds, and is built for, is one (TOPOSCOPE_PORTABLE=1 leaves it out when
// building for another).
#if arch(x86_64)
  let hasWideKernels = Context.environment["TOPOSCOPE_PORTABLE"] == nil
#else
  let hasWideKernels = false
#endif
let kernels: [Target] =
  [.target(name: "CToposcopeProcessor"), .target(name: "ToposcopeKernels", dependencies: ["CToposcopeProcessor"])]
  + (hasWideKernels
    ? [
      .target(
        name: "ToposcopeKernelsV3", dependencies: ["CToposcopeProcessor"],
        swiftSettings: [.define("TOPOSCOPE_WIDE_LANES"), .unsafeFlags(["-Xcc", "-march=x86-64-v3"])])
    ] : [])

let package = Package(
  name: "Toposcope",
  products: [
    // For Swift programs: the core as a package.
    .library(name: "Toposcope", targets: ["Toposcope"]),
    // For everything else: one shared object that exports the C functions of include/toposcope.h.
    .library(name: "toposcope", type: .dynamic, targets: ["ToposcopeC"]),
  ],
  targets: kernels + [
    .systemLibrary(name: "CToposcope", path: "include"),
    .target(name: "Toposcope", dependencies: kernels.map { .target(name: $0.name) }),
    .target(name: "ToposcopeC", dependencies: ["Toposcope", "CToposcope"], exclude: ["exports.map"]),
    .executableTarget(name: "toposcope-bench", dependencies: ["Toposcope"]),
    .testTarget(name: "ToposcopeTests", dependencies: ["Toposcope"]),
    .testTarget(name: "ToposcopeCTests", dependencies: ["ToposcopeC", "CToposcope", "Toposcope"]),
  ]
)
