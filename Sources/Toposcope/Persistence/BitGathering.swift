import CToposcopeProcessor

/// Brings those bits of rows together that stand for some chosen vertices.
struct BitGathering {
  private let words: Int
  /// The words of a row in which there are chosen vertices, the bits that stand for them, and how many come before.
  private let places: Memory<Int32>
  private let masks: Memory<UInt64>
  private let offsets: Memory<Int32>
  private var placeCount = 0

  /// - Parameter words: of a row
  init(_ words: Int) throws(ToposcopeError) {
    self.words = words
    places = try Memory(words)
    masks = try Memory(words)
    offsets = try Memory(words)
  }

  /// Chooses the vertices that the bits of a row stand for, and lists them; returns how many there are.
  mutating func list(_ bits: UnsafeMutablePointer<UInt64>, _ vertices: UnsafeMutablePointer<Int32>) -> Int {
    var (count, used) = (0, 0)
    for k in 0..<words where bits[k] != 0 {
      places.base[used] = Int32(truncatingIfNeeded: k)
      masks.base[used] = bits[k]
      offsets.base[used] = Int32(truncatingIfNeeded: count)
      used &+= 1
      var rest = bits[k]
      while rest != 0 {
        vertices[count] = Int32(truncatingIfNeeded: k &* 64 &+ rest.trailingZeroBitCount)
        count &+= 1
        rest &= rest &- 1
      }
    }
    placeCount = used
    return count
  }

  /// Writes the rows of the listed vertices, only with the bits of the chosen ones, which follow one another.
  func gather(
    _ graph: BitRows, _ vertices: UnsafePointer<Int32>, count: Int, to out: UnsafeMutablePointer<UInt64>, wordsEach: Int
  ) {
    KernelSet.best.gatherBits(
      graph.row(0), graph.wordsPerRow, vertices, count, places.base, masks.base, offsets.base, placeCount, out,
      wordsEach)
  }
}
