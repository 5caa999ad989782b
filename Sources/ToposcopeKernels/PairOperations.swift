import CToposcopeProcessor

// One register of the processor that is compiled for: 64 bytes with AVX-512, 32 with AVX2, else 16.
#if TOPOSCOPE_V4
  typealias FloatLanes = SIMD16<Float>
  typealias HalfFloatLanes = SIMD8<Float>
  typealias DoubleLanes = SIMD8<Double>
#elseif TOPOSCOPE_V3
  typealias FloatLanes = SIMD8<Float>
  typealias HalfFloatLanes = SIMD4<Float>
  typealias DoubleLanes = SIMD4<Double>
#else
  typealias FloatLanes = SIMD4<Float>
  typealias HalfFloatLanes = SIMD2<Float>
  typealias DoubleLanes = SIMD2<Double>
#endif

/// sum + a * b, with one rounding where the processor has that instruction; where it has not, the fused operation would be
/// a call of the C library for every lane.
@inline(__always)
func fused(_ sum: inout FloatLanes, _ a: FloatLanes, _ b: FloatLanes) {
  #if TOPOSCOPE_V3 || TOPOSCOPE_V4 || arch(arm64)
    sum.addProduct(a, b)
  #else
    sum += a * b
  #endif
}

@inline(__always)
func fused(_ sum: inout DoubleLanes, _ a: DoubleLanes, _ b: DoubleLanes) {
  #if TOPOSCOPE_V3 || TOPOSCOPE_V4 || arch(arm64)
    sum.addProduct(a, b)
  #else
    sum += a * b
  #endif
}

extension PairOperation where Lanes == FloatLanes {
  @inline(__always) static func finish(
    _ sum: Lanes, _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Lanes, _ high: inout Lanes
  ) {
    low = toposcope_lesser(sum, low)
    high = toposcope_greater(sum, high)
    UnsafeMutableRawPointer(out).storeBytes(of: toposcope_finish_floats(sum, form), as: FloatLanes.self)
  }

  @inline(__always) static func finish(
    _ products: Lanes, _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish,
    to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    let isLow = toposcope_finish_products_in_register(widened(products.lowHalf), half, halves, finish, out)
    let isHigh = toposcope_finish_products_in_register(
      widened(products.highHalf), half, halves + doubleWidth, finish, out + doubleWidth)
    return isLow && isHigh
  }
}

extension PairOperation where Lanes == DoubleLanes {
  @inline(__always) static func finish(
    _ sum: Lanes, _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Lanes, _ high: inout Lanes
  ) {
    low = toposcope_lesser_doubles(sum, low)
    high = toposcope_greater_doubles(sum, high)
    UnsafeMutableRawPointer(out).storeBytes(of: toposcope_finish_doubles(sum, form), as: HalfFloatLanes.self)
  }

  @inline(__always) static func finish(
    _ products: Lanes, _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish,
    to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    toposcope_finish_products_in_register(products, half, halves, finish, out)
  }
}

/// Half a register of single precision as a register of double precision.
@inline(__always)
func widened(_ half: HalfFloatLanes) -> DoubleLanes {
  #if TOPOSCOPE_V4
    DoubleLanes(
      Double(half[0]), Double(half[1]), Double(half[2]), Double(half[3]), Double(half[4]), Double(half[5]),
      Double(half[6]), Double(half[7]))
  #elseif TOPOSCOPE_V3
    DoubleLanes(Double(half[0]), Double(half[1]), Double(half[2]), Double(half[3]))
  #else
    DoubleLanes(Double(half[0]), Double(half[1]))
  #endif
}

@inline(__always) var doubleWidth: Int { MemoryLayout<DoubleLanes>.size / 8 }
@inline(__always) var floatWidth: Int { MemoryLayout<FloatLanes>.size / 4 }

@inline(__always)
func addToMemory(_ sum: DoubleLanes, _ out: UnsafeMutablePointer<Double>) {
  let memory = UnsafeMutableRawPointer(out)
  memory.storeBytes(of: memory.loadUnaligned(as: DoubleLanes.self) + sum, as: DoubleLanes.self)
}

@inline(__always)
func joinGreatest(_ values: DoubleLanes, _ out: UnsafeMutablePointer<Double>) {
  let memory = UnsafeMutableRawPointer(out)
  let before = memory.loadUnaligned(as: DoubleLanes.self)
  memory.storeBytes(of: before.replacing(with: values, where: values .> before), as: DoubleLanes.self)
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

/// The greater of two numbers without sign, lane by lane, and NaN the greatest of all: as integers they have that order.
@inline(__always)
func greaterBits(_ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
  let (i, j) = (unsafeBitCast(a, to: SignMask.FloatBits.self), unsafeBitCast(b, to: SignMask.FloatBits.self))
  return unsafeBitCast(j.replacing(with: i, where: i .> j), to: FloatLanes.self)
}

private enum SignMask {
  #if TOPOSCOPE_V4
    typealias FloatBits = SIMD16<Int32>
    typealias DoubleBits = SIMD8<Int64>
  #elseif TOPOSCOPE_V3
    typealias FloatBits = SIMD8<Int32>
    typealias DoubleBits = SIMD4<Int64>
  #else
    typealias FloatBits = SIMD4<Int32>
    typealias DoubleBits = SIMD2<Int64>
  #endif
  @inline(__always) static var float: FloatBits { FloatBits(repeating: .max) }
  @inline(__always) static var double: DoubleBits { DoubleBits(repeating: .max) }
}

/// The sum of (x - y)^2.
enum FloatSquares: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { true }
  #if TOPOSCOPE_V4
    // Elsewhere sums would have to leave the registers for them, which costs more than roots do.
    @inline(__always) static var takesRootsLate: Bool { true }
  #endif
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    let difference = x - y
    fused(&sum, difference, difference)
  }
  @inline(__always) static func join(_ chain: FloatLanes, to sum: inout FloatLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: FloatLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(widened(sum.lowHalf), out)
    addToMemory(widened(sum.highHalf), out + doubleWidth)
  }
}

/// The sum of |x - y|. The addition is a fused operation with a factor of one: differences keep the adders busy already.
enum FloatMagnitudes: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { false }
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    fused(&sum, magnitude(x - y), FloatLanes(repeating: 1))
  }
  @inline(__always) static func join(_ chain: FloatLanes, to sum: inout FloatLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: FloatLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(widened(sum.lowHalf), out)
    addToMemory(widened(sum.highHalf), out + doubleWidth)
  }
}

/// The greatest |x - y|.
enum FloatGreatest: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { false }
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    #if TOPOSCOPE_V4
      sum = toposcope_greater_magnitudes(x - y, sum)
    #elseif TOPOSCOPE_V3 || arch(arm64)
      sum = greaterBits(magnitude(x - y), sum)  // more units of the processor compare integers
    #else
      let size = magnitude(x - y)
      sum = sum.replacing(with: size, where: size .> sum)  // SSE2 has no greatest of integers
    #endif
  }
  @inline(__always) static func join(_ chain: FloatLanes, to sum: inout FloatLanes) {
    sum = sum.replacing(with: chain, where: chain .> sum)
  }
  @inline(__always) static func flush(_ sum: FloatLanes, to out: UnsafeMutablePointer<Double>) {
    joinGreatest(widened(sum.lowHalf), out)
    joinGreatest(widened(sum.highHalf), out + doubleWidth)
  }
}

/// The sum of (x - y)^2.
enum DoubleSquares: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { true }
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    let difference = x - y
    fused(&sum, difference, difference)
  }
  @inline(__always) static func join(_ chain: DoubleLanes, to sum: inout DoubleLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: DoubleLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(sum, out)
  }
}

/// The sum of |x - y|.
enum DoubleMagnitudes: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { false }
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    fused(&sum, magnitude(x - y), DoubleLanes(repeating: 1))
  }
  @inline(__always) static func join(_ chain: DoubleLanes, to sum: inout DoubleLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: DoubleLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(sum, out)
  }
}

/// The greatest |x - y|.
enum DoubleGreatest: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { false }
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    #if TOPOSCOPE_V4
      sum = toposcope_greater_double_magnitudes(x - y, sum)
    #else
      let size = magnitude(x - y)
      sum = sum.replacing(with: size, where: size .> sum)
    #endif
  }
  @inline(__always) static func join(_ chain: DoubleLanes, to sum: inout DoubleLanes) {
    sum = sum.replacing(with: chain, where: chain .> sum)
  }
  @inline(__always) static func flush(_ sum: DoubleLanes, to out: UnsafeMutablePointer<Double>) {
    joinGreatest(sum, out)
  }
}

/// The sum of x y.
enum FloatProducts: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { true }
  @inline(__always) static func add(_ x: FloatLanes, _ y: FloatLanes, to sum: inout FloatLanes) {
    fused(&sum, x, y)
  }
  @inline(__always) static func join(_ chain: FloatLanes, to sum: inout FloatLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: FloatLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(widened(sum.lowHalf), out)
    addToMemory(widened(sum.highHalf), out + doubleWidth)
  }
}

/// The sum of x y.
enum DoubleProducts: PairOperation {
  @inline(__always) static var takesThreeVectors: Bool { true }
  @inline(__always) static func add(_ x: DoubleLanes, _ y: DoubleLanes, to sum: inout DoubleLanes) {
    fused(&sum, x, y)
  }
  @inline(__always) static func join(_ chain: DoubleLanes, to sum: inout DoubleLanes) { sum += chain }
  @inline(__always) static func flush(_ sum: DoubleLanes, to out: UnsafeMutablePointer<Double>) {
    addToMemory(sum, out)
  }
}
