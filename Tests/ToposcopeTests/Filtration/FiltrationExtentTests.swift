import Testing

@testable import Toposcope

@Suite struct FiltrationExtentTests {
  /// The enclosing radius, the limit and whether anything is cut off, by their definitions.
  @Test(arguments: 0..<90) func extentIsAsDefined(_ seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let n = seed * seed / 20
    let infinite = [0, 0.001, 0.3][seed % 3]
    var table = [[Float]](repeating: [Float](repeating: 0, count: n), count: n)
    for i in 0..<n {
      for j in 0..<i {
        let isJoined = Double.random(in: 0...1, using: &generator) >= infinite
        let length = isJoined ? Float.random(in: 0...1, using: &generator) : .infinity
        (table[i][j], table[j][i]) = (length, length)
      }
    }
    let enclosing = table.map { $0.max()! }.min() ?? .infinity
    let longest = table.joined().filter { $0 < .infinity }.max() ?? 0
    let matrix = try DistanceMatrix(Array(table.joined()), count: n)
    for threshold in [Float.infinity, 0.99, 0.5] {
      for threads in 1...2 {
        let extent = try FiltrationExtent(matrix, threshold: threshold, threads: threads, progress: Progress())
        #expect(extent.enclosingRadius == enclosing, "seed \(seed)")
        #expect(extent.limit == min(threshold, enclosing, longest), "seed \(seed)")
        #expect(extent.isCut == (threshold < enclosing && threshold < longest), "seed \(seed)")
      }
    }
  }
}
