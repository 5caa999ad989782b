import CToposcopeProcessor

/// Points of a Euclidean space: `count` of them, with `dimension` finite coordinates each.
///
/// ```swift
/// let triangle = try PointCloud([[0, 0], [3, 0], [3, 4]])
/// let d = try DistanceMatrix(triangle)
/// d[0, 2]  // 5
/// ```
public final class PointCloud: @unchecked Sendable {
  public let count: Int
  public let dimension: Int
  /// Whether the coordinates are kept in single or in double precision: as they came.
  public let elementType: ElementType
  /// The coordinates, point after point. `Float` or `Double`, as ``elementType`` says.
  let coordinates: UnsafeRawPointer
  /// The greatest magnitude of a coordinate.
  let greatestMagnitude: Double
  /// Nil where the coordinates are borrowed.
  private let storage: AlignedMemory<UInt8>?

  /// The greatest number of points: vertices are numbered by `Int32`.
  static let greatestCount = Int(Int32.max)

  /// Copies a table of coordinates.
  /// - Throws: ``ToposcopeError/Kind/notFinite`` with the place of the first NaN or infinity;
  ///   ``ToposcopeError/Kind/shape``, ``ToposcopeError/Kind/memory``, ``ToposcopeError/Kind/cancelled``.
  public init(_ array: StridedArray, progress: Progress = Progress()) throws(ToposcopeError) {
    let (count, dimension) = (array.rows, array.columns)
    guard count >= 0, dimension >= 0 else { throw ToposcopeError(.shape, value: Double(min(count, dimension))) }
    guard count <= Self.greatestCount else { throw ToposcopeError(.shape, value: Double(count)) }
    let width = array.elementType == .float32 ? 4 : 8
    let (numbers, overflow) = count.multipliedReportingOverflow(by: dimension)
    guard !overflow, numbers <= Int.max / width else {
      throw ToposcopeError(.memory, value: Double(count) * Double(dimension) * Double(width))
    }
    self.count = count
    self.dimension = dimension
    elementType = array.elementType
    let owned = try AlignedMemory<UInt8>(numbers * width)
    storage = owned
    coordinates = UnsafeRawPointer(owned.pointer)
    greatestMagnitude = try Self.greatestMagnitude(array, progress) { i in
      let target = UnsafeMutableRawPointer(owned.pointer) + i * dimension * width
      switch array.elementType {
      case .float32: Self.copyRow(array, i, to: target.assumingMemoryBound(to: Float.self))
      case .float64: Self.copyRow(array, i, to: target.assumingMemoryBound(to: Double.self))
      }
      return UnsafeRawPointer(target)
    }
  }

  /// Checks a table of coordinates and uses it where it lies, if its rows follow each other without gaps; copies it
  /// otherwise. It must not change, nor go away, as long as the result lives.
  /// - Throws: as the initialiser that copies.
  public convenience init(
    borrowing array: StridedArray, progress: Progress = Progress()
  ) throws(ToposcopeError) {
    let width = array.elementType == .float32 ? 4 : 8
    let liesAsTheCoreReads =
      array.rows > 0 && array.rows <= Self.greatestCount && array.columns > 0 && array.columnStride == width
      && (array.rows == 1 || array.rowStride == width * array.columns)
      && UInt(bitPattern: array.data) % UInt(width) == 0
    if liesAsTheCoreReads {
      try self.init(checking: array, progress)
    } else {
      try self.init(array, progress: progress)
    }
  }

  private init(checking array: StridedArray, _ progress: Progress) throws(ToposcopeError) {
    (count, dimension, elementType) = (array.rows, array.columns, array.elementType)
    coordinates = array.data
    storage = nil
    greatestMagnitude = try Self.greatestMagnitude(array, progress) { array.data + $0 * array.rowStride }
  }

  /// The greatest magnitude of all coordinates, row by row of those that `row` gives.
  private static func greatestMagnitude(
    _ array: StridedArray, _ progress: Progress, row: (Int) -> UnsafeRawPointer
  ) throws(ToposcopeError) -> Double {
    var greatest = 0.0
    let rowsAtOnce = max(1, 1 << 16 / max(1, array.columns))
    for i in 0..<array.rows {
      if i % rowsAtOnce == 0 { try progress.report(i, of: array.rows) }
      let x = row(i)
      let greatestOfRow =
        switch array.elementType {
        case .float32:
          Double(KernelSet.best.greatestMagnitude(x.assumingMemoryBound(to: Float.self), array.columns))
        case .float64: Self.greatestMagnitude(x.assumingMemoryBound(to: Double.self), array.columns)
        }
      guard greatestOfRow.isFinite else {
        let j = (0..<array.columns).first { !array[i, $0].isFinite } ?? 0
        throw ToposcopeError(.notFinite, row: i, column: j, value: array[i, j])
      }
      greatest = max(greatest, greatestOfRow)
    }
    return greatest
  }

  /// As bits numbers without sign have their own order, with NaN the greatest.
  private static func greatestMagnitude(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
    var (a, b) = (Int64(0), Int64(0))
    var k = 0
    while k + 1 < count {
      a = max(a, Int64(bitPattern: x[k].magnitude.bitPattern))
      b = max(b, Int64(bitPattern: x[k + 1].magnitude.bitPattern))
      k += 2
    }
    if k < count { a = max(a, Int64(bitPattern: x[k].magnitude.bitPattern)) }
    return Double(bitPattern: UInt64(max(a, b)))
  }

  /// Copies one row.
  @inline(__always)
  private static func copyRow<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ array: StridedArray, _ row: Int, to target: UnsafeMutablePointer<T>
  ) {
    let source = array.data + row * array.rowStride
    if array.columnStride == MemoryLayout<T>.size {
      UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: array.columns * MemoryLayout<T>.size)
    } else {
      for j in 0..<array.columns { target[j] = (source + j * array.columnStride).loadUnaligned(as: T.self) }
    }
  }

  /// The points whose coordinates are the rows, in double precision.
  /// - Throws: ``ToposcopeError/Kind/shape`` where the rows have different lengths; ``ToposcopeError/Kind/notFinite``.
  public convenience init(_ rows: [[Double]]) throws(ToposcopeError) {
    let columns = rows.first?.count ?? 0
    if let ragged = rows.firstIndex(where: { $0.count != columns }) {
      throw ToposcopeError(.shape, row: ragged, value: Double(rows[ragged].count))
    }
    let flat = try AlignedMemory<Double>(rows.count * columns)
    for (i, row) in rows.enumerated() {
      for (j, value) in row.enumerated() { flat.pointer[i * columns + j] = value }
    }
    try self.init(
      StridedArray(
        data: flat.pointer, rows: rows.count, columns: columns, rowStride: columns * 8, columnStride: 8,
        elementType: .float64))
  }

  /// The points of two clouds of one dimension, in single precision if both are.
  convenience init(_ first: PointCloud, followedBy second: PointCloud) throws(ToposcopeError) {
    let isSingle = first.elementType == .float32 && second.elementType == .float32
    let width = isSingle ? 4 : 8
    let (rows, columns) = (first.count + second.count, first.dimension)
    let (numbers, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, numbers <= Int.max / width else {
      throw ToposcopeError(.memory, value: Double(rows) * Double(columns) * Double(width))
    }
    let bytes = try AlignedMemory<UInt8>(numbers * width)
    for (cloud, start) in [(first, 0), (second, first.count)] {
      let target = UnsafeMutableRawPointer(bytes.pointer) + start * columns * width
      if isSingle {
        target.copyMemory(from: cloud.coordinates, byteCount: cloud.count * columns * width)
      } else {
        let target = target.assumingMemoryBound(to: Double.self)
        for i in 0..<cloud.count { cloud.load(i, to: target + i * columns) }
      }
    }
    try self.init(
      StridedArray(
        data: bytes.pointer, rows: rows, columns: columns, rowStride: columns * width, columnStride: width,
        elementType: isSingle ? .float32 : .float64))
  }

  /// The points of a cloud in another order.
  init(_ cloud: PointCloud, order: [Int32], threads: Int, progress: Progress) throws(ToposcopeError) {
    (count, dimension, elementType) = (order.count, cloud.dimension, cloud.elementType)
    greatestMagnitude = cloud.greatestMagnitude
    let bytes = dimension * (elementType == .float32 ? 4 : 8)
    let owned = try AlignedMemory<UInt8>(count * bytes)
    try Threads.forEach(chunks: count, threads: bytes < 1 << 12 ? 1 : threads, progress: progress) { place in
      UnsafeMutableRawPointer(owned.pointer + place * bytes)
        .copyMemory(from: cloud.coordinates + Int(order[place]) * bytes, byteCount: bytes)
    }
    storage = owned
    coordinates = UnsafeRawPointer(owned.pointer)
  }

  /// A coordinate of a point.
  subscript(point: Int, coordinate: Int) -> Double {
    switch elementType {
    case .float32: Double(coordinates.assumingMemoryBound(to: Float.self)[point * dimension + coordinate])
    case .float64: coordinates.assumingMemoryBound(to: Double.self)[point * dimension + coordinate]
    }
  }

  /// The coordinates of one point, of the type that ``elementType`` says.
  func row<T>(_ point: Int, as type: T.Type) -> UnsafePointer<T> {
    coordinates.assumingMemoryBound(to: T.self) + point * dimension
  }

  /// The coordinates in the order in which the kernels read them.
  func panels<Scalar: Summable>(
    of type: Scalar.Type, threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Scalar> {
    try PanelTable(count: count, length: dimension, threads: threads, progress: progress) { i, range, out in
      switch self.elementType {
      case .float32:
        let x = self.row(i, as: Float.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(x[k]) }
      case .float64:
        let x = self.row(i, as: Double.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(x[k]) }
      }
    }
  }

  /// Writes the coordinates of one point in double precision.
  func load(_ point: Int, to target: UnsafeMutablePointer<Double>) {
    switch elementType {
    case .float32:
      let row = coordinates.assumingMemoryBound(to: Float.self) + point * dimension
      for j in 0..<dimension { target[j] = Double(row[j]) }
    case .float64:
      target.update(from: coordinates.assumingMemoryBound(to: Double.self) + point * dimension, count: dimension)
    }
  }
}
