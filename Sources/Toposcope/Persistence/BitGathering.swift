import CToposcopeProcessor

/// Brings those bits of rows together that stand for some chosen vertices.
struct BitGathering {
  /// The words of a row in which there are chosen vertices, the bits that stand for them, and how many come before.
  private let places: Memory<Int32>
  private let masks: Memory<UInt64>
  private let offsets: Memory<Int32>

  /// - Parameter words: of a row
  init(_ words: Int) throws(ToposcopeError) {
    places = try Memory(words)
    masks = try Memory(words)
    offsets = try Memory(words)
  }

  /// Lists the vertices that the bits of a row stand for, and writes the row of each, only with their own bits, which follow
  /// one another. Returns how many there are.
  func gather(
    _ graph: BitRows, _ bits: UnsafeMutablePointer<UInt64>, to vertices: UnsafeMutablePointer<Int32>,
    _ out: UnsafeMutablePointer<UInt64>, wordsEach: Int
  ) -> Int {
    KernelSet.best.gatherBits(
      graph.row(0), graph.wordsPerRow, bits, places.base, masks.base, offsets.base, vertices, out, wordsEach)
  }
}
