// One register of the processor that is compiled for: 32 bytes with AVX2, else 16.
#if TOPOSCOPE_WIDE_LANES
  typealias FloatLanes = SIMD8<Float>
  typealias DoubleLanes = SIMD4<Double>
#else
  typealias FloatLanes = SIMD4<Float>
  typealias DoubleLanes = SIMD2<Double>
#endif

/// sum + a * b, with one rounding where the processor has that instruction; where it has not, the fused operation would be
/// a call of the C library for every lane.
@inline(__always)
func fused(_ sum: inout FloatLanes, _ a: FloatLanes, _ b: FloatLanes) {
  #if TOPOSCOPE_WIDE_LANES || arch(arm64)
    sum.addProduct(a, b)
  #else
    sum += a * b
  #endif
}

@inline(__always)
func fused(_ sum: inout DoubleLanes, _ a: DoubleLanes, _ b: DoubleLanes) {
  #if TOPOSCOPE_WIDE_LANES || arch(arm64)
    sum.addProduct(a, b)
  #else
    sum += a * b
  #endif
}

@inline(__always)
func laneSum(_ lanes: FloatLanes) -> Double {
  #if TOPOSCOPE_WIDE_LANES
    let four = lanes.lowHalf + lanes.highHalf
  #else
    let four = lanes
  #endif
  let two = four.lowHalf + four.highHalf
  return Double(two.x + two.y)
}

@inline(__always)
func laneSum(_ lanes: DoubleLanes) -> Double {
  #if TOPOSCOPE_WIDE_LANES
    let two = lanes.lowHalf + lanes.highHalf
  #else
    let two = lanes
  #endif
  return two.x + two.y
}

@inline(__always)
func laneMaximum(_ lanes: FloatLanes) -> Double {
  #if TOPOSCOPE_WIDE_LANES
    let four = lanes.lowHalf.replacing(with: lanes.highHalf, where: lanes.highHalf .> lanes.lowHalf)
  #else
    let four = lanes
  #endif
  let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
  return Double(two.x > two.y ? two.x : two.y)
}

@inline(__always)
func laneMaximum(_ lanes: DoubleLanes) -> Double {
  #if TOPOSCOPE_WIDE_LANES
    let two = lanes.lowHalf.replacing(with: lanes.highHalf, where: lanes.highHalf .> lanes.lowHalf)
  #else
    let two = lanes
  #endif
  return two.x > two.y ? two.x : two.y
}

/// Clears the sign bits.
@inline(__always)
func magnitude(_ lanes: FloatLanes) -> FloatLanes {
  let mask = SignMask.float
  return unsafeBitCast(unsafeBitCast(lanes, to: type(of: mask)) & mask, to: FloatLanes.self)
}

@inline(__always)
func magnitude(_ lanes: DoubleLanes) -> DoubleLanes {
  let mask = SignMask.double
  return unsafeBitCast(unsafeBitCast(lanes, to: type(of: mask)) & mask, to: DoubleLanes.self)
}

private enum SignMask {
  #if TOPOSCOPE_WIDE_LANES
    @inline(__always) static var float: SIMD8<UInt32> { SIMD8(repeating: 0x7FFF_FFFF) }
    @inline(__always) static var double: SIMD4<UInt64> { SIMD4(repeating: 0x7FFF_FFFF_FFFF_FFFF) }
  #else
    @inline(__always) static var float: SIMD4<UInt32> { SIMD4(repeating: 0x7FFF_FFFF) }
    @inline(__always) static var double: SIMD2<UInt64> { SIMD2(repeating: 0x7FFF_FFFF_FFFF_FFFF) }
  #endif
}

/// The sum of (x - y)^2.
enum FloatSquares: PairOperation {
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    let difference = x - y
    fused(&sum, difference, difference)
  }
  @inline(__always) static func total(_ lanes: FloatLanes) -> Double { laneSum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The sum of |x - y|.
enum FloatMagnitudes: PairOperation {
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    sum += magnitude(x - y)
  }
  @inline(__always) static func total(_ lanes: FloatLanes) -> Double { laneSum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The greatest |x - y|.
enum FloatGreatest: PairOperation {
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    let size = magnitude(x - y)
    sum = sum.replacing(with: size, where: size .> sum)
  }
  @inline(__always) static func total(_ lanes: FloatLanes) -> Double { laneMaximum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a > b ? a : b }
}

/// The sum of (x - y)^2.
enum DoubleSquares: PairOperation {
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    let difference = x - y
    fused(&sum, difference, difference)
  }
  @inline(__always) static func total(_ lanes: DoubleLanes) -> Double { laneSum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The sum of |x - y|.
enum DoubleMagnitudes: PairOperation {
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    sum += magnitude(x - y)
  }
  @inline(__always) static func total(_ lanes: DoubleLanes) -> Double { laneSum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The greatest |x - y|.
enum DoubleGreatest: PairOperation {
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    let size = magnitude(x - y)
    sum = sum.replacing(with: size, where: size .> sum)
  }
  @inline(__always) static func total(_ lanes: DoubleLanes) -> Double { laneMaximum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a > b ? a : b }
}

/// The sum of x y.
enum DoubleProducts: PairOperation {
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    fused(&sum, x, y)
  }
  @inline(__always) static func total(_ lanes: DoubleLanes) -> Double { laneSum(lanes) }
  @inline(__always) static func join(_ a: Double, _ b: Double) -> Double { a + b }
}
