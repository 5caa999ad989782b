import CToposcopeProcessor

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Points as directions: unit vectors u, v, whose distances follow from |u - v|^2.
///
/// 1 - u.v would lose small angles to cancellation; |u - v|^2 / 2 is the same number without it.
struct Directions: Sendable {
  /// u = ((x * scale - first) - mean) * factor. The scale is a power of two, so that squares neither overflow nor vanish;
  /// first and mean are zero but for the correlation. Taking away the first coordinate before the mean keeps the digits
  /// of a row that is nearly constant.
  struct Frame: BitwiseCopyable {
    var (scale, first, mean, factor) = (1.0, 0.0, 0.0, 0.0)

    @inline(__always)
    func unit(_ x: Double) -> Double { ((x * scale - first) - mean) * factor }
  }

  private let cloud: PointCloud
  private let frames: AlignedMemory<Frame>

  /// - Throws: ``ToposcopeError/Kind/zeroVector`` with the first row that has no direction, and how many there are.
  init(_ cloud: PointCloud, centered: Bool, threads: Int, progress: Progress) throws(ToposcopeError) {
    self.cloud = cloud
    let frames = try AlignedMemory<Frame>(cloud.count)
    self.frames = frames
    try Self.forEachBand(cloud, threads: threads, progress: progress) { i in
      (frames.pointer + i).initialize(
        to: cloud.elementType == .float32
          ? Self.singleFrame(cloud.row(i, as: Float.self), cloud.dimension, centered: centered)
          : Self.doubleFrame(cloud.row(i, as: Double.self), cloud.dimension, centered: centered))
    }
    let zeros = (0..<cloud.count).filter { frames.pointer[$0].factor == 0 }
    if let first = zeros.first { throw ToposcopeError(.zeroVector, row: first, value: Double(zeros.count)) }
  }

  /// The same directions in another order, which is that of `cloud`.
  init(_ directions: Directions, cloud: PointCloud, order: [Int32]) throws(ToposcopeError) {
    self.cloud = cloud
    frames = try AlignedMemory(directions.frames, order: order)
  }

  private static func forEachBand(
    _ cloud: PointCloud, threads: Int, progress: Progress, _ body: (_ point: Int) -> Void
  ) throws(ToposcopeError) {
    let band = max(1, min(64, 1_000_000 / max(1, cloud.dimension)))
    let bands = (cloud.count + band - 1) / band
    // Threads cost more than little work gains.
    let threads = cloud.count * cloud.dimension < 100_000 ? 1 : Threads.resolve(threads)
    try Threads.forEach(chunks: bands, threads: threads, progress: progress) { c in
      for i in c * band..<min(cloud.count, (c + 1) * band) { body(i) }
    }
  }

  /// A frame with factor zero says that the row has no direction. Squares of single-precision numbers have room in double
  /// precision, so the scale is one.
  private static func singleFrame(_ x: UnsafePointer<Float>, _ dimension: Int, centered: Bool) -> Frame {
    var frame = Frame()
    if centered {
      // A constant row has no direction; its mean, rounded, would give it one.
      if (1..<max(1, dimension)).allSatisfy({ x[$0] == x[0] }) { return frame }
      frame.first = Double(x[0])
      let shifted = sumOfBlocks(dimension) { KernelSet.best.shiftedSum(x + $0.lowerBound, $0.count, frame.first) }
      frame.mean = shifted / Double(dimension)
    }
    let squares = sumOfBlocks(dimension) {
      KernelSet.best.shiftedSquares(x + $0.lowerBound, $0.count, frame.first, frame.mean)
    }
    if squares > 0 { frame.factor = 1 / squares.squareRoot() }
    return frame
  }

  private static func doubleFrame(_ x: UnsafePointer<Double>, _ dimension: Int, centered: Bool) -> Frame {
    var frame = Frame()
    var greatest = 0.0
    for k in 0..<dimension {
      let size = x[k].magnitude
      if size > greatest { greatest = size }
    }
    if greatest == 0 { return frame }
    frame.scale = scalbn(1.0, Int32(-max(-1000, min(1000, Int(greatest.exponent)))))
    if centered {
      if (1..<dimension).allSatisfy({ x[$0] == x[0] }) { return frame }
      frame.first = x[0] * frame.scale
      let shifted = sumOfBlocks(dimension) { block in laneSum(block) { x[$0] * frame.scale - frame.first } }
      frame.mean = shifted / Double(dimension)
    }
    let squares = sumOfBlocks(dimension) { block in
      laneSum(block) {
        let centered = (x[$0] * frame.scale - frame.first) - frame.mean
        return centered * centered
      }
    }
    frame.factor = 1 / squares.squareRoot()
    return frame
  }

  /// A sum over all coordinates, block by block, whose error does not grow with their number: so unit vectors of parallel
  /// vectors are equal up to ``rounding``. What is lost when blocks are added is added at the end (Knuth's two-sum).
  @inline(__always)
  private static func sumOfBlocks(_ count: Int, _ block: (Range<Int>) -> Double) -> Double {
    var (sum, lost) = (0.0, 0.0)
    for start in stride(from: 0, to: count, by: 128) {
      let part = block(start..<min(start + 128, count))
      let next = sum + part
      let added = next - sum
      lost += (sum - (next - added)) + (part - added)
      sum = next
    }
    return sum + lost
  }

  /// A sum in eight interleaved parts, which the processor adds at the same time.
  @inline(__always)
  private static func laneSum(_ range: Range<Int>, _ term: (Int) -> Double) -> Double {
    var sums = SIMD8<Double>()
    var k = range.lowerBound
    while k + 8 <= range.upperBound {
      for lane in 0..<8 { sums[lane] += term(k + lane) }
      k += 8
    }
    while k < range.upperBound {
      sums[k & 7] += term(k)
      k += 1
    }
    return sums.sum()
  }

  /// The directions.
  func table<Scalar: Summable>(
    threads: Int, progress: Progress
  ) throws(ToposcopeError) -> PanelTable<Scalar> {
    let (cloud, frames) = (self.cloud, self.frames.pointer)
    return try PanelTable(count: cloud.count, length: cloud.dimension, threads: threads, progress: progress) {
      i, range, out in
      let frame = frames[i]
      switch cloud.elementType {
      case .float32:
        let x = cloud.row(i, as: Float.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(frame.unit(Double(x[k]))) }
      case .float64:
        let x = cloud.row(i, as: Double.self) + range.lowerBound
        for k in 0..<range.count { out[k] = Scalar(frame.unit(x[k])) }
      }
    }
  }

  /// The directions of single-precision points in single precision, and the length of the error that rounding makes in
  /// each.
  func roundedTable(
    threads: Int, progress: Progress
  ) throws(ToposcopeError) -> (table: PanelTable<Float>, errors: AlignedMemory<Float>) {
    let (cloud, frames) = (self.cloud, self.frames.pointer)
    let squares = try AlignedMemory<Double>(cloud.count)
    squares.pointer.initialize(repeating: 0, count: cloud.count)
    let table = try PanelTable<Float>(
      count: cloud.count, length: cloud.dimension, threads: threads, progress: progress
    ) { i, range, out in
      let frame = frames[i]
      squares.pointer[i] += KernelSet.best.units(
        cloud.row(i, as: Float.self) + range.lowerBound, range.count, frame.first, frame.mean, frame.factor, out)
    }
    let errors = try AlignedMemory<Float>(cloud.count)
    for i in 0..<cloud.count { errors.pointer[i] = Float(squares.pointer[i].squareRoot()) }
    return (table, errors)
  }

  /// |u - v|^2 of single-precision points in double precision, from the points themselves.
  func squaredDifference(_ i: Int, _ j: Int) -> Double {
    let (a, b) = (frames.pointer[i], frames.pointer[j])  // of single-precision points the scale is one
    return KernelSet.best.squaredDifference(
      cloud.row(i, as: Float.self), cloud.row(j, as: Float.self), cloud.dimension, a.first, a.mean, a.factor, b.first,
      b.mean, b.factor)
  }

  /// Two directions that differ by less than the rounding of unit vectors are the same: parallel vectors are at
  /// distance zero, whatever their lengths.
  static let rounding = 0x1p-100

  /// More than the difference of two directions is off by where they are rounded to single precision.
  static let greatestError = 0x1p-20

  static func cosineDistance(_ squaredDifference: Double) -> Double {
    squaredDifference < rounding ? 0 : min(2, squaredDifference / 2)
  }
}
