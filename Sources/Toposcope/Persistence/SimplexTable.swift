import CToposcopeProcessor

/// A map from 64-bit keys of simplices to 32-bit numbers: open addressing, linear probing, at most two thirds
/// full.
///
/// Keys are remembered for good: there is no removal, so no tombstones either.
struct SimplexTable {
  /// A key and its number; `vacant` marks a free slot. Halves of keys, so that a slot takes 12 bytes, not 16.
  private struct Slot: BitwiseCopyable {
    private let low: UInt32
    private let high: UInt32
    var value: UInt32

    @inline(__always)
    init(key: UInt64, value: UInt32) {
      low = UInt32(truncatingIfNeeded: key)
      high = UInt32(truncatingIfNeeded: key >> 32)
      self.value = value
    }

    @inline(__always)
    var key: UInt64 { UInt64(high) << 32 | UInt64(low) }
  }

  /// No simplex has this key: its longest edge would have the rank that stands for "no edge".
  private static let vacant = UInt64.max

  private var memory: Memory<Slot>
  /// Heard while many keys are put into a larger table.
  private let progress: Progress
  private var shift: UInt64
  private(set) var count = 0
  private var capacity: Int { 1 &<< (64 &- Int(shift)) }

  /// The bytes it holds.
  var byteCount: Int { capacity * MemoryLayout<Slot>.stride }

  private static let slotsAtOnce = 1 << 16

  init(_ progress: Progress) throws(ToposcopeError) {
    self.progress = progress
    shift = 64 - 8
    memory = try SimplexTable.slots(1 << 8, progress)
  }

  private static func slots(_ count: Int, _ progress: Progress) throws(ToposcopeError) -> Memory<Slot> {
    let slots = try Memory<Slot>(count)
    for start in stride(from: 0, to: count, by: slotsAtOnce) {
      try progress.report()
      (slots.base + start).update(repeating: Slot(key: vacant, value: 0), count: min(slotsAtOnce, count - start))
    }
    return slots
  }

  /// Fibonacci hashing after a fold: the low bits of a key (vertices) and the high ones (ranks) both count.
  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    let mixed = (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> shift)
  }

  /// The number kept under a key, if there is one.
  @inline(__always)
  func value(of key: UInt64) -> UInt32? {
    let (slots, mask) = (memory.base, capacity &- 1)
    var i = home(key)
    while true {
      let slot = slots[i]
      if slot.key == key { return slot.value }
      if slot.key == SimplexTable.vacant { return nil }
      i = (i &+ 1) & mask
    }
  }

  /// Brings near where a key would be.
  @inline(__always)
  func fetch(_ key: UInt64) { toposcope_fetch(memory.base + home(key)) }

  /// Keeps a number under a key, in place of any that was there.
  @inline(__always)
  mutating func set(_ key: UInt64, _ value: UInt32) throws(ToposcopeError) {
    if 3 &* count >= 2 &* capacity { try grow() }
    let (slots, mask) = (memory.base, capacity &- 1)
    var i = home(key)
    while slots[i].key != SimplexTable.vacant {
      if slots[i].key == key {
        slots[i].value = value
        return
      }
      i = (i &+ 1) & mask
    }
    slots[i] = Slot(key: key, value: value)
    count &+= 1
  }

  /// The number of a key, numbering keys 0, 1, 2, ... in the order in which they are first asked for.
  mutating func number(of key: UInt64) throws(ToposcopeError) -> UInt32 {
    if let known = value(of: key) { return known }
    let fresh = UInt32(count)
    try set(key, fresh)
    return fresh
  }

  private mutating func grow() throws(ToposcopeError) {
    let (old, oldCapacity) = (memory, capacity)
    memory = try SimplexTable.slots(2 * oldCapacity, progress)
    shift &-= 1
    let (slots, mask) = (memory.base, capacity &- 1)
    for start in stride(from: 0, to: oldCapacity, by: SimplexTable.slotsAtOnce) {
      try progress.report()
      for j in start..<min(start + SimplexTable.slotsAtOnce, oldCapacity)
      where old.base[j].key != SimplexTable.vacant {
        var i = home(old.base[j].key)
        while slots[i].key != SimplexTable.vacant { i = (i &+ 1) & mask }
        slots[i] = old.base[j]
      }
    }
  }
}
