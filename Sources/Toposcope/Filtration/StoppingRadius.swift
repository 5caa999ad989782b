/// The length of the longest edge of the relative neighbourhood graph that is longer than `reached`; `reached` itself
/// where there is none.
///
/// An edge (u, v) belongs to that graph if no z has max(d(u, z), d(v, z)) < d(u, v). Only such an edge can lack common
/// neighbours when it is added, and only an edge without them can join components or bear a class of H1. So when nothing
/// is alive, no longer edge matters. The inequality is strict: ties may only make the answer larger.
///
/// Pairs are tested against the nearest neighbours of their ends first, a row of pairs at a time; few are left for a look
/// at all points. See Koyama, Memoli, Robins and Turner (2023) on lunes and the reduced Vietoris-Rips filtration.
struct StoppingRadius {
  private let distances: DistanceMatrix
  private let nearest: NearestNeighbors
  private let reached: Float

  /// - Parameter nearest: For every vertex some of its neighbours, at distances of at most `reached`.
  init(_ distances: DistanceMatrix, nearest: NearestNeighbors, reached: Float) {
    self.distances = distances
    self.nearest = nearest
    self.reached = reached
  }

  func longest(threads: Int, progress: Progress) throws(ToposcopeError) -> Float {
    let n = distances.count
    let rowsPerChunk = 16
    let chunks = (n + rowsPerChunk - 1) / rowsPerChunk
    let found = try Memory<Float>(max(1, chunks))
    try Threads.forEach(chunks: chunks, threads: threads, progress: progress) { chunk in
      var longest = reached
      for u in (chunk * rowsPerChunk)..<min(n, (chunk + 1) * rowsPerChunk) { scan(u, &longest) }
      found.base[chunk] = longest
    }
    var longest = reached
    for chunk in 0..<chunks { longest = max(longest, found.base[chunk]) }
    return longest
  }

  /// Raises `longest` to that of the pairs (u, v) with v > u.
  private func scan(_ u: Int, _ longest: inout Float) {
    let n = distances.count
    let row = distances.entries + u * n
    let near = nearest[u]
    var v = u + 1
    if !near.isEmpty {
      let lengths = LengthBits(row)
      let a = LengthBits(neighborRow(near, 0)), b = LengthBits(neighborRow(near, 1))
      let c = LengthBits(neighborRow(near, 2)), d = LengthBits(neighborRow(near, 3))
      while v &+ LengthBits.lanes <= n {
        let x = lengths[vector: v]
        // Negative where one of the four is nearer to v than u is.
        let settled = (a[vector: v] &- x) | (b[vector: v] &- x) | (c[vector: v] &- x) | (d[vector: v] &- x)
        let isLonger = LengthBits.Vector(repeating: Int32(bitPattern: longest.bitPattern)) &- x
        var open = isLonger & ~settled
        var next = 4
        while next < near.count && LengthBits.anyNegative(open) {
          let z = LengthBits(neighborRow(near, next))
          open &= ~(z[vector: v] &- x)
          next += 1
        }
        if LengthBits.anyNegative(open) {
          for lane in 0..<LengthBits.lanes where open[lane] < 0 { test(u, v + lane, row[v + lane], &longest) }
        }
        v &+= LengthBits.lanes
      }
    }
    while v < n {
      test(u, v, row[v], &longest)
      v += 1
    }
  }

  /// The distances of the i-th of some neighbours; of the last one where there are fewer.
  @inline(__always)
  private func neighborRow(_ near: UnsafeBufferPointer<Int32>, _ i: Int) -> UnsafePointer<Float> {
    distances.entries + Int(near[min(i, near.count &- 1)]) &* distances.count
  }

  /// Raises `longest` to `length` if no point lies between u and v.
  private func test(_ u: Int, _ v: Int, _ length: Float, _ longest: inout Float) {
    guard length > longest, length < .infinity else { return }
    let n = distances.count
    let (rowU, rowV) = (distances.entries + u * n, distances.entries + v * n)
    for z in nearest[v] where rowU[Int(z)] < length && rowV[Int(z)] < length { return }
    for z in 0..<n where rowU[z] < length && rowV[z] < length { return }
    longest = length
  }
}

/// The first few neighbours of every vertex, as they come in the filtration: the nearest ones.
struct NearestNeighbors {
  static let most = 16
  private let neighbors: Memory<Int32>
  private let counts: Memory<Int32>
  /// The number of neighbours that are not known yet.
  private var missing: Int

  init(vertices: Int) throws(ToposcopeError) {
    missing = vertices * NearestNeighbors.most
    neighbors = try Memory(vertices * NearestNeighbors.most)
    counts = try Memory(vertices)
  }

  subscript(vertex: Int) -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(start: neighbors.base + vertex * NearestNeighbors.most, count: Int(counts.base[vertex]))
  }

  @inline(__always)
  mutating func add(_ tail: Int32, _ head: Int32) {
    if missing == 0 { return }
    append(tail, to: Int(head))
    append(head, to: Int(tail))
  }

  @inline(__always)
  private mutating func append(_ neighbor: Int32, to vertex: Int) {
    let count = Int(counts.base[vertex])
    if count < NearestNeighbors.most {
      neighbors.base[vertex &* NearestNeighbors.most &+ count] = neighbor
      counts.base[vertex] = Int32(count + 1)
      missing &-= 1
    }
  }
}
