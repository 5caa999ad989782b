// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Toposcope",
  products: [
    // For Swift programs: the core as a package.
    .library(name: "Toposcope", targets: ["Toposcope"]),
    // For everything else: one shared object that exports the C functions of include/toposcope.h.
    .library(name: "toposcope", type: .dynamic, targets: ["ToposcopeC"]),
  ],
  targets: [
    .systemLibrary(name: "CToposcope", path: "include"),
    .target(name: "Toposcope"),
    .target(name: "ToposcopeC", dependencies: ["Toposcope", "CToposcope"], exclude: ["exports.map"]),
    .executableTarget(name: "toposcope-bench", dependencies: ["Toposcope"]),
    .testTarget(name: "ToposcopeTests", dependencies: ["Toposcope"]),
    .testTarget(name: "ToposcopeCTests", dependencies: ["ToposcopeC", "CToposcope", "Toposcope"]),
  ]
)
