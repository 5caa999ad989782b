import CToposcopeProcessor

// What the core calls: for each operation and element type one function on a panel and a
// row of panels, one on a point and a panel.

public func floatSquaresPairs(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ panelStride: Int, _ panels: Int, _ length: Int, _ chain: Int,
  _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(FloatSquares.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func floatSquaresRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(FloatSquares.self, x, y, length, chain, strand, out)
}

public func floatMagnitudesPairs(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ panelStride: Int, _ panels: Int, _ length: Int, _ chain: Int,
  _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(FloatMagnitudes.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func floatMagnitudesRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(FloatMagnitudes.self, x, y, length, chain, strand, out)
}

public func floatGreatestPairs(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ panelStride: Int, _ panels: Int, _ length: Int, _ chain: Int,
  _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(FloatGreatest.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func floatGreatestRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(FloatGreatest.self, x, y, length, chain, strand, out)
}

public func floatProductsPairs(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ panelStride: Int, _ panels: Int, _ length: Int, _ chain: Int,
  _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(FloatProducts.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func floatProductsRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(FloatProducts.self, x, y, length, chain, strand, out)
}

public func doubleSquaresPairs(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ panelStride: Int, _ panels: Int, _ length: Int,
  _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(DoubleSquares.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func doubleSquaresRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(DoubleSquares.self, x, y, length, chain, strand, out)
}

public func doubleMagnitudesPairs(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ panelStride: Int, _ panels: Int, _ length: Int,
  _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(DoubleMagnitudes.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func doubleMagnitudesRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(DoubleMagnitudes.self, x, y, length, chain, strand, out)
}

public func doubleGreatestPairs(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ panelStride: Int, _ panels: Int, _ length: Int,
  _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(DoubleGreatest.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func doubleGreatestRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(DoubleGreatest.self, x, y, length, chain, strand, out)
}

public func doubleProductsPairs(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ panelStride: Int, _ panels: Int, _ length: Int,
  _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  panelPairs(DoubleProducts.self, x, y, panelStride, panels, length, chain, strand, out, outStride)
}

public func doubleProductsRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  panelRow(DoubleProducts.self, x, y, length, chain, strand, out)
}

/// Writes the square roots of `count` numbers, a multiple of four, in single precision. Returns whether all numbers were
/// in `least ... greatest`.
public func squareRoots(
  _ values: UnsafePointer<Double>, _ count: Int, _ least: Double, _ greatest: Double, _ out: UnsafeMutablePointer<Float>
) -> Bool {
  toposcope_square_roots(values, count, least, greatest, out) != 0
}

/// The same by square roots of single precision, which take a third of the time and cost another quarter of a unit in the
/// last place; a number beyond single precision is out of every range.
public func squareRootsOfSingles(
  _ values: UnsafePointer<Double>, _ count: Int, _ least: Float, _ greatest: Float, _ out: UnsafeMutablePointer<Float>
) -> Bool {
  toposcope_square_roots_of_singles(values, count, least, greatest, out) != 0
}

/// Writes shift + factor * value, or `limit` where that is less, for `count` numbers, a multiple of four, in single
/// precision. Returns the lowest before it was rounded. The factor is a power of two, so that only the addition rounds.
public func shiftedMultiples(
  _ values: UnsafePointer<Double>, _ count: Int, _ shift: Double, _ factor: Double, _ limit: Double,
  _ out: UnsafeMutablePointer<Float>
) -> Double {
  let (shifts, factors, limits) = (SIMD4(repeating: shift), SIMD4(repeating: factor), SIMD4(repeating: limit))
  var lowest = SIMD4(repeating: Double.infinity)
  var k = 0
  while k < count {
    var result = shifts + UnsafeRawPointer(values + k).loadUnaligned(as: SIMD4<Double>.self) * factors
    result = result.replacing(with: limits, where: result .> limits)
    lowest = lowest.replacing(with: result, where: result .< lowest)
    UnsafeMutableRawPointer(out + k).storeBytes(
      of: SIMD4(Float(result[0]), Float(result[1]), Float(result[2]), Float(result[3])), as: SIMD4<Float>.self)
    k &+= 4
  }
  let (a, b) = (lowest[0] < lowest[1] ? lowest[0] : lowest[1], lowest[2] < lowest[3] ? lowest[2] : lowest[3])
  return a < b ? a : b
}
