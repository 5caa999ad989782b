import CToposcopeProcessor

/// Vertices that others dominate from some length on, in every later graph of the filtration: their further edges do not
/// matter.
///
/// Let all edges up to some length have been added, (u, w) among them. The vertex u is dominated by w from there on if for
/// every other x the edge (w, x) is among them too, or comes before (u, x): all neighbours that u has or will get are
/// neighbours of w by then. So every later complex can be deformed to its part without u, in the same way before and
/// after each edge (a strong collapse; Barmak and Minian 2012): no edge of u bears a class, and none kills one, in any
/// dimension. The edges that it has may stay: it is dominated with them as well.
///
/// Domination is transitive, so that vertices may be left out together as long as they do not dominate each other in a
/// ring. Those that have been left out need not be asked about as x, nor edges that never come.
struct DominatedVertices {
  /// The vertices that have been found.
  let leftOut: VertexBits
  private let distances: DistanceMatrix
  /// Longer edges never come.
  private let limit: Float
  /// By vertex: one that dominates it; itself where there is none.
  private let dominators: Memory<Int32>

  private static let verticesPerChunk = 64

  init(_ distances: DistanceMatrix, limit: Float) throws(ToposcopeError) {
    self.distances = distances
    self.limit = limit
    leftOut = try VertexBits(distances.count)
    dominators = try Memory(distances.count, isZeroed: false)
    for vertex in 0..<distances.count { dominators.base[vertex] = Int32(vertex) }
  }

  /// Finds further ones; returns how many.
  /// - Parameters:
  ///   - nearest: Neighbours of every vertex. Only they, and what dominates them, are tried.
  ///   - reached: A length up to which all edges have been added.
  func find(
    _ nearest: NearestNeighbors, reached: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Int {
    let n = distances.count
    let found = try Memory<Int32>(n, isZeroed: false)
    let perChunk = DominatedVertices.verticesPerChunk
    try Threads.forEach(chunks: (n + perChunk - 1) / perChunk, threads: threads, progress: progress) { chunk in
      for u in (chunk * perChunk)..<min(n, (chunk + 1) * perChunk) {
        found.base[u] = leftOut[u] ? -1 : dominator(u, nearest[u], reached)
      }
    }
    var count = 0
    for u in 0..<n where found.base[u] >= 0 {
      let w = last(Int(found.base[u]))
      if w == u { continue }
      dominators.base[u] = Int32(w)
      leftOut[u] = true
      count += 1
    }
    return count
  }

  /// The vertex at the end of the dominators of dominators, which is not left out.
  private func last(_ vertex: Int) -> Int {
    var w = vertex
    while dominators.base[w] != Int32(w) { w = Int(dominators.base[w]) }
    return w
  }

  /// One that dominates `u` among those that are not left out; -1 if none is found.
  private func dominator(_ u: Int, _ near: UnsafeBufferPointer<Int32>, _ reached: Float) -> Int32 {
    for neighbor in near { toposcope_fetch_to_read(distances.entries + last(Int(neighbor)) * distances.count) }
    var before = u
    for neighbor in near {
      let w = last(Int(neighbor))
      if w == u || w == before || w != neighbor && distances[u, w] > reached { continue }
      if dominates(w, u, reached) { return Int32(w) }
      before = w
    }
    return -1
  }

  /// Whether `w`, a neighbour of `u`, dominates it.
  private func dominates(_ w: Int, _ u: Int, _ reached: Float) -> Bool {
    typealias Lengths = SIMD16<Float>
    let n = distances.count
    let (toU, toW) = (distances.entries + u * n, distances.entries + w * n)
    let isFirst = w < u  // of edges to x of one length, that of the smaller vertex comes first
    let isInTheWay = { x in
      toW[x] > reached && (isFirst ? toW[x] > toU[x] : toW[x] >= toU[x]) && toU[x] <= limit && !leftOut[x]
    }
    var x = 0
    while x &+ Lengths.scalarCount <= n {
      let lengthsU = UnsafeRawPointer(toU + x).loadUnaligned(as: Lengths.self)
      let lengthsW = UnsafeRawPointer(toW + x).loadUnaligned(as: Lengths.self)
      let comesLater = isFirst ? lengthsW .> lengthsU : lengthsW .>= lengthsU
      if any((lengthsW .> reached) .& comesLater .& (lengthsU .<= limit)) {
        if (x..<x &+ Lengths.scalarCount).contains(where: isInTheWay) { return false }
      }
      x &+= Lengths.scalarCount
    }
    return !(x..<n).contains(where: isInTheWay)
  }
}
