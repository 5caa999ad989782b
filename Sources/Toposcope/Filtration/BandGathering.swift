import CToposcopeProcessor
import Synchronization

/// One pass after another over the rows of a distance matrix, each of which gathers the keys of the pairs in a band of
/// lengths.
///
/// Who makes the band takes rows from the front. A thread that would only wait for it may take rows from the back, until the
/// two meet. Put one after the other, both parts are in the order of the rows.
final class BandGathering: @unchecked Sendable {
  private let distances: DistanceMatrix
  /// The rows that nobody has taken: the first of them, and in the upper half the one after the last.
  private let rows = Atomic<UInt64>(0)
  /// Whether somebody holds the back, that is what follows here. It is written to by nobody else.
  private let isBackHeld = Atomic<Bool>(false)
  private var least: Int32 = 0
  private var most: Int32 = 0
  /// What is gathered from the back lies at the end of it, from `top` on.
  private var room: Memory<UInt64>?
  private var top = 0
  /// The vertices whose pairs are left out in this pass, and in the next one.
  private var leftOut: VertexBits?
  private let leftOutNext = Mutex<VertexBits?>(nil)

  private static let rowsAtOnce = 16

  /// - Precondition: vertices fit in 16 bits.
  init(_ distances: DistanceMatrix) { self.distances = distances }

  /// Begins a pass.
  /// - Parameters:
  ///   - least: The bits of the length after which the band begins.
  ///   - most: The bits of its last length.
  ///   - room: Room for what is gathered from the back.
  func begin(after least: Int32, upTo most: Int32, room: Memory<UInt64>) {
    holdBack()
    (self.least, self.most, self.room, top) = (least, most, room, room.count)
    leftOut = leftOutNext.withLock { $0 }
    rows.store(UInt64(max(0, distances.count - 1)) << 32, ordering: .releasing)
    letGo()
  }

  /// The next rows from the front; nil when all have been taken.
  func next() -> Range<Int>? {
    take { left in
      let taken = left.prefix(BandGathering.rowsAtOnce)
      return (taken, taken.upperBound..<left.upperBound)
    }
  }

  /// Gathers some rows from the back, if a pass has any left. Returns whether there was anything to do.
  func help() -> Bool {
    guard tryToHoldBack() else { return false }
    defer { letGo() }
    guard let room else { return false }
    let taken = take { left in
      let taken = left.suffix(BandGathering.rowsAtOnce)
      guard taken.count * (distances.count - taken.lowerBound) <= top else { return nil }
      return (taken, left.lowerBound..<taken.lowerBound)
    }
    guard let taken else { return false }
    for i in taken.reversed() {
      let keys = room.base + (top - (distances.count - i))
      let count = gather(i, into: keys)
      top -= count
      (room.base + top).update(from: keys, count: count)
    }
    return true
  }

  /// Ends the pass. Returns what was gathered from the back, which is valid as long as the room is.
  func end() -> UnsafeBufferPointer<UInt64> {
    _ = rows.exchange(0, ordering: .acquiringAndReleasing)
    holdBack()
    defer { letGo() }
    guard let room else { return UnsafeBufferPointer(start: nil, count: 0) }
    self.room = nil
    return UnsafeBufferPointer(start: room.base + top, count: room.count - top)
  }

  /// Leaves out the pairs of some vertices from the next pass on. The bits do not change any more.
  func leaveOut(_ vertices: VertexBits) { leftOutNext.withLock { $0 = vertices } }

  /// Writes the keys of the pairs of row `i` above the diagonal; returns their number. There is room for one more than there
  /// are pairs.
  func gather(_ i: Int, into keys: UnsafeMutablePointer<UInt64>) -> Int {
    if let leftOut, leftOut[i] { return 0 }
    let (n, row) = (distances.count, LengthBits(distances.entries + i * distances.count))
    let count = KernelSet.best.keys(row.bits, i + 1, n, least, most, UInt64(i) << 16, keys)
    guard let leftOut else { return count }
    var kept = 0
    for k in 0..<count {
      keys[kept] = keys[k]
      kept &+= leftOut[Int(truncatingIfNeeded: keys[k] & 0xFFFF)] ? 0 : 1
    }
    return kept
  }

  /// Takes some of the rows that are left: `part` says which, and which are left then. Nil where it takes none.
  private func take(_ part: (Range<Int>) -> (taken: Range<Int>, left: Range<Int>)?) -> Range<Int>? {
    var before = rows.load(ordering: .acquiring)
    while true {
      guard let (taken, left) = part(Int(before & 0xFFFF_FFFF)..<Int(before >> 32)), !taken.isEmpty else { return nil }
      let after = UInt64(left.upperBound) << 32 | UInt64(left.lowerBound)
      let result = rows.compareExchange(expected: before, desired: after, ordering: .acquiringAndReleasing)
      if result.exchanged { return taken }
      before = result.original
    }
  }

  private func tryToHoldBack() -> Bool {
    isBackHeld.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  private func holdBack() { while !tryToHoldBack() { Threads.pause() } }

  private func letGo() { isBackHeld.store(false, ordering: .releasing) }
}
