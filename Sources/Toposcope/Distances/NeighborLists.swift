import Synchronization

/// For every point of a cloud its nearest others, the nearer first, equally near ones by number; and its farthest.
///
/// One pass over all pairs, tile by tile, or over those of near blocks of a tree. Which neighbours are kept does not depend on
/// the order of the tiles.
final class NeighborLists {
  /// Neighbours of a point: fewer only where so many are not at a finite distance.
  let most: Int
  private let count: Int
  /// The points in the order in which their lists stand; nil for that of their numbers.
  private let order: [Int32]?
  /// The bits of the distance, then the number of the neighbour: they sort as the edges do. Unused places are last.
  private let keys: Memory<UInt64>
  /// The greatest distance of each point, and the greatest finite one, as bits.
  private let farthest: Memory<Int32>
  private let farthestFinite: Memory<Int32>

  private static let none = UInt64.max
  private static let infinity = Int32(bitPattern: Float.infinity.bitPattern)

  static func bytes(most: Int) -> Int { 8 * most + 8 }

  init(_ tiles: DistanceTiles, most: Int, threads: Int, progress: Progress) throws(ToposcopeError) {
    count = tiles.points.count
    order = nil
    self.most = max(1, min(most, count - 1))
    keys = try Self.empty(count * self.most, threads: threads, progress: progress)
    farthest = try Memory(count)
    farthestFinite = try Memory(count)
    // Rows and columns of a tile begin at multiples of sixteen; columns never come before rows, so nobody waits for ever.
    let locks = Locks((count + 15) / 16)
    try tiles.forEach(threads: threads, progress: progress) { tile in
      locks.with(tile.rows.lowerBound / 16) {
        if tile.isDiagonal { return self.add(tile) }
        locks.with(tile.columns.lowerBound / 16) { self.add(tile) }
      }
    }
  }

  /// The same from the pairs of blocks that may bring a neighbour, without the farthest points.
  init(_ sorted: SortedPoints, most: Int, threads: Int, progress: Progress) throws(ToposcopeError) {
    let (order, tree, points) = (sorted.order, sorted.tree, sorted.rows.points)
    count = order.count
    self.order = order
    self.most = max(1, min(most, count - 1))
    (farthest, farthestFinite) = (try Memory(0), try Memory(0))
    keys = try Self.empty(count * self.most, threads: threads, progress: progress)
    try progress.report(0, of: count)
    let limits = try PanelLimits(order)
    let locks = Locks(count / tree.tilePoints + 1)
    try sorted.rows.tiles.forEach(
      in: tree, isNearFirst: true, threads: threads, progress: progress,
      isWanted: { a, b in limits.mayBeNear(a, b, tree, points) }
    ) { tile, _ in
      let (rows, columns) = (tile.rows.lowerBound / tree.tilePoints, tile.columns.lowerBound / tree.tilePoints)
      locks.with(rows) {
        if rows == columns { return self.add(tile, order, limits) }
        locks.with(columns) { self.add(tile, order, limits) }
      }
    }
  }

  private static func empty(
    _ places: Int, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> Memory<UInt64> {
    let (keys, batch) = (try Memory<UInt64>(places, isZeroed: false), 1 << 18)  // a large page each
    try Threads.forEach(
      chunks: (places + batch - 1) / batch, threads: Threads.resolve(threads), progress: progress
    ) { chunk in
      (keys.base + chunk * batch).update(repeating: Self.none, count: min(batch, places - chunk * batch))
    }
    return keys
  }

  private func add(_ tile: DistanceTile, _ order: [Int32], _ limits: PanelLimits) {
    let most = max(limits.greatest(of: tile.rows), limits.greatest(of: tile.columns))
    tile.forEachPair(upTo: Int32(truncatingIfNeeded: min(most >> 32, UInt64(Self.infinity)))) { i, j, length in
      let length = Int32(bitPattern: length.bitPattern)
      insert(length, Int(order[j]), into: i)
      insert(length, Int(order[i]), into: j)
    }
    setLimits(limits, of: tile.rows)
    if !tile.isDiagonal { setLimits(limits, of: tile.columns) }
  }

  private func setLimits(_ limits: PanelLimits, of points: Range<Int>) {
    for start in stride(from: points.lowerBound, to: points.upperBound, by: 16) {
      var greatest: UInt64 = 0
      for place in start..<min(start + 16, count) { greatest = max(greatest, keys.base[(place &+ 1) &* most &- 1]) }
      limits.set(start / 16, greatest)
    }
  }

  private func add(_ tile: DistanceTile) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * tile.columns.count) { buffer in
      let limits = buffer.baseAddress!
      let greatest = limits + tile.columns.count
      for j in tile.columns {
        limits[j - tile.columns.lowerBound] = limit(j, from: tile.rows.lowerBound)
        greatest[j - tile.columns.lowerBound] = 0
      }
      for i in tile.rows {
        let columns = tile.partners(ofRow: i)
        if columns.isEmpty { break }
        let lengths = LengthBits(tile.place(i, columns.lowerBound)).bits
        let offset = columns.lowerBound - tile.columns.lowerBound
        let (greatestOfRow, isAnyNear) = scanLengths(
          lengths, columns.count, limit(i, from: columns.lowerBound), limits + offset, greatest + offset)
        reach(i, greatestOfRow, lengths, columns.count, stride: 1)
        if !isAnyNear { continue }
        var limitOfRow = limit(i, from: columns.lowerBound)
        for start in stride(from: 0, to: columns.count, by: 8) {
          let end = min(start &+ 8, columns.count)
          if end &- start == 8 && !isAnyBelow(lengths + start, limitOfRow, limits + offset + start) { continue }
          for k in start..<end {
            let (j, length) = (columns.lowerBound + k, lengths[k])
            if length < limitOfRow {
              insert(length, j, into: i)
              limitOfRow = limit(i, from: columns.lowerBound)
            }
            if length < limits[offset + k] {
              insert(length, i, into: j)
              limits[offset + k] = limit(j, from: tile.rows.lowerBound)
            }
          }
        }
      }
      for j in tile.columns {
        reach(
          j, greatest[j - tile.columns.lowerBound], LengthBits(tile.place(tile.rows.lowerBound, j)).bits,
          tile.isDiagonal ? j - tile.rows.lowerBound : tile.rows.count, stride: tile.stride)
      }
    }
  }

  /// Tells a point how far some others are at most.
  @inline(__always)
  private func reach(_ point: Int, _ greatest: Int32, _ lengths: UnsafePointer<Int32>, _ count: Int, stride: Int) {
    farthest.base[point] = max(farthest.base[point], greatest)
    if greatest < Self.infinity {
      farthestFinite.base[point] = max(farthestFinite.base[point], greatest)
    } else {
      for k in 0..<count where lengths[k * stride] < Self.infinity {
        farthestFinite.base[point] = max(farthestFinite.base[point], lengths[k * stride])
      }
    }
  }

  /// Only lengths below this can bring a neighbour of a number of at least `first` into the list.
  @inline(__always)
  private func limit(_ point: Int, from first: Int) -> Int32 {
    let last = keys.base[(point &+ 1) &* most &- 1]
    if last == Self.none { return Self.infinity }
    let length = Int32(truncatingIfNeeded: last &>> 32)
    return first <= Int(UInt32(truncatingIfNeeded: last)) ? length &+ 1 : length
  }

  private func insert(_ length: Int32, _ neighbor: Int, into point: Int) {
    let key = UInt64(UInt32(bitPattern: length)) << 32 | UInt64(neighbor)
    let list = keys.base + point &* most
    var place = most &- 1
    if key >= list[place] { return }
    while place > 0 && list[place &- 1] > key {
      list[place] = list[place &- 1]
      place &-= 1
    }
    list[place] = key
  }

  /// The point whose list stands at a place.
  @inline(__always)
  func point(at place: Int) -> Int32 { order.map { $0[place] } ?? Int32(truncatingIfNeeded: place) }

  /// The edge to the i-th neighbour of the point at a place, if there is one.
  @inline(__always)
  func edge(at place: Int, _ i: Int) -> FiltrationEdge? {
    if i >= most { return nil }
    let key = keys.base[place &* most &+ i]
    if key == Self.none { return nil }
    let (point, other) = (self.point(at: place), Int32(truncatingIfNeeded: key))
    return FiltrationEdge(
      length: Float(bitPattern: UInt32(truncatingIfNeeded: key &>> 32)), tail: min(point, other),
      head: max(point, other))
  }

  /// An edge that comes before all those of a point that are not kept: the last that is. Nil where all are kept.
  func last(at place: Int) -> FiltrationEdge? { most < count - 1 ? edge(at: place, most &- 1) : nil }

  /// min over x of max over y of d(x, y), and the greatest finite distance.
  var extent: (enclosingRadius: Float, longest: Float) {
    var (enclosing, longest) = (Self.infinity, Int32(0))
    for i in 0..<count {
      enclosing = min(enclosing, farthest.base[i])
      longest = max(longest, farthestFinite.base[i])
    }
    return (Float(bitPattern: UInt32(enclosing)), Float(bitPattern: UInt32(longest)))
  }
}

/// Looks through a row of lengths, which are given as the bits of floats that are never negative.
///
/// Raises `greatest[j]` to the j-th length, and returns the greatest of all, and whether any is less than the limit of the
/// row or than its own.
private func scanLengths(
  _ lengths: UnsafePointer<Int32>, _ count: Int, _ limit: Int32, _ limits: UnsafePointer<Int32>,
  _ greatest: UnsafeMutablePointer<Int32>
) -> (greatest: Int32, isAnyBelow: Bool) {
  typealias Lanes = SIMD8<Int32>
  var most = Lanes.zero
  var below = Lanes.zero  // negative where a length is
  let rowLimit = Lanes(repeating: limit)
  var j = 0
  while j &+ 8 <= count {
    let x = UnsafeRawPointer(lengths + j).loadUnaligned(as: Lanes.self)
    let own = UnsafeRawPointer(greatest + j).loadUnaligned(as: Lanes.self)
    most = most.replacing(with: x, where: x .> most)
    UnsafeMutableRawPointer(greatest + j).storeBytes(of: own.replacing(with: x, where: x .> own), as: Lanes.self)
    below |= (x &- rowLimit) | (x &- UnsafeRawPointer(limits + j).loadUnaligned(as: Lanes.self))
    j &+= 8
  }
  var (greatestOfRow, belowOfRow) = (Int32(0), Int32(0))
  for lane in 0..<8 {
    greatestOfRow = max(greatestOfRow, most[lane])
    belowOfRow |= below[lane]
  }
  while j < count {
    greatestOfRow = max(greatestOfRow, lengths[j])
    greatest[j] = max(greatest[j], lengths[j])
    belowOfRow |= (lengths[j] &- limit) | (lengths[j] &- limits[j])
    j &+= 1
  }
  return (greatestOfRow, belowOfRow < 0)
}

/// Whether any of eight lengths is less than the limit of the row or than its own.
@inline(__always)
private func isAnyBelow(_ lengths: UnsafePointer<Int32>, _ limit: Int32, _ limits: UnsafePointer<Int32>) -> Bool {
  let x = UnsafeRawPointer(lengths).loadUnaligned(as: SIMD8<Int32>.self)
  let own = UnsafeRawPointer(limits).loadUnaligned(as: SIMD8<Int32>.self)
  let below = unsafeBitCast((x &- SIMD8(repeating: limit)) | (x &- own), to: SIMD4<UInt64>.self)
  return (below[0] | below[1] | below[2] | below[3]) & 0x8000_0000_8000_0000 != 0
}

/// What the last neighbours of the points of each panel are at most: a key of ``NeighborLists``.
private final class PanelLimits: @unchecked Sendable {
  private let limits: UnsafeMutablePointer<Atomic<UInt64>>
  /// The least number of a point of each panel.
  private let firsts: [UInt64]

  init(_ order: [Int32]) throws(ToposcopeError) {
    firsts = stride(from: 0, to: order.count, by: 16).map { start in
      UInt64(order[start..<min(start + 16, order.count)].min() ?? 0)
    }
    limits = .allocate(capacity: firsts.count)
    for panel in 0..<firsts.count { (limits + panel).initialize(to: Atomic(.max)) }
  }

  deinit {
    limits.deinitialize(count: firsts.count)
    limits.deallocate()
  }

  func set(_ panel: Int, _ limit: UInt64) { limits[panel].store(limit, ordering: .relaxed) }

  func greatest(of points: Range<Int>) -> UInt64 {
    var greatest: UInt64 = 0
    for panel in points.lowerBound / 16..<(points.upperBound + 15) / 16 {
      greatest = max(greatest, limits[panel].load(ordering: .relaxed))
      if greatest == .max { break }
    }
    return greatest
  }

  private func first(of points: Range<Int>) -> UInt64 {
    var first = UInt64.max
    for panel in points.lowerBound / 16..<(points.upperBound + 15) / 16 { first = min(first, firsts[panel]) }
    return first
  }

  /// Whether a point of one node may be a neighbour of one of the other that is kept.
  func mayBeNear(_ a: BlockTree.Node, _ b: BlockTree.Node, _ tree: BlockTree, _ points: PreparedPoints) -> Bool {
    let (ofA, ofB) = (greatest(of: a.points), greatest(of: b.points))
    let most = max(ofA, ofB)
    if most == .max { return true }
    if tree.gap(a, b) > points.sums(at: Float(bitPattern: UInt32(truncatingIfNeeded: most >> 32))).most { return false }
    // Where all kept neighbours are at the same place, only the number counts.
    return most >> 32 > 0 || first(of: b.points) < ofA || first(of: a.points) < ofB
  }
}
