import Testing

@testable import Toposcope

@Suite struct DominatedVerticesTests {
  /// For every vertex its nearest neighbours at distances of at most `reached`, in the order of the filtration.
  private func nearest(_ distances: DistanceMatrix, _ reached: Float) throws -> NearestNeighbors {
    var nearest = try NearestNeighbors(vertices: distances.count)
    let order = try EdgeOrder(distances, upTo: reached, progress: Progress())
    while let run = try order.nextRun() {
      for i in 0..<run.count { nearest.add(run[i].tail, run[i].head) }
    }
    return nearest
  }

  /// Whether every edge of `u` to a vertex that stays comes after the edge of `w` to it, or is too long to come.
  private func dominates(
    _ w: Int, _ u: Int, _ distances: DistanceMatrix, reached: Float, limit: Float, among staying: [Int]
  ) -> Bool {
    distances[u, w] <= reached
      && staying.allSatisfy { x in
        let toW = FiltrationEdge(length: distances[w, x], tail: Int32(min(w, x)), head: Int32(max(w, x)))
        let toU = FiltrationEdge(length: distances[u, x], tail: Int32(min(u, x)), head: Int32(max(u, x)))
        return x == u || x == w || toU.length > limit || toW.length <= reached || toW.precedes(toU)
      }
  }

  @Test(arguments: 0..<36) func whoIsLeftOutIsDominated(_ seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let kind = [MatrixKind.circle, .integers, .nonmetric][seed % 3]
    let n = 20 + 5 * (seed / 3)
    let distances = try distanceMatrix(kind.matrix(n, using: &generator))
    let lengths = (0..<n).flatMap { i in (0..<i).map { distances[i, $0] } }.filter { $0 < .infinity }.sorted()
    let limit = seed % 2 == 0 ? Float.infinity : lengths[lengths.count * 4 / 5]
    let dominated = try DominatedVertices(distances, limit: limit)
    var staying = Array(0..<n)
    for share in [4, 3, 2] {
      let reached = lengths[lengths.count / share]
      let near = try nearest(distances, reached)
      let found = try dominated.find(near, reached: reached, threads: 1 + seed % 2, progress: Progress())
      let left = staying.filter { !dominated.leftOut[$0] }
      #expect(!left.isEmpty)
      for u in staying where dominated.leftOut[u] {
        let isDominated = left.contains {
          dominates($0, u, distances, reached: reached, limit: limit, among: staying)
        }
        #expect(isDominated, "vertex \(u), seed \(seed)")
      }
      #expect(found == staying.count - left.count)
      staying = left
    }
  }

  /// Outer points of a thick ring are dominated by inner ones, long before its hole is filled.
  @Test func outerPointsOfARingAreLeftOut() throws {
    var generator = SeededGenerator(seed: 1)
    let distances = try distanceMatrix(MatrixKind.circle.matrix(120, using: &generator))
    let lengths = (0..<120).flatMap { i in (0..<i).map { distances[i, $0] } }.sorted()
    let reached = lengths[lengths.count / 3]
    let dominated = try DominatedVertices(distances, limit: .infinity)
    #expect(try dominated.find(nearest(distances, reached), reached: reached, threads: 1, progress: Progress()) > 0)
  }
}
