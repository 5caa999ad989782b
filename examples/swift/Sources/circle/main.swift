// The loop of a circle, from Swift: `swift run` in this folder.
import Foundation
import Toposcope

// Points on a circle, a little uneven.
let points = try PointCloud(
  (0..<60).map { i in
    let angle = 2 * Double.pi * (Double(i) + 0.3 * sin(7 * Double(i))) / 60
    return [cos(angle), sin(angle)]
  })

var options = RipsOptions()
options.maxDimension = 1
options.cycles = true
let result = try vietorisRips(.points(points, metric: .euclidean), options: options)

for diagram in result.diagrams {
  let longest = diagram.pairs.first.map { ", the longest [\($0.birth), \($0.death))" } ?? ""
  print("H\(diagram.dimension): \(diagram.pairs.count) bars\(longest)")
}
let loop = try result.cycle(dimension: 1, bar: 0)
print("round the loop:", loop.map { String($0[0]) }.joined(separator: " "))

do {
  _ = try DistanceMatrix(PointCloud([[0, 0], [.nan, 1]]))
} catch {
  print("a NaN is an error with a place: \(error.kind), row \(error.row), column \(error.column)")
}
