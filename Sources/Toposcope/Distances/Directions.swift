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
enum Directions {
  /// Divides every row by its length, after taking its mean away where `centered`.
  /// - Throws: ``ToposcopeError/Kind/zeroVector`` with the first row that has no direction, and how many there are.
  static func normalize(
    _ values: UnsafeMutablePointer<Double>, count: Int, dimension: Int, centered: Bool
  ) throws(ToposcopeError) {
    var (zeros, firstZero) = (0, ToposcopeError.nowhere)
    for i in 0..<count where !normalize(values + i * dimension, dimension: dimension, centered: centered) {
      if zeros == 0 { firstZero = i }
      zeros += 1
    }
    if zeros > 0 { throw ToposcopeError(.zeroVector, row: firstZero, value: Double(zeros)) }
  }

  /// Returns false where the vector has no direction.
  static func normalize(_ x: UnsafeMutablePointer<Double>, dimension: Int, centered: Bool) -> Bool {
    var greatest = 0.0
    for k in 0..<dimension { greatest = max(greatest, x[k].magnitude) }
    if greatest == 0 { return false }
    // A power of two brings the numbers near 1 without rounding: their squares neither overflow nor vanish.
    let exponent = -greatest.exponent
    for k in 0..<dimension { x[k] = scalbn(x[k], Int32(exponent)) }
    if centered {
      // A constant row has no direction; its mean, rounded, would give it one.
      let first = x[0]
      if !(1..<dimension).contains(where: { x[$0] != first }) { return false }
      // Differences from the first coordinate are exact where the row is nearly constant, and their mean is small.
      var sum = 0.0
      for k in 0..<dimension {
        x[k] -= first
        sum += x[k]
      }
      let mean = sum / Double(dimension)
      for k in 0..<dimension { x[k] -= mean }
    }
    var squares = 0.0
    for k in 0..<dimension { squares += x[k] * x[k] }
    let length = squares.squareRoot()
    for k in 0..<dimension { x[k] /= length }
    return true
  }

  /// Two directions that differ by less than the rounding of unit vectors are the same: parallel vectors are at
  /// distance zero, whatever their lengths.
  private static let rounding = 0x1p-102

  static func cosineDistance(_ squaredDifference: Double) -> Double {
    squaredDifference < rounding ? 0 : min(2, squaredDifference / 2)
  }

  /// The angle in half turns. |u + v|^2 = 4 - |u - v|^2, and the arctangent is accurate at both ends.
  static func angularDistance(_ squaredDifference: Double) -> Double {
    if squaredDifference < rounding { return 0 }
    let squaredSum = max(0, 4 - squaredDifference)
    return min(1, 2 * atan2(squaredDifference.squareRoot(), squaredSum.squareRoot()) / Double.pi)
  }
}
