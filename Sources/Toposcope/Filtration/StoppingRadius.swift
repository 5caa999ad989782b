import CToposcopeProcessor
import Synchronization

/// All pairs of some points, as far as one asks about those that have not been added to a filtration.
enum LongerPairs {
  case matrix(DistanceMatrix)
  /// Points of which only the pairs up to some length are going to be added.
  case points(SortedPoints, upTo: Float)

  /// The number of points.
  var count: Int {
    switch self {
    case .matrix(let distances): distances.count
    case .points(let sorted, _): sorted.order.count
    }
  }

  /// No longer pair matters when no class is alive. All pairs up to `reached` have been added. Where it is beyond those that
  /// are going to be, it may be any length that is.
  /// - Parameter nearest: For every vertex some of its neighbours, at distances of at most `reached`.
  func stoppingRadius(
    nearest: NearestNeighbors, reached: Float, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Float {
    switch self {
    case .matrix(let distances):
      try StoppingRadius(distances, nearest: nearest, reached: reached).longest(threads: threads, progress: progress)
    case .points(let sorted, let most):
      try OpenLunes(sorted, nearest: nearest, reached: reached, most: most)
        .longest(threads: threads, progress: progress)
    }
  }
}

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
    // Lengths are in the order of their bits.
    let longest = Atomic<Int32>(Int32(bitPattern: reached.bitPattern))
    try Threads.forEach(chunks: chunks, threads: threads, progress: progress) { chunk in
      for u in (chunk * rowsPerChunk)..<min(n, (chunk + 1) * rowsPerChunk) {
        var found = Float(bitPattern: UInt32(bitPattern: longest.load(ordering: .relaxed)))
        scan(u, &found)
        longest.max(Int32(bitPattern: found.bitPattern), ordering: .relaxed)
      }
    }
    return Float(bitPattern: UInt32(bitPattern: longest.load(ordering: .relaxed)))
  }

  /// Raises `longest` to that of the pairs (u, v) with v > u.
  private func scan(_ u: Int, _ longest: inout Float) {
    let n = distances.count
    let row = distances.entries + u * n
    let near = nearest[u]
    let kernel = KernelSet.best.openPairs
    var v = u + 1
    while true {
      var open: UInt32 = 0  // where none of the near ones is nearer to v than u is
      v = kernel(
        LengthBits(distances.entries).bits, n, u, near.baseAddress, near.count, v,
        Int32(bitPattern: longest.bitPattern), &open)
      if open == 0 { break }
      while open != 0 {
        let other = v + open.trailingZeroBitCount
        open &= open - 1
        test(u, other, row[other], &longest)
      }
      v += 32
    }
    while v < n {
      test(u, v, row[v], &longest)
      v += 1
    }
  }

  /// Raises `longest` to `length` if no point lies between u and v.
  private func test(_ u: Int, _ v: Int, _ length: Float, _ longest: inout Float) {
    guard length > longest, length < .infinity else { return }
    let n = distances.count
    let (rowU, rowV) = (distances.entries + u * n, distances.entries + v * n)
    for z in nearest[v] where rowU[Int(z)] < length && rowV[Int(z)] < length { return }
    typealias Lengths = SIMD16<Float>
    var z = 0
    while z &+ Lengths.scalarCount <= n {
      let lengthsU = UnsafeRawPointer(rowU + z).loadUnaligned(as: Lengths.self)
      let lengthsV = UnsafeRawPointer(rowV + z).loadUnaligned(as: Lengths.self)
      if any((lengthsU .< length) .& (lengthsV .< length)) { return }
      z &+= Lengths.scalarCount
    }
    if (z..<n).contains(where: { rowU[$0] < length && rowV[$0] < length }) { return }
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
