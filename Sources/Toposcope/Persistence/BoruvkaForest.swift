import Synchronization

/// The minimum spanning forest of a cloud in a few passes over all pairs, by Borůvka's rounds (1926).
///
/// The order of the edges is total, so the least edge that leaves a component belongs to the one forest there is: it may be
/// added without a look at the others, and all components may add theirs at once.
///
/// 1. The first pass keeps the nearest neighbours of every point. An edge that leaves a component is known to be its
///    least when it comes before the last kept edge of each of its points whose neighbours are all inside. A component
///    of no more points than lists have places has no such point, so only larger ones can be left waiting, and each of
///    those is tried again when others have joined it.
/// 2. If several components are left, the next pass keeps the least edge between every two of them, and rounds among
///    these end the matter. Points are sorted by component, and pairs inside one are not made. Where there
///    are too many components for such a table, the pass keeps the least edge that leaves each, and another one follows.
///
/// Lists of neighbours that certify edges are what March, Ram and Gray (2010) prune trees for; here no metric is assumed.
struct BoruvkaForest {
  private(set) var edges: [FiltrationEdge] = []
  /// min over x of max over y of d(x, y), and the greatest finite distance.
  let extent: (enclosingRadius: Float, longest: Float)
  private let rows: DistanceRows
  /// Not nil for many points of few coordinates: then most pairs need not be made.
  private let sorted: SortedPoints?
  private let threads: Int
  private let progress: Progress
  private var components: Components

  /// Neighbours that are kept of a point.
  static let neighbors = 12
  /// With fewer points a tree takes longer than all pairs.
  static let manyPoints = 1 << 14
  /// With more coordinates boxes tell too little.
  private static let fewCoordinates = 4
  /// Edges that the tables of components may hold, of all threads, for each point.
  private static let tableShare = 64

  /// What it takes at most, the points as the metric wants them included: twice, as the second pass sorts them.
  static func estimate(_ cloud: PointCloud) -> MemoryEstimate {
    var estimate = MemoryEstimate()
    estimate.add(cloud.count * cloud.dimension, bytesEach: 16)
    estimate.add(cloud.count, bytesEach: Double(NeighborLists.bytes(most: neighbors) + 12 * tableShare + 128))
    return estimate
  }

  init(
    _ rows: DistanceRows, neighbors: Int = Self.neighbors, manyPoints: Int = Self.manyPoints, threads: Int,
    progress: Progress
  ) throws(ToposcopeError) {
    (self.rows, self.threads, self.progress) = (rows, threads, progress)
    components = Components(rows.count)
    edges.reserveCapacity(max(0, rows.count - 1))
    let lists: NeighborLists
    if rows.scales == nil && rows.count >= manyPoints && rows.points.dimension <= Self.fewCoordinates {
      let sorted = try SortedPoints(rows, threads: threads, progress: progress)
      lists = try NeighborLists(sorted, most: neighbors, threads: threads, progress: progress)
      extent = try FarthestPairs(sorted, threads: threads, progress: progress).extent
      self.sorted = sorted
    } else {
      lists = try NeighborLists(rows.tiles, most: neighbors, threads: threads, progress: progress)
      extent = lists.extent
      sorted = nil
    }
    var inside = [Int32](repeating: 0, count: rows.count)
    while try join(lists, &inside) {}
    while components.count > 1, try joinRest() {}
  }

  private mutating func join(_ edge: FiltrationEdge) -> Bool {
    if components.join(edge.tail, edge.head) == nil { return false }
    edges.append(edge)
    return true
  }

  /// One round in the lists of neighbours. Returns whether any components were joined.
  /// - Parameter inside: so many of the first neighbours of each point are known to be in its own component
  private mutating func join(_ lists: NeighborLists, _ inside: inout [Int32]) throws(ToposcopeError) -> Bool {
    let n = rows.count
    var least = [FiltrationEdge](repeating: .none, count: n)
    var unknown = least  // no edge that leaves the component and is in no list comes before this
    for place in 0..<n {
      if place & 0xFFF == 0 { try progress.report(n, of: n) }
      let point = lists.point(at: place)
      let component = components.root(point)
      var i = Int(inside[place])
      while let edge = lists.edge(at: place, i) {
        let other = edge.tail == point ? edge.head : edge.tail
        if components.root(other) != component {
          if edge.precedes(least[Int(component)]) { least[Int(component)] = edge }
          break
        }
        i += 1
      }
      inside[place] = Int32(i)
      if i == lists.most, let last = lists.last(at: place), last.precedes(unknown[Int(component)]) {
        unknown[Int(component)] = last
      }
    }
    var isAnyJoined = false
    for component in 0..<n where least[component].precedes(unknown[component]) {
      if join(least[component]) { isAnyJoined = true }
    }
    return isAnyJoined
  }

  /// One round beyond the lists. Returns whether any components were joined.
  private mutating func joinRest() throws(ToposcopeError) -> Bool {
    if let sorted { try joinNearComponents(sorted) } else { try joinComponents() }
  }

  /// Joins the components by the least edges between them, or out of them. Returns whether any were joined.
  private mutating func joinComponents() throws(ToposcopeError) -> Bool {
    let n = rows.count
    let (order, ends) = sortedPoints()
    let count = ends.count
    var labels = [Int32](repeating: 0, count: n)
    for component in 0..<count {
      for i in (component == 0 ? 0 : ends[component - 1])..<ends[component] { labels[i] = Int32(component) }
    }
    let threads = Threads.resolve(threads)
    let pairs = count * (count - 1) / 2
    let isTable = pairs * threads <= Self.tableShare * n
    let width = isTable ? pairs : count
    let least = try Memory<FiltrationEdge>(width * threads)
    for place in 0..<least.count { least.base[place] = .none }
    let slots = Slots(threads)
    let sorted = try DistanceRows(rows, order: order, threads: threads, progress: progress)
    try sorted.tiles.forEach(
      threads: threads, progress: progress,
      isWanted: { rows, columns in labels[rows.lowerBound] != labels[columns.upperBound - 1] }
    ) { tile in
      let slot = slots.take()
      defer { slots.give(slot) }
      let found = least.base + slot * width
      for i in tile.rows {
        let a = Int(labels[i])
        var j = max(tile.columns.lowerBound, ends[a])
        while j < tile.columns.upperBound {
          let b = Int(labels[j])
          let stop = min(ends[b], tile.columns.upperBound)
          let pair = a * (2 * count - a - 1) / 2 + b - a - 1
          let (first, second) = isTable ? (pair, pair) : (a, b)
          var limit = max(found[first].length, found[second].length)
          let distances = tile.place(i, j)
          for k in 0..<stop - j where distances[k] <= limit && distances[k] < .infinity {
            let (x, y) = (order[i], order[j + k])
            let edge = FiltrationEdge(length: distances[k], tail: min(x, y), head: max(x, y))
            if edge.precedes(found[first]) { found[first] = edge }
            if edge.precedes(found[second]) { found[second] = edge }
            limit = max(found[first].length, found[second].length)
          }
          j = stop
        }
      }
    }
    var candidates = first(of: least, width, threads)
    var isAnyJoined = false
    while try joinLeast(of: candidates) {
      isAnyJoined = true
      candidates.removeAll { components.root($0.tail) == components.root($0.head) }
    }
    return isAnyJoined
  }

  /// Joins the components by the least edge out of each. Returns whether any were joined.
  private mutating func joinNearComponents(_ sorted: SortedPoints) throws(ToposcopeError) -> Bool {
    let (n, order, tree, points) = (rows.count, sorted.order, sorted.tree, sorted.rows.points)
    let threads = Threads.resolve(threads)
    let labels = ComponentLabels(order.map { components.root($0) })
    let least = try Memory<FiltrationEdge>(n * threads)
    for place in 0..<least.count { least.base[place] = .none }
    try sorted.rows.tiles.forEach(
      in: tree, isNearFirst: true, threads: threads, progress: progress,
      isWanted: { a, b in
        if labels.areOne(a.points, b.points) { return false }
        let most = max(labels.limit(of: a.points), labels.limit(of: b.points))
        return tree.gap(a, b) <= points.sums(at: Float(bitPattern: UInt32(bitPattern: most))).most
      }
    ) { tile, slot in
      let found = least.base + slot * n
      tile.forEachPair(upTo: max(labels.limit(of: tile.rows), labels.limit(of: tile.columns))) { i, j, length in
        let (a, b) = (labels[i], labels[j])
        if a == b || length > max(found[a].length, found[b].length) { return }
        let (x, y) = (order[i], order[j])
        let edge = FiltrationEdge(length: length, tail: min(x, y), head: max(x, y))
        if edge.precedes(found[a]) {
          found[a] = edge
          labels.lower(a, to: length)
        }
        if edge.precedes(found[b]) {
          found[b] = edge
          labels.lower(b, to: length)
        }
      }
    }
    return try joinLeast(of: first(of: least, n, threads))
  }

  /// The first of what the threads have found in each of some places, where there is anything.
  private func first(of least: Memory<FiltrationEdge>, _ width: Int, _ threads: Int) -> [FiltrationEdge] {
    (0..<width).compactMap { place in
      let edge = (0..<threads).reduce(FiltrationEdge.none) { best, slot in
        let edge = least.base[slot * width + place]
        return edge.precedes(best) ? edge : best
      }
      return edge.length < .infinity ? edge : nil
    }
  }

  /// One round among some edges: the least that leaves each component. Returns whether any components were joined.
  private mutating func joinLeast(of candidates: [FiltrationEdge]) throws(ToposcopeError) -> Bool {
    try progress.report(rows.count, of: rows.count)
    var least = [FiltrationEdge](repeating: .none, count: rows.count)
    for edge in candidates {
      let (tail, head) = (Int(components.root(edge.tail)), Int(components.root(edge.head)))
      if edge.precedes(least[tail]) { least[tail] = edge }
      if edge.precedes(least[head]) { least[head] = edge }
    }
    var isAnyJoined = false
    for edge in least where edge.length < .infinity && join(edge) { isAnyJoined = true }
    return isAnyJoined
  }

  /// The points, component by component, and where each component ends.
  private mutating func sortedPoints() -> (order: [Int32], ends: [Int]) {
    let n = rows.count
    let roots = (0..<Int32(n)).map { components.root($0) }
    var numbers = [Int](repeating: -1, count: n)
    var sizes: [Int] = []
    for root in roots {
      if numbers[Int(root)] < 0 {
        numbers[Int(root)] = sizes.count
        sizes.append(0)
      }
      sizes[numbers[Int(root)]] += 1
    }
    var next = 0
    var places = sizes.map { size in
      defer { next += size }
      return next
    }
    var order = [Int32](repeating: 0, count: n)
    for point in 0..<n {
      let number = numbers[Int(roots[point])]
      order[places[number]] = Int32(point)
      places[number] += 1
    }
    return (order, places)
  }
}

/// The component of every point, in the order of a tree, and the least length of an edge out of each component so far.
private final class ComponentLabels: @unchecked Sendable {
  private let labels: [Int32]
  /// The component of all points of a panel; -1 where they have several.
  private let ofPanels: [Int32]
  /// Lengths as bits, by component.
  private let limits: UnsafeMutablePointer<Atomic<Int32>>

  init(_ labels: [Int32]) {
    self.labels = labels
    ofPanels = stride(from: 0, to: labels.count, by: 16).map { start in
      labels[start..<min(start + 16, labels.count)].allSatisfy { $0 == labels[start] } ? labels[start] : -1
    }
    limits = .allocate(capacity: labels.count)
    for i in 0..<labels.count { (limits + i).initialize(to: Atomic(Int32(bitPattern: Float.infinity.bitPattern))) }
  }

  deinit {
    limits.deinitialize(count: labels.count)
    limits.deallocate()
  }

  @inline(__always)
  subscript(place: Int) -> Int { Int(labels[place]) }

  private func panels(of points: Range<Int>) -> Range<Int> { points.lowerBound / 16..<(points.upperBound + 15) / 16 }

  /// Whether all points are of one component.
  func areOne(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    let label = ofPanels[a.lowerBound / 16]
    return label >= 0 && panels(of: b).allSatisfy { ofPanels[$0] == label }
      && panels(of: a).allSatisfy { ofPanels[$0] == label }
  }

  /// No longer edge is wanted out of the components of some points.
  func limit(of points: Range<Int>) -> Int32 {
    var limit: Int32 = 0
    for panel in panels(of: points) {
      let own = ofPanels[panel]
      if own >= 0 {
        limit = max(limit, limits[Int(own)].load(ordering: .relaxed))
      } else {
        for i in 16 * panel..<min(16 * panel + 16, labels.count) {
          limit = max(limit, limits[Int(labels[i])].load(ordering: .relaxed))
        }
      }
    }
    return limit
  }

  func lower(_ component: Int, to length: Float) {
    limits[component].min(Int32(bitPattern: length.bitPattern), ordering: .relaxed)
  }
}
