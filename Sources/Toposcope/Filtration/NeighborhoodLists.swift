import CToposcopeProcessor

/// A growing graph of few edges, all of which are known beforehand: of every vertex the neighbours that it has so far, in
/// the order in which they came, each with the rank of the edge. So the graph as it was before an edge is what the lists
/// begin with, and a thread may read it while another one adds later edges.
final class NeighborhoodLists: @unchecked Sendable {
  struct Neighbor: BitwiseCopyable {
    var vertex: Int32
    var rank: Int32
  }

  let vertexCount: Int
  private(set) var edgeCount: Int32 = 0
  private let neighbors: Memory<Neighbor>
  /// Where the list of each vertex begins, and where it ends so far.
  private let starts: Memory<UInt32>
  private let ends: Memory<UInt32>

  /// The bytes that the lists of so many vertices and edges take.
  static func bytes(vertices: Int, edges: Int) -> Double { 16 * Double(edges) + 8 * Double(vertices + 1) }

  /// Room for some edges, none of which is there yet.
  init(
    vertices: Int, edges: [(edge: Edge, length: Float)], progress: Progress = Progress()
  ) throws(ToposcopeError) {
    guard edges.count < Int32.max else {
      throw ToposcopeError(.memory, value: NeighborhoodLists.bytes(vertices: vertices, edges: edges.count))
    }
    vertexCount = vertices
    neighbors = try Memory(2 * edges.count, isZeroed: false)
    try neighbors.takePages(progress)
    starts = try Memory(vertices + 1)
    ends = try Memory(vertices)
    try progress.forEachPart(of: edges.count) { part in
      for (edge, _) in edges[part] {
        starts.base[Int(edge.tail) + 1] += 1
        starts.base[Int(edge.head) + 1] += 1
      }
    }
    for vertex in 0..<vertices {
      starts.base[vertex + 1] += starts.base[vertex]
      ends.base[vertex] = starts.base[vertex]
    }
  }

  /// The number of places in all lists together, one list after another, once all edges are there.
  var placeCount: Int { neighbors.count }

  /// The places of a vertex in which there is a neighbour.
  func places(of vertex: Int32) -> Range<Int> {
    Int(starts.base[Int(vertex)])..<Int(ends.base[Int(vertex)])
  }

  @inline(__always)
  subscript(place: Int) -> Neighbor { neighbors.base[place] }

  /// The first place of a vertex.
  @inline(__always)
  func first(_ vertex: Int32) -> UInt32 { starts.base[Int(vertex)] }

  /// Joins two vertices that have not been joined yet. Returns the rank of the edge.
  @inline(__always)
  func append(_ edge: Edge) -> Int32 {
    append(edge.head, to: edge.tail)
    append(edge.tail, to: edge.head)
    edgeCount &+= 1
    return edgeCount &- 1
  }

  /// Adds edges of a run that follow one another.
  func append(_ run: EdgeRun, _ places: Range<Int>) {
    for i in places {
      let (soon, sooner) = (i + 2 * NeighborhoodLists.edgesFetched, i + NeighborhoodLists.edgesFetched)
      if soon < run.count { forEachEnd(of: run[soon].edge) { toposcope_fetch(ends.base + Int($0)) } }
      if sooner < run.count {
        forEachEnd(of: run[sooner].edge) { toposcope_fetch(neighbors.base + Int(ends.base[Int($0)])) }
      }
      _ = append(run[i].edge)
    }
  }
  private static let edgesFetched = 16

  @inline(__always)
  private func forEachEnd(of edge: Edge, _ body: (Int32) -> Void) {
    body(edge.tail)
    body(edge.head)
  }

  @inline(__always)
  private func append(_ neighbor: Int32, to vertex: Int32) {
    let place = ends.base + Int(vertex)
    neighbors.base[Int(place.pointee)] = Neighbor(vertex: neighbor, rank: edgeCount)
    place.pointee &+= 1
  }

  /// Brings what ``first(_:)`` reads for the ends of an edge near the processor.
  @inline(__always)
  func fetchStarts(_ edge: Edge) { forEachEnd(of: edge) { toposcope_fetch_to_read(starts.base + Int($0)) } }

  /// Brings the first neighbours of the ends of an edge near the processor.
  @inline(__always)
  func fetch(_ edge: Edge) {
    forEachEnd(of: edge) {
      let list = UnsafeRawPointer(neighbors.base + Int(first($0)))
      toposcope_fetch_to_read(list)
      toposcope_fetch_to_read(list + 64)
    }
  }
}
