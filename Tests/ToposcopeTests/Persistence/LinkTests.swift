import Testing

@testable import Toposcope

/// A flag complex on vertices 0 ..< count, and its simplices.
private struct Complex {
  let count: Int
  let isJoined: (Int32, Int32) -> Bool

  func simplices(upTo size: Int) -> [[Int32]] {
    var all: [[Int32]] = [[]]
    func extend(_ simplex: [Int32]) {
      if simplex.count == size { return }
      for x in (simplex.last ?? -1) + 1..<Int32(count) where simplex.allSatisfy({ isJoined($0, x) }) {
        all.append(simplex + [x])
        extend(simplex + [x])
      }
    }
    extend([])
    return all
  }

  func link(limit: Int) throws -> Link {
    try Link(
      (0..<Int32(count)).map { $0 }, limit: limit, Progress(),
      isJoined: isJoined)
  }
}

@Suite struct LinkTests {
  /// Vertices 2i and 2i + 1 are the only ones that are not joined: the sphere of dimension `pairs` - 1.
  private func sphere(_ pairs: Int) -> Complex { Complex(count: 2 * pairs) { $0 / 2 != $1 / 2 } }

  @Test(arguments: 1...5, 2...4)
  func aSphereHasOneCriticalSimplex(pairs: Int, limit: Int) throws {
    let critical = try sphere(pairs).link(limit: limit).critical()
    #expect(critical.map(\.count) == (pairs <= limit ? [pairs] : []))
  }

  @Test(arguments: [4, 5, 6, 12])
  func aRingHasOneCriticalEdge(count: Int32) throws {
    let ring = Complex(count: Int(count)) { ($0 - $1 + count) % count == 1 || ($1 - $0 + count) % count == 1 }
    #expect(try ring.link(limit: 3).critical().map(\.count) == [2])
  }

  @Test func onlyComponentsAreCriticalInAForest() throws {
    let edges: Set<[Int32]> = [[0, 1], [1, 2], [3, 4], [4, 5], [4, 6], [7, 8]]
    let forest = Complex(count: 10) { edges.contains([min($0, $1), max($0, $1)]) }
    #expect(try forest.link(limit: 4).critical().map(\.count) == [1, 1, 1])
  }

  /// The simplices with fewer vertices than the limit are critical or matched in pairs; those that are not critical cannot be
  /// followed in a circle, from a simplex to its partner above to another facet of that.
  @Test(arguments: 0..<160)
  func theMatchingIsAcyclic(seed: Int) throws {
    var random = Seeded(state: UInt64(seed))
    let (count, limit) = (Int.random(in: 1...(seed % 8 == 0 ? 70 : 14), using: &random), 2 + seed % 4)
    let density = count > 20 ? 0.15 : Double.random(in: 0.3...0.95, using: &random)
    var joined = Set<[Int32]>()
    for y in 0..<Int32(count) {
      for x in 0..<y where Double.random(in: 0..<1, using: &random) < density { joined.insert([x, y]) }
    }
    let complex = Complex(count: count) { joined.contains([min($0, $1), max($0, $1)]) }
    let link = try complex.link(limit: limit)
    let all = complex.simplices(upTo: limit)
    let critical = try link.critical()
    #expect(Set(critical).count == critical.count && Set(critical).isSubset(of: Set(all)))

    var above: [[Int32]: [Int32]] = [:]
    for simplex in all where simplex.count < limit {
      switch try link.match(simplex[...]) {
      case .critical: #expect(critical.contains(simplex))
      case .down(let x):
        #expect(simplex.contains(x) && !critical.contains(simplex))
        guard case .up(x) = try link.match(simplex.filter { $0 != x }[...]) else {
          Issue.record("\(simplex) less \(x) is not matched with it")
          continue
        }
      case .up(let x):
        let cofacet = (simplex + [x]).sorted()
        #expect(!simplex.contains(x) && Set(all).contains(cofacet) && !critical.contains(simplex))
        #expect(above.values.allSatisfy { $0 != cofacet } && !critical.contains(cofacet))
        above[simplex] = cofacet
        if cofacet.count < limit, case .down(x) = try link.match(cofacet[...]) { continue }
        #expect(cofacet.count == limit)
      }
    }

    var finished = Set<[Int32]>(), open = Set<[Int32]>()
    func visit(_ simplex: [Int32]) -> Bool {
      guard let cofacet = above[simplex], !finished.contains(simplex) else { return true }
      guard open.insert(simplex).inserted else { return false }
      for x in cofacet {
        let facet = cofacet.filter { $0 != x }
        if facet != simplex && !visit(facet) { return false }
      }
      open.remove(simplex)
      finished.insert(simplex)
      return true
    }
    #expect(above.keys.allSatisfy(visit))
  }

  @Test func takingApartCanBeStopped() throws {
    let stopped = Progress { _, _ in false }
    #expect(throws: ToposcopeError.self) {
      _ = try Link(
        (0..<12).map { $0 }, limit: 4, stopped, isJoined: { $0 / 2 != $1 / 2 })
    }
  }
}
