import CToposcopeProcessor

/// The kernels of this module: all that the core calls. Not to be optimised across modules, or the kernels would be compiled
/// again in the core, for any processor.
@_semantics("optimize.no.crossmodule")
public func kernelSet() -> KernelSet {
  KernelSet(
    floatSquares: FloatSums(
      pairs: { panelPairs(FloatSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(FloatSquares.self, $0, $1, $2, $3, $4, $5) }),
    floatMagnitudes: FloatSums(
      pairs: { panelPairs(FloatMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(FloatMagnitudes.self, $0, $1, $2, $3, $4, $5) }),
    floatGreatest: FloatSums(
      pairs: { panelPairs(FloatGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(FloatGreatest.self, $0, $1, $2, $3, $4, $5) }),
    floatProducts: FloatSums(
      pairs: { panelPairs(FloatProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(FloatProducts.self, $0, $1, $2, $3, $4, $5) }),
    doubleSquares: DoubleSums(
      pairs: { panelPairs(DoubleSquares.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(DoubleSquares.self, $0, $1, $2, $3, $4, $5) }),
    doubleMagnitudes: DoubleSums(
      pairs: { panelPairs(DoubleMagnitudes.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(DoubleMagnitudes.self, $0, $1, $2, $3, $4, $5) }),
    doubleGreatest: DoubleSums(
      pairs: { panelPairs(DoubleGreatest.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(DoubleGreatest.self, $0, $1, $2, $3, $4, $5) }),
    doubleProducts: DoubleSums(
      pairs: { panelPairs(DoubleProducts.self, $0, $1, $2, $3, $4, $5, $6, $7, $8) },
      row: { panelRow(DoubleProducts.self, $0, $1, $2, $3, $4, $5) }),
    narrowed: { toposcope_narrow($0, $1, $2, $3, $4, TOPOSCOPE_AS_IT_IS) },
    squareRoots: { toposcope_narrow($0, $1, $2, $3, $4, TOPOSCOPE_ROOT) },
    // A third of the time of roots in double precision, and another quarter of a unit in the last place.
    squareRootsOfSingles: { toposcope_narrow($0, $1, $2, $3, $4, TOPOSCOPE_ROOT_OF_SINGLE) },
    shiftedMultiples: { shiftedMultiples($0, $1, $2, $3, $4, $5) },
    shiftedSum: { shiftedSum($0, $1, $2) },
    shiftedSquares: { shiftedSquares($0, $1, $2, $3) },
    units: { units($0, $1, $2, $3, $4, $5) },
    squaredDifference: { squaredDifference($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    greatestMagnitude: { greatestMagnitude($0, $1) },
    transpose: { transpose($0, $1, $2, $3, $4, $5) },
    gatherBits: { gatherBits($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    center: { center($0, $1, $2, $3, $4, $5, $6) },
    removeDominated: { removeDominated($0, $1, $2, $3, $4) },
    leastGreatest: { toposcope_least_greatest($0, $1, $2, $3, $4) },
    keys: { keys($0, $1, $2, $3, $4, $5, $6) },
    isMirrored: { isMirrored($0, $1, $2, $3, $4, $5) })
}

/// Writes shift + factor * value, or `limit` where that is less, for `count` numbers, a multiple of four, in single
/// precision. Returns the lowest before it was rounded. The factor is a power of two, so that only the addition rounds.
func shiftedMultiples(
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
