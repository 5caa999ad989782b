// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "circle",
  dependencies: [.package(name: "Toposcope", path: "../..")],
  targets: [.executableTarget(name: "circle", dependencies: [.product(name: "Toposcope", package: "Toposcope")])]
)
