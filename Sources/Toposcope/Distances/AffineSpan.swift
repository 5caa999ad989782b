/// Points, and the sample that their covariance is taken from, in as few coordinates as hold them: their own, or, when
/// there are fewer points than coordinates, orthonormal ones of the space that their differences span.
///
/// Every point is a step away from another, its parent: from the first point, or, where points lie so close together that
/// products of long differences would lose the short ones, from its neighbour in a minimum spanning tree. The steps are
/// what is computed with; so the difference of two points keeps its digits however far from the origin they are.
struct AffineSpan {
  /// One row for each point: those of the cloud, then those of the reference. The unit of length is a power of two that
  /// lets their products and the squares of these be computed; it is 1 unless the steps are very long or very short.
  let steps: PanelTable<Double>
  /// The point from which a step leads; nil for the first.
  let parents: [Int?]
  /// Points in an order in which parents come before their children.
  let order: [Int]
  /// Rows of ``steps`` that are the sample.
  let sample: Range<Int>
  /// Coordinates of the space before the reduction.
  let coordinates: Int

  var dimension: Int { steps.length }

  init(
    _ cloud: PointCloud, reference: PointCloud?, threads: Int, progress: Progress
  ) throws(ToposcopeError) {
    let n = cloud.count
    let total = n + (reference?.count ?? 0)
    coordinates = cloud.dimension
    sample = reference == nil ? 0..<n : n..<total
    var source = PointPair(cloud: cloud, reference: reference)
    var parents = (0..<total).map { $0 == 0 ? nil : Int?(0) }
    var order = Array(0..<total)
    var steps = try source.steps(parents, threads: threads, progress: progress)
    if source.rescale(for: steps) { steps = try source.steps(parents, threads: threads, progress: progress) }
    if coordinates >= total {
      var products = try symmetricProducts(of: steps, threads: threads, progress: progress)
      if let tree = SpanningTree(closePairsOf: products) {
        (parents, order) = (tree.parents, tree.order)
        steps = try source.steps(parents, threads: threads, progress: progress)
        products = try symmetricProducts(of: steps, threads: threads, progress: progress)
      }
      steps = try Self.orthonormalCoordinates(products, threads: threads, progress: progress)
    }
    self.steps = steps
    self.parents = parents
    self.order = order
  }

  /// Points in their own coordinates, as steps from the first.
  init(unreduced cloud: PointCloud, threads: Int, progress: Progress) throws(ToposcopeError) {
    coordinates = cloud.dimension
    sample = 0..<cloud.count
    parents = (0..<cloud.count).map { $0 == 0 ? nil : 0 }
    order = Array(0..<cloud.count)
    steps = try PointPair(cloud: cloud, reference: nil).steps(parents, threads: threads, progress: progress)
  }

  /// Rows with the given products.
  private static func orthonormalCoordinates(
    _ products: PanelTable<Double>, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Double> {
    let n = products.count
    let moving = (0..<n).filter { products[$0, $0] > 0 }  // the first point and exact duplicates take no step
    let matrix = try PanelTable<Double>(
      count: moving.count, length: moving.count, threads: threads, progress: progress
    ) { i, range, out in
      for k in range { out[k - range.lowerBound] = products[moving[i], moving[k]] }
    }
    var place = [Int?](repeating: nil, count: n)
    for (k, i) in moving.enumerated() { place[i] = k }
    let places = place
    if let cholesky = try Cholesky(matrix, threads: threads, progress: progress) {
      return try PanelTable(count: n, length: moving.count, threads: threads, progress: progress) { i, range, out in
        for k in range { out[k - range.lowerBound] = places[i].map { cholesky.factor[$0, k] } ?? 0 }
      }
    }
    let pivoted = try PivotedCholesky(products, progress: progress)
    return try PanelTable(count: n, length: pivoted.rank, threads: threads, progress: progress) { i, range, out in
      for k in range { out[k - range.lowerBound] = pivoted.columns.pointer[k * n + i] }
    }
  }

  /// Adds the steps up along the tree: positions from the first point on, in place.
  func walk(_ rows: PanelTable<Double>) {
    for i in order {
      guard let parent = parents[i] else { continue }
      for k in 0..<rows.length { rows[i, k] += rows[parent, k] }
    }
  }

  /// The sample, less its mean.
  func centeredSample(threads: Int, progress: Progress) throws(ToposcopeError) -> PanelTable<Double> {
    let positions = try PanelTable<Double>(count: steps.count, length: dimension)
    positions.pointer.update(from: steps.pointer, count: 16 * steps.panels * dimension)
    walk(positions)
    var mean = [Double](repeating: 0, count: dimension)
    for k in 0..<dimension {
      for i in sample { mean[k] += positions[i, k] }
      mean[k] /= Double(max(1, sample.count))
    }
    let (first, means) = (sample.lowerBound, mean)
    return try PanelTable(count: sample.count, length: dimension, threads: threads, progress: progress) {
      i, range, out in
      for k in range { out[k - range.lowerBound] = positions[first + i, k] - means[k] }
    }
  }
}

/// The points of a cloud, followed by those of a reference.
private struct PointPair: Sendable {
  let cloud: PointCloud
  let reference: PointCloud?
  /// The greatest magnitude of a coordinate.
  private let greatestMagnitude: Double
  /// A power of two that all coordinates are multiplied by: less than 1 where a difference might be out of range.
  private var scale: Double

  init(cloud: PointCloud, reference: PointCloud?) {
    (self.cloud, self.reference) = (cloud, reference)
    greatestMagnitude = max(cloud.greatestMagnitude, reference?.greatestMagnitude ?? 0)
    scale = greatestMagnitude < 0x1p1000 ? 1 : 0x1p-100
  }

  /// Changes the scale where fourth powers of the steps would be out of range. Returns whether it did.
  mutating func rescale(for steps: PanelTable<Double>) -> Bool {
    let numbers = UnsafeBufferPointer(start: steps.pointer, count: 16 * steps.panels * steps.length)
    let isShort = !numbers.contains { abs($0) >= 0x1p-100 }  // true of the first numbers already, in most clouds
    guard isShort || greatestMagnitude > 0x1p99, let greatest = numbers.lazy.map(abs).max(), greatest > 0 else {
      return false
    }
    if !isShort && greatest <= 0x1p100 { return false }
    scale *= Double(sign: .plus, exponent: min(1000, -Int(greatest.exponent)), significand: 1)
    return true
  }

  /// The difference of each point from its parent.
  func steps(_ parents: [Int?], threads: Int, progress: Progress) throws(ToposcopeError) -> PanelTable<Double> {
    try PanelTable(count: parents.count, length: cloud.dimension, threads: threads, progress: progress) {
      i, range, out in
      guard let parent = parents[i] else {
        out.initialize(repeating: 0, count: range.count)
        return
      }
      read(i, range, out)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: range.count) { base in
        read(parent, range, base.baseAddress!)
        for k in 0..<range.count { out[k] = scale * out[k] - scale * base[k] }
      }
    }
  }

  private func read(_ point: Int, _ range: Range<Int>, _ out: UnsafeMutablePointer<Double>) {
    let (source, i) = point < cloud.count ? (cloud, point) : (reference!, point - cloud.count)
    switch source.elementType {
    case .float32:
      let x = source.row(i, as: Float.self) + range.lowerBound
      for k in 0..<range.count { out[k] = Double(x[k]) }
    case .float64: out.update(from: source.row(i, as: Double.self) + range.lowerBound, count: range.count)
    }
  }
}

/// A minimum spanning tree of points given by the products of their differences from the first (Prim's algorithm).
private struct SpanningTree {
  let parents: [Int?]
  let order: [Int]

  /// Nil where no two points are so close together that their difference would be lost in the products.
  init?(closePairsOf products: PanelTable<Double>) {
    let n = products.count
    func squaredDistance(_ i: Int, _ j: Int) -> Double { products[i, i] + products[j, j] - 2 * products[i, j] }
    let hasClosePair = (0..<n).contains { i in
      (0..<i).contains { squaredDistance(i, $0) < 0x1p-20 * max(products[i, i], products[$0, $0]) }
    }
    guard hasClosePair else { return nil }
    var parents = [Int?](repeating: nil, count: n)
    var order: [Int] = []
    var nearest = [Double](repeating: .infinity, count: n)
    var isTaken = [Bool](repeating: false, count: n)
    var current = 0
    for _ in 0..<n {
      isTaken[current] = true
      order.append(current)
      var next = -1
      for j in 0..<n where !isTaken[j] {
        let distance = squaredDistance(current, j)
        if distance < nearest[j] { (nearest[j], parents[j]) = (distance, current) }
        if next < 0 || nearest[j] < nearest[next] { next = j }
      }
      current = next
    }
    self.parents = parents
    self.order = order
  }
}
