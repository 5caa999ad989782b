#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that a computation is going to take, added up before any of them is.
struct MemoryEstimate {
  private(set) var bytes = 0.0

  mutating func add(_ count: Int, bytesEach: Double) { bytes += Double(count) * bytesEach }

  /// - Parameter limit: nil for what the machine has.
  /// - Throws: ``ToposcopeError/Kind/memory`` with the estimate.
  func check(limit: Int?) throws(ToposcopeError) {
    let most = limit.map { Double($0) } ?? MemoryEstimate.installed
    if bytes > most { throw ToposcopeError(.memory, value: bytes) }
  }

  /// The bytes of this machine's memory.
  private static var installed: Double {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? Double(pages) * Double(size) : .infinity
  }

  /// What the diagrams of H0 and H1 of so many edges take at most, beside the list of the edges: the lists of neighbours,
  /// their identifiers, three numbers of eight bytes an edge while they are sorted, and annotations, which take as much as
  /// all that.
  static func sparseLoops(vertices: Int, edges: Int) -> MemoryEstimate {
    var estimate = MemoryEstimate()
    estimate.add(1, bytesEach: 2 * NeighborhoodLists.bytes(vertices: vertices, edges: edges))
    estimate.add(edges, bytesEach: 60)
    estimate.add(vertices, bytesEach: 128)
    return estimate
  }

  /// What the diagrams of H0 and H1 of `n` points take at most, without the distances: two bit rows a point, and two bands
  /// of edges, of at most a sixteenth of all pairs each where there are many; with several threads one more of both, and
  /// what is known of the links of up to three bands.
  ///
  /// - Parameter listed: the number of edges where they come from a list, all at once; nil for all pairs
  static func loops(_ n: Int, listed: Int? = nil, threads: Int) -> MemoryEstimate {
    var estimate = MemoryEstimate()
    estimate.add(BitRows.bytes(n), bytesEach: threads > 1 ? 3 : 2)
    if let listed {
      estimate.add(listed, bytesEach: threads > 1 ? 32 : 24)
    } else {
      estimate.add(max(n * n / 32, min(n * n / 2, 1 << 17)), bytesEach: threads > 1 ? 32 : 16)
    }
    estimate.add(n, bytesEach: 128)
    return estimate
  }
}
