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
  /// Points stand in the order of the lists: near ones near one another.
  private let places: [Int32]
  /// Of the places of points; a component is known by the first.
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
    try progress.report(rows.count, of: rows.count)
    places = [Int32](unsafeUninitializedCapacity: rows.count) { places, count in
      for place in 0..<rows.count { places[Int(lists.point(at: place))] = Int32(place) }
      count = rows.count
    }
    let outward = try Memory<Outward>(rows.count, isZeroed: false)
    try forEachPlace { place in outward.base[place] = Outward(pointItself: lists.point(at: place)) }
    if let sorted {
      while components.count > 1, try joinBeyond(lists, sorted, joinNear(lists, outward)) {}
    } else {
      _ = try joinNear(lists, outward)
      while components.count > 1, try joinComponents() {}
    }
  }

  /// The first edge of a point's list that leaves its component, kept beside the lists, which are far larger.
  private struct Outward: BitwiseCopyable {
    /// ``FiltrationEdge/none`` where all neighbours are inside.
    var edge: FiltrationEdge
    var place: Int32

    /// Before the list.
    init(pointItself point: Int32) { (edge, place) = (FiltrationEdge(length: 0, tail: point, head: point), -1) }
  }

  /// Lets the caller be heard between passes over the points.
  private func report() throws(ToposcopeError) { try progress.report(rows.count, of: rows.count) }

  /// Calls `body` with every place, and is heard meanwhile.
  @inline(__always)
  private func forEachPlace(_ body: (Int) -> Void) throws(ToposcopeError) {
    for start in stride(from: 0, to: rows.count, by: 1 << 14) {
      try report()
      for place in start..<min(start + 1 << 14, rows.count) { body(place) }
    }
  }

  private mutating func component(of point: Int32) -> Int { Int(components.root(places[Int(point)])) }

  /// Returns whether the ends of an edge were in two components.
  private mutating func join(_ edge: FiltrationEdge) -> Bool {
    if components.join(places[Int(edge.tail)], places[Int(edge.head)]) == nil { return false }
    edges.append(edge)
    return true
  }

  /// Rounds in the lists of neighbours, as long as they join any components.
  ///
  /// - Parameter outward: By place; left for the components that there are in the end.
  /// - Returns: By component, the least edge that leaves it and is in the list of one of its points.
  private mutating func joinNear(
    _ lists: NeighborLists, _ outward: Memory<Outward>
  ) throws(ToposcopeError) -> [FiltrationEdge] {
    /// The places of points that may have neighbours outside.
    var open = (0..<Int32(rows.count)).map { $0 }
    /// The components that are left.
    var left = (0..<Int32(rows.count)).map { $0 }
    try report()
    var least = [FiltrationEdge](repeating: .none, count: rows.count)
    try report()
    // No edge that leaves the component and is in no list of its points comes before this.
    var unknown = [FiltrationEdge](repeating: .none, count: rows.count)
    while true {
      let roots = components.roots()
      try skipInside(lists, open, roots, outward)
      try progress.forEachPart(of: left.count) { part in
        for component in left[part] { least[Int(component)] = .none }
      }
      try keep(of: &open) { place in
        let component = Int(roots[Int(place)])
        let edge = outward.base[Int(place)].edge
        if edge.length < .infinity {
          if edge.precedes(least[component]) { least[component] = edge }
          return true
        }
        if let last = lists.last(at: Int(place)), last.precedes(unknown[component]) { unknown[component] = last }
        return false
      }
      var known: [FiltrationEdge] = []
      try progress.forEachPart(of: left.count) { part in
        for component in left[part] where least[Int(component)].precedes(unknown[Int(component)]) {
          known.append(least[Int(component)])
        }
      }
      if known.isEmpty { return least }
      for (i, edge) in known.enumerated() {
        if i & 0x3FFF == 0 { try report() }
        let (a, b) = (component(of: edge.tail), component(of: edge.head))
        if !join(edge) { continue }
        unknown[min(a, b)] = unknown[a].precedes(unknown[b]) ? unknown[a] : unknown[b]
        least[max(a, b)] = .none
      }
      if components.count == 1 { return least }
      try keep(of: &left) { components.root($0) == $0 }
    }
  }

  /// Keeps those of some places for which `isKept` says so, and is heard meanwhile.
  @inline(__always)
  private func keep(of places: inout [Int32], _ isKept: (Int32) -> Bool) throws(ToposcopeError) {
    var kept = 0
    try progress.forEachPart(of: places.count) { part in
      for i in part {
        let place = places[i]
        if !isKept(place) { continue }
        places[kept] = place
        kept += 1
      }
    }
    places.removeLast(places.count - kept)
  }

  /// Goes on in the lists at some places to the first neighbour in another component.
  private func skipInside(
    _ lists: NeighborLists, _ open: [Int32], _ roots: [Int32], _ outward: Memory<Outward>
  ) throws(ToposcopeError) {
    let batch = 1 << 13
    let chunks = (open.count + batch - 1) / batch
    try Threads.forEach(chunks: chunks, threads: Threads.resolve(threads), progress: progress) { chunk in
      for place in open[chunk * batch..<min(open.count, (chunk + 1) * batch)] {
        let (place, point) = (Int(place), lists.point(at: Int(place)))
        var next = outward.base[place]
        while next.edge.length < .infinity {
          let other = next.edge.tail == point ? next.edge.head : next.edge.tail
          if roots[Int(places[Int(other)])] != roots[place] { break }
          next.place += 1
          next.edge = lists.edge(at: place, Int(next.place)) ?? .none
        }
        outward.base[place] = next
      }
    }
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
    var candidates = try first(of: least, width, threads)
    var isAnyJoined = false
    while try joinLeast(of: candidates) {
      isAnyJoined = true
      candidates.removeAll { component(of: $0.tail) == component(of: $0.head) }
    }
    return isAnyJoined
  }

  /// Joins the components by the least edge out of each. Returns whether any were joined.
  /// - Parameter listed: By component, the least of those that are in the lists of its points.
  private mutating func joinBeyond(
    _ lists: NeighborLists, _ sorted: SortedPoints, _ listed: [FiltrationEdge]
  ) throws(ToposcopeError) -> Bool {
    if components.count == 1 { return false }
    let (n, order, tree, points) = (rows.count, sorted.order, sorted.tree, sorted.rows.points)
    let threads = Threads.resolve(threads)
    let limits = try ComponentLimits(components.roots(), lists, listed, tree, progress)
    let least = try Memory<FiltrationEdge>(n * threads)
    try forEachPlace { place in
      least.base[place] = listed[place]
      for slot in 1..<threads { least.base[slot * n + place] = .none }
    }
    try sorted.rows.tiles.forEach(
      in: tree, isNearFirst: true, threads: threads, progress: progress,
      isWanted: { a, b in
        if limits.areOne(a, b) { return false }
        let most = max(limits.limit(of: a), limits.limit(of: b))
        return most >= 0 && tree.gap(a, b) <= points.sums(at: Float(bitPattern: UInt32(bitPattern: most))).most
      }
    ) { tile, slot in
      let found = least.base + slot * n
      tile.forEachPair(upTo: max(limits.limit(of: tile.rows), limits.limit(of: tile.columns))) { i, j, length in
        let (a, b) = (limits[i], limits[j])
        if a == b || length > max(found[a].length, found[b].length) { return }
        let (x, y) = (order[i], order[j])
        let edge = FiltrationEdge(length: length, tail: min(x, y), head: max(x, y))
        if edge.precedes(found[a]) {
          found[a] = edge
          limits.lower(a, to: length)
        }
        if edge.precedes(found[b]) {
          found[b] = edge
          limits.lower(b, to: length)
        }
      }
    }
    return try joinLeast(of: first(of: least, n, threads))
  }

  /// The first of what the threads have found in each of some places, where there is anything.
  private func first(
    of least: Memory<FiltrationEdge>, _ width: Int, _ threads: Int
  ) throws(ToposcopeError) -> [FiltrationEdge] {
    try report()
    return (0..<width).compactMap { place in
      let edge = (0..<threads).reduce(FiltrationEdge.none) { best, slot in
        let edge = least.base[slot * width + place]
        return edge.precedes(best) ? edge : best
      }
      return edge.length < .infinity ? edge : nil
    }
  }

  /// One round among some edges: the least that leaves each component. Returns whether any components were joined.
  private mutating func joinLeast(of candidates: [FiltrationEdge]) throws(ToposcopeError) -> Bool {
    try report()
    var least = [FiltrationEdge](repeating: .none, count: rows.count)
    for edge in candidates {
      let (tail, head) = (component(of: edge.tail), component(of: edge.head))
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
    let roots = components.roots()
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

/// How long the edges out of the components of some points may be that are in none of their lists, but may yet be the least.
private final class ComponentLimits: @unchecked Sendable {
  private let tree: BlockTree
  /// By place: the component, and the length of the last edge in the list, as bits.
  private let labels: [Int32]
  private let lasts: [Int32]
  private var nodes: [Summary]
  /// The least known lengths of edges out of the components, as bits.
  private let limits: UnsafeMutablePointer<Atomic<Int32>>

  private static let none: Int32 = -1
  /// For a node with more points, of several components, its first limit will do: a look at each point would take too long.
  private static let fewPoints = 1 << 10
  private static let pointsUnheard = 1 << 15

  /// What is known of the points of a node.
  private struct Summary {
    /// Their component; -1 where they have several.
    let label: Int32
    /// The least of the last lengths.
    let last: Int32
    /// The limit before any was lowered.
    let limit: Int32
  }

  init(
    _ labels: [Int32], _ lists: NeighborLists, _ listed: [FiltrationEdge], _ tree: BlockTree, _ progress: Progress
  ) throws(ToposcopeError) {
    (self.labels, self.tree) = (labels, tree)
    var lasts = [Int32](repeating: 0, count: labels.count)
    try progress.forEachPart(of: labels.count) { part in
      for i in part { lasts[i] = Self.bits(lists.last(at: i)?.length ?? .infinity) }
    }
    self.lasts = lasts
    nodes = [Summary](repeating: Summary(label: Self.none, last: 0, limit: 0), count: tree.nodeCount)
    try progress.report(labels.count, of: labels.count)
    limits = .allocate(capacity: labels.count)
    for i in 0..<labels.count { (limits + i).initialize(to: Atomic(Self.bits(listed[i].length))) }
    _ = sum(up: tree.root, progress)
    try progress.report(labels.count, of: labels.count)
  }

  deinit {
    limits.deinitialize(count: labels.count)
    limits.deallocate()
  }

  private static func bits(_ length: Float) -> Int32 { Int32(bitPattern: length.bitPattern) }

  private func sum(up node: BlockTree.Node, _ progress: Progress) -> Summary {
    let own: Summary
    if let (a, b) = tree.halves(of: node) {
      let (ofA, ofB) = (sum(up: a, progress), sum(up: b, progress))
      if node.points.count > Self.pointsUnheard { _ = progress.goesOn(node.points.upperBound, of: labels.count) }
      own = Summary(
        label: ofA.label == ofB.label ? ofA.label : Self.none, last: min(ofA.last, ofB.last),
        limit: max(ofA.limit, ofB.limit))
    } else {
      let first = labels[node.points.lowerBound]
      own = Summary(
        label: labels[node.points].allSatisfy { $0 == first } ? first : Self.none,
        last: lasts[node.points].min() ?? 0, limit: limit(of: node.points))
    }
    nodes[node.number] = own
    return own
  }

  @inline(__always)
  subscript(place: Int) -> Int { Int(labels[place]) }

  /// Whether all points are of one component.
  func areOne(_ a: BlockTree.Node, _ b: BlockTree.Node) -> Bool {
    nodes[a.number].label >= 0 && nodes[a.number].label == nodes[b.number].label
  }

  /// No longer edge is wanted out of the components of the points of a node; negative where none is.
  func limit(of node: BlockTree.Node) -> Int32 {
    let known = nodes[node.number]
    if known.label >= 0 {
      let limit = limits[Int(known.label)].load(ordering: .relaxed)
      return known.last <= limit ? limit : Self.none
    }
    if known.limit < 0 || node.points.count > Self.fewPoints { return known.limit }
    guard let (a, b) = tree.halves(of: node) else { return limit(of: node.points) }
    return max(limit(of: a), limit(of: b))
  }

  /// The same of some points.
  func limit(of points: Range<Int>) -> Int32 {
    var most = Self.none
    for place in points.clamped(to: labels.indices) {
      let limit = limits[Int(labels[place])].load(ordering: .relaxed)
      if limit > most && lasts[place] <= limit { most = limit }
    }
    return most
  }

  func lower(_ component: Int, to length: Float) {
    limits[component].min(Self.bits(length), ordering: .relaxed)
  }
}
