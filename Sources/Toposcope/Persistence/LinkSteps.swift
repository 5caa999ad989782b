/// A graph on a few vertices: closed rows of bits, that is, every vertex counts as its own neighbour.
struct LinkRows {
  let count: Int
  let words: Int
  var bits: [UInt64]

  init(_ count: Int) {
    self.count = count
    words = (count + 63) / 64
    bits = Array(repeating: 0, count: count * words)
    for x in 0..<count { join(x, x) }
  }

  mutating func join(_ x: Int, _ y: Int) {
    bits[x &* words &+ y >> 6] |= 1 << UInt64(y & 63)
    bits[y &* words &+ x >> 6] |= 1 << UInt64(x & 63)
  }

  mutating func part(_ x: Int, _ y: Int) {
    bits[x &* words &+ y >> 6] &= ~(1 << UInt64(y & 63))
    bits[y &* words &+ x >> 6] &= ~(1 << UInt64(x & 63))
  }

  func contains(_ x: Int, _ y: Int) -> Bool { bits[x * words + y >> 6] >> UInt64(y & 63) & 1 != 0 }
}

/// Finds the steps in which the flag complex of a graph is taken apart: see ``Link``.
struct LinkSteps {
  /// A vertex (x = y) or an edge that is taken out.
  ///
  /// A vertex is named by 16 bits, which do for every graph that has rows of bits: see ``FiltrationInput``.
  struct Step: BitwiseCopyable {
    private let first: UInt16
    private let second: UInt16
    private let dominating: UInt16
    /// Whether it leaves no critical simplex that matters.
    let isFree: Bool

    init(_ x: Int, _ y: Int, dominator: Int? = nil, isFree: Bool = true) {
      (first, second) = (UInt16(truncatingIfNeeded: x), UInt16(truncatingIfNeeded: y))
      dominating = UInt16(truncatingIfNeeded: dominator ?? x)
      self.isFree = isFree
    }

    var x: Int { Int(first) }
    var y: Int { Int(second) }
    /// A vertex that dominates x; nil where there is none, or it was not looked for.
    var dominator: Int? { dominating == first ? nil : Int(dominating) }
  }

  private(set) var steps: [Step] = []
  private var rows: LinkRows
  private let limit: Int
  private let progress: Progress
  private var alive: [UInt64]
  private var words: Int { rows.words }

  init(_ rows: LinkRows, limit: Int, _ progress: Progress) {
    self.rows = rows
    self.limit = limit
    self.progress = progress
    alive = Array(repeating: 0, count: rows.words)
    for x in 0..<rows.count { alive[x >> 6] |= 1 << UInt64(x & 63) }
  }

  /// First what leaves the homology as it is in all dimensions that are seen; then what leaves no critical simplex but
  /// may open a hole of the greatest of them; and only then what leaves one.
  ///
  /// - Parameter isDense: Whether growing is tried before any domination. It is wherever a growth has shown that a step
  ///   is free, so that it is found again.
  mutating func takeApart(isDense: Bool) throws(ToposcopeError) {
    if isDense && grow() { return }
    while true {
      try removeDominated()
      if grow() { return }
      if try takeVertices(limit) { continue }
      if try takeEdges(limit - 1, atMost: .max) { continue }
      if limit > 1 {
        if try takeVertices(limit - 1) { continue }
        if try takeEdges(limit - 2, atMost: 1) { continue }
      }
      takeCritical()
    }
  }

  private var left: [Int] {
    var found: [Int] = []
    for k in 0..<words {
      var rest = alive[k]
      while rest != 0 {
        found.append(k &* 64 &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
    return found
  }

  private func isAlive(_ x: Int) -> Bool { alive[x >> 6] >> UInt64(x & 63) & 1 != 0 }

  private mutating func take(_ x: Int, dominator: Int? = nil, isFree: Bool = true) {
    alive[x >> 6] &= ~(1 << UInt64(x & 63))
    steps.append(Step(x, x, dominator: dominator, isFree: isFree))
  }

  private mutating func take(_ x: Int, _ y: Int, isFree: Bool = true) {
    rows.part(x, y)
    steps.append(Step(x, y, isFree: isFree))
  }

  /// Takes out all of what is left, if its vertices can be put in again one by one without a critical simplex.
  private mutating func grow() -> Bool {
    let order = rows.bits.withUnsafeBufferPointer { bits in
      alive.withUnsafeBufferPointer { LinkGrowth(bits.baseAddress!, words).order($0.baseAddress!, limit) }
    }
    guard let order else { return false }
    for x in order.reversed() { take(Int(x)) }
    return true
  }

  private mutating func removeDominated() throws(ToposcopeError) {
    var changed = true
    while changed {
      changed = false
      try progress.report()
      for y in left where isAlive(y) {
        var dominated = (0..<words).map { alive[$0] & rows.bits[y * words + $0] }
        dominated[y >> 6] &= ~(1 << UInt64(y & 63))
        var any: UInt64 = 1
        for k in 0..<words where any != 0 {
          var missing = alive[k] & ~rows.bits[y * words + k]
          while missing != 0 && any != 0 {
            let z = k &* 64 &+ missing.trailingZeroBitCount
            missing &= missing &- 1
            any = 0
            for j in 0..<words {
              dominated[j] &= ~rows.bits[z * words + j]
              any |= dominated[j]
            }
          }
        }
        if any == 0 { continue }
        for k in 0..<words {
          while dominated[k] != 0 {
            let x = k &* 64 &+ dominated[k].trailingZeroBitCount
            dominated[k] &= dominated[k] &- 1
            take(x, dominator: y)
            changed = true
          }
        }
      }
    }
  }

  /// Whether the link of an edge or a vertex (x = y) in what is left has a matching without critical simplices of so many
  /// vertices.
  private func isFree(_ x: Int, _ y: Int, _ limit: Int) -> Bool {
    var set = (0..<words).map { alive[$0] & rows.bits[x * words + $0] & rows.bits[y * words + $0] }
    set[x >> 6] &= ~(1 << UInt64(x & 63))
    set[y >> 6] &= ~(1 << UInt64(y & 63))
    return rows.bits.withUnsafeBufferPointer { bits in
      set.withUnsafeBufferPointer { LinkGrowth(bits.baseAddress!, words).isFree($0.baseAddress!, limit) }
    }
  }

  private mutating func takeVertices(_ limit: Int) throws(ToposcopeError) -> Bool {
    var found = false
    for x in left {
      try progress.report()
      if !isFree(x, x, limit) { continue }
      take(x)
      found = true
    }
    return found
  }

  private mutating func takeEdges(_ limit: Int, atMost count: Int) throws(ToposcopeError) -> Bool {
    var found = 0
    let left = left
    for (i, x) in left.enumerated() {
      try progress.report()
      for y in left[..<i] where rows.contains(x, y) && isFree(x, y, limit) {
        take(x, y)
        found += 1
        if found == count { return true }
      }
    }
    return found > 0
  }

  /// Takes a vertex without neighbours, or an edge that is no bridge, so that no component is cut in two.
  private mutating func takeCritical() {
    let left = left
    for x in left where !left.contains(where: { $0 != x && rows.contains($0, x) }) {
      return take(x, isFree: false)
    }
    var best: (fewest: Int, x: Int, y: Int) = (.max, 0, 0)
    for (i, x) in left.enumerated() {
      for y in left[..<i] where rows.contains(x, y) {
        var count = 0
        for k in 0..<words { count += (alive[k] & rows.bits[x * words + k] & rows.bits[y * words + k]).nonzeroBitCount }
        if count < best.fewest && (count > 2 || !isBridge(x, y)) { best = (count, x, y) }
      }
    }
    take(best.x, best.y, isFree: false)
  }

  /// Whether an edge without common neighbours is the only way between its ends.
  private func isBridge(_ x: Int, _ y: Int) -> Bool {
    var reached = [x]
    var seen = Set([x])
    while let z = reached.popLast() {
      for w in left where !seen.contains(w) && rows.contains(z, w) && !(z == x && w == y) {
        if w == y { return false }
        seen.insert(w)
        reached.append(w)
      }
    }
    return true
  }
}

/// Puts the vertices of parts of a graph together one by one.
struct LinkGrowth {
  private let rows: UnsafePointer<UInt64>
  private let words: Int
  /// Bits of the greatest number of neighbours.
  private let planeCount: Int

  init(_ rows: UnsafePointer<UInt64>, _ words: Int) {
    self.rows = rows
    self.words = words
    planeCount = Int.bitWidth - (64 * words).leadingZeroBitCount
  }

  /// Whether a matching of the flag complex on some vertices is found at once that has no critical simplex with at most
  /// `limit` vertices, the empty one included.
  func isFree(_ set: UnsafePointer<UInt64>, _ limit: Int) -> Bool {
    if limit <= 0 { return (0..<words).contains { set[$0] != 0 } }
    return limit == 1 ? isConnected(set) : grow(set, limit, nil)
  }

  /// The vertices in an order in which each but the first has a free link among those before it.
  func order(_ set: UnsafePointer<UInt64>, _ limit: Int) -> [Int32]? {
    let count = (0..<words).reduce(0) { $0 + set[$1].nonzeroBitCount }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { order in
      grow(set, max(limit, 1), order.baseAddress!) ? Array(UnsafeBufferPointer(rebasing: order[..<count])) : nil
    }
  }

  private func isConnected(_ set: UnsafePointer<UInt64>) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * words) { memory in
      let (left, frontier) = (memory.baseAddress!, memory.baseAddress! + words)
      var any = false
      for k in 0..<words {
        left[k] = set[k]
        frontier[k] = 0
        if !any && set[k] != 0 {
          frontier[k] = set[k] & (0 &- set[k])
          left[k] &= ~frontier[k]
          any = true
        }
      }
      guard any else { return false }
      while true {
        var rest: UInt64 = 0
        for k in 0..<words { rest |= left[k] }
        if rest == 0 { return true }
        guard let x = takeFirst(frontier) else { return false }
        let row = rows + x &* words
        for k in 0..<words {
          let new = row[k] & left[k]
          frontier[k] |= new
          left[k] &= ~new
        }
      }
    }
  }

  private func takeFirst(_ set: UnsafeMutablePointer<UInt64>) -> Int? {
    for k in 0..<words where set[k] != 0 {
      let bit = set[k].trailingZeroBitCount
      set[k] &= set[k] &- 1
      return k &* 64 &+ bit
    }
    return nil
  }

  /// Places the vertices by maximum cardinality search (Tarjan and Yannakakis 1984), from one with most neighbours on.
  /// Where no order is wanted, a cone is known by its apex.
  private func grow(_ set: UnsafePointer<UInt64>, _ limit: Int, _ order: UnsafeMutablePointer<Int32>?) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: (4 + planeCount) * words) { memory in
      let left = memory.baseAddress!
      let (done, below, carry, planes) = (left + words, left + 2 * words, left + 3 * words, left + 4 * words)
      var (most, first, count) = (0, -1, 0)
      for k in 0..<words {
        left[k] = set[k]
        done[k] = 0
        var rest = set[k]
        count &+= rest.nonzeroBitCount
        while rest != 0 {
          let x = k &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          var degree = 0
          for j in 0..<words { degree &+= (rows[x &* words &+ j] & set[j]).nonzeroBitCount }
          if degree > most { (most, first) = (degree, x) }
        }
      }
      guard first >= 0 else { return false }
      if order == nil && most == count { return true }
      var placed = 0
      for k in 0..<planeCount &* words { planes[k] = 0 }
      var x = first
      while true {
        let row = rows + x &* words
        if x != first {
          for k in 0..<words { below[k] = row[k] & done[k] }
          if !isFree(below, limit - 1) { return false }
        }
        order?[placed] = Int32(x)
        placed &+= 1
        done[x >> 6] |= 1 &<< UInt64(x & 63)
        left[x >> 6] &= ~(1 &<< UInt64(x & 63))
        var any: UInt64 = 0
        for k in 0..<words {
          carry[k] = row[k]
          any |= left[k]
        }
        if any == 0 { return true }
        for p in 0..<planeCount {
          let plane = planes + p &* words
          for k in 0..<words {
            let sum = plane[k] ^ carry[k]
            carry[k] &= plane[k]
            plane[k] = sum
          }
        }
        for k in 0..<words { carry[k] = left[k] }
        var p = planeCount
        while p > 0 {
          p &-= 1
          let plane = planes + p &* words
          var some: UInt64 = 0
          for k in 0..<words { some |= carry[k] & plane[k] }
          if some != 0 { for k in 0..<words { carry[k] &= plane[k] } }
        }
        x = takeFirst(carry)!
      }
    }
  }
}
