/// A map from 64-bit keys of simplices to 32-bit numbers: open addressing, linear probing, at most half full.
///
/// Keys are remembered for good: there is no removal, so no tombstones either.
struct SimplexTable: ~Copyable {
  /// A key and its number; `vacant` marks a free slot.
  private struct Slot {
    var key: UInt64
    var value: UInt32
  }

  /// No simplex has this key: its longest edge would have the rank that stands for "no edge".
  private static let vacant = UInt64.max

  private var slots: UnsafeMutablePointer<Slot>
  private var shift: UInt64
  private(set) var count = 0
  private var capacity: Int { 1 << (64 - Int(shift)) }

  /// The bytes it holds.
  var byteCount: Int { capacity * MemoryLayout<Slot>.stride }

  init() {
    shift = 64 - 8
    slots = .allocate(capacity: 1 << 8)
    slots.initialize(repeating: Slot(key: SimplexTable.vacant, value: 0), count: 1 << 8)
  }

  deinit { slots.deallocate() }

  /// Fibonacci hashing after a fold: the low bits of a key (vertices) and the high ones (ranks) both count.
  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    let mixed = (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> shift)
  }

  /// The number kept under a key, if there is one.
  @inline(__always)
  func value(of key: UInt64) -> UInt32? {
    let mask = capacity &- 1
    var i = home(key)
    while true {
      let slot = slots[i]
      if slot.key == key { return slot.value }
      if slot.key == SimplexTable.vacant { return nil }
      i = (i &+ 1) & mask
    }
  }

  /// Keeps a number under a key, in place of any that was there.
  @inline(__always)
  mutating func set(_ key: UInt64, _ value: UInt32) {
    if 2 &* count >= capacity { grow() }
    let mask = capacity &- 1
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
  mutating func number(of key: UInt64) -> UInt32 {
    if let known = value(of: key) { return known }
    let fresh = UInt32(count)
    set(key, fresh)
    return fresh
  }

  private mutating func grow() {
    let old = slots
    let oldCapacity = capacity
    shift &-= 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(key: SimplexTable.vacant, value: 0), count: capacity)
    let mask = capacity &- 1
    for j in 0..<oldCapacity where old[j].key != SimplexTable.vacant {
      var i = home(old[j].key)
      while slots[i].key != SimplexTable.vacant { i = (i &+ 1) & mask }
      slots[i] = old[j]
    }
    old.deallocate()
  }
}
