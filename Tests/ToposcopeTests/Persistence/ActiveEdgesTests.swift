import Testing

@testable import Toposcope

/// Active edges, against a dictionary of them. Groups are a cache line of a row each, or two where rows are longest.
@Suite struct ActiveEdgesTests {
  @Test(arguments: [50, 600, 5000, 33_000]) func groupsAndIdentifiers(_ n: Int) throws {
    var generator = SeededGenerator(seed: n)
    var active = try ActiveEdges(vertices: n, capacity: 4)
    var expected: [Edge: Int32] = [:]
    let vertices = (0..<20).map { _ in Int.random(in: 0..<n, using: &generator) }
    for step in 0..<2000 {
      let pair = (vertices.randomElement(using: &generator)!, vertices.randomElement(using: &generator)!)
      let (a, b) = (min(pair.0, pair.1), max(pair.0, pair.1))
      if a == b { continue }
      let edge = Edge(Int32(a), Int32(b))
      if expected[edge] != nil {
        let identifier = Int32(step % 3)  // 0: no longer active
        active.replace(a, b, by: identifier)
        expected[edge] = identifier == 0 ? nil : identifier
      } else {
        if active.isFull { try active.makeRoom() }
        active.insert(a, b, Int32(step + 1))
        expected[edge] = Int32(step + 1)
      }
    }
    #expect(expected.count > 20)
    let wordsPerGroup = 1 << active.groupShift
    #expect(wordsPerGroup >= 8 && BitRows.wordsPerRow(n) <= 64 * wordsPerGroup)
    for a in vertices {
      var groups: UInt64 = 0
      for b in vertices where a != b {
        let identifier = expected[Edge(Int32(min(a, b)), Int32(max(a, b)))] ?? 0
        #expect(active.identifier(min(a, b), max(a, b)) == identifier, "vertices \(a), \(b)")
        if identifier != 0 { groups |= 1 << UInt64((b >> 6) / wordsPerGroup) }
      }
      #expect(active.groups(a) == groups, "vertex \(a)")
    }
  }
}
