import CToposcopeProcessor

/// A growing graph of few edges, all of which are known beforehand: of every vertex the neighbours that it has so far,
/// ascending, each with the identifier of what is said about the edge. The common neighbours of two vertices are what
/// their lists share, and what is said about the edges to them is read with them.
///
/// Both ends of an edge hold its identifier.
final class NeighborhoodLists: @unchecked Sendable {
  struct Neighbor: BitwiseCopyable {
    var vertex: Int32
    var identifier: Int32
  }

  let vertexCount: Int
  private let neighbors: Memory<Neighbor>
  private let starts: Memory<Int>
  private let counts: Memory<Int32>

  /// The bytes that the lists of so many vertices and edges take.
  static func bytes(vertices: Int, edges: Int) -> Double { 16 * Double(edges) + 12 * Double(vertices + 1) }

  /// Room for some edges, none of which is there yet.
  init(vertices: Int, edges: [(edge: Edge, length: Float)]) throws(ToposcopeError) {
    vertexCount = vertices
    neighbors = try Memory(2 * edges.count)
    starts = try Memory(vertices + 1)
    counts = try Memory(vertices)
    for (edge, _) in edges {
      starts.base[Int(edge.tail) + 1] += 1
      starts.base[Int(edge.head) + 1] += 1
    }
    for vertex in 0..<vertices { starts.base[vertex + 1] += starts.base[vertex] }
  }

  @inline(__always)
  subscript(vertex: Int) -> UnsafeMutableBufferPointer<Neighbor> {
    UnsafeMutableBufferPointer(start: neighbors.base + starts.base[vertex], count: Int(counts.base[vertex]))
  }

  /// Brings the neighbours of a vertex near the processor.
  @inline(__always)
  func fetch(_ vertex: Int) { toposcope_fetch(neighbors.base + starts.base[vertex]) }

  /// Joins two vertices that have not been joined yet.
  @inline(__always)
  func insert(_ a: Int, _ b: Int, _ identifier: Int32) {
    append(b, to: a, identifier)
    append(a, to: b, identifier)
  }

  @inline(__always)
  private func append(_ neighbor: Int, to vertex: Int, _ identifier: Int32) {
    let list = neighbors.base + starts.base[vertex]
    var place = Int(counts.base[vertex])
    while place > 0 && list[place &- 1].vertex > neighbor {
      list[place] = list[place &- 1]
      place &-= 1
    }
    list[place] = Neighbor(vertex: Int32(truncatingIfNeeded: neighbor), identifier: identifier)
    counts.base[vertex] &+= 1
  }

  /// The place of a neighbour in the list of a vertex; nil if they are not joined.
  func place(of neighbor: Int, in vertex: Int) -> Int? {
    let list = self[vertex]
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].vertex < neighbor { low = middle + 1 } else { high = middle }
    }
    return low < list.count && list[low].vertex == neighbor ? low : nil
  }
}
