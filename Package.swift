// swift-tools-version: 6.0
import PackageDescription

// The inner loops are compiled three times for x86-64: for every such processor, for those with AVX2 and fused
// multiply-add (level x86-64-v3), and for those with AVX-512 (x86-64-v4). The files of the levels are links to those of one folder. They
// exist only where the machine that builds, and is built for, is an x86-64 (TOPOSCOPE_PORTABLE=1 leaves them out when
// building for another).
#if arch(x86_64)
  let levels = Context.environment["TOPOSCOPE_PORTABLE"] == nil ? ["V3", "V4"] : []
#else
  let levels: [String] = []
#endif
let kernels: [Target] =
  [.target(name: "CToposcopeProcessor"), .target(name: "ToposcopeKernels", dependencies: ["CToposcopeProcessor"])]
  + levels.map { level in
    .target(
      name: "ToposcopeKernels\(level)", dependencies: ["CToposcopeProcessor"],
      swiftSettings: [
        .define("TOPOSCOPE_\(level)"), .unsafeFlags(["-Xcc", "-march=x86-64-\(level.lowercased())"]),
      ])
  }

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
    .testTarget(name: "ToposcopeTests", dependencies: ["Toposcope", "CToposcopeProcessor"]),
    .testTarget(name: "ToposcopeCTests", dependencies: ["ToposcopeC", "CToposcope", "Toposcope"]),
  ]
)
