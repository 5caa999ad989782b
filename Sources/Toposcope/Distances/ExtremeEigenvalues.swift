/// The greatest eigenvalue of a symmetric operator by the Lanczos method with full reorthogonalisation.
///
/// A few dozen products of the operator with a vector give the end of the spectrum to far more digits than a condition
/// number is read to. Parlett, "The symmetric eigenvalue problem" (1980), chapter 13.
enum ExtremeEigenvalues {
  static func greatest(order n: Int, apply: (_ x: [Double], _ y: inout [Double]) -> Void) -> Double {
    if n == 0 { return .nan }
    var basis: [[Double]] = []
    var (diagonal, offDiagonal): ([Double], [Double]) = ([], [])
    var vector = startVector(n)
    var image = [Double](repeating: 0, count: n)
    var estimate = 0.0
    for step in 0..<min(n, 200) {
      basis.append(vector)
      apply(vector, &image)
      diagonal.append(dot(image, vector))
      for _ in 0..<2 {
        for earlier in basis { subtract(dot(image, earlier), of: earlier, from: &image) }
      }
      let length = dot(image, image).squareRoot()
      let improved = greatestEigenvalue(diagonal, offDiagonal)
      let settled = step >= 8 && abs(improved - estimate) <= 1e-10 * abs(improved)
      estimate = improved
      if settled || length <= 1e-14 * abs(improved) { break }
      offDiagonal.append(length)
      for i in 0..<n { vector[i] = image[i] / length }
    }
    return estimate
  }

  /// Without pattern, so that it is orthogonal to no eigenvector, and the same on every machine.
  private static func startVector(_ n: Int) -> [Double] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    var vector = (0..<n).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state)) * 0x1p-63 + 0.01
    }
    let length = dot(vector, vector).squareRoot()
    for i in 0..<n { vector[i] /= length }
    return vector
  }

  /// Of a symmetric tridiagonal matrix, by bisection on the number of negative pivots (Sturm's sequence).
  private static func greatestEigenvalue(_ diagonal: [Double], _ offDiagonal: [Double]) -> Double {
    let m = diagonal.count
    func radius(_ i: Int) -> Double {
      (i > 0 ? abs(offDiagonal[i - 1]) : 0) + (i + 1 < m ? abs(offDiagonal[i]) : 0)
    }
    var low = diagonal.max()!
    var high = (0..<m).map { diagonal[$0] + radius($0) }.max()!
    for _ in 0..<100 {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { break }
      // middle is above every eigenvalue if all pivots of (middle - T) are positive.
      var pivot = middle - diagonal[0]
      var isAbove = pivot > 0
      for i in 1..<max(m, 1) where isAbove {
        pivot = middle - diagonal[i] - offDiagonal[i - 1] * offDiagonal[i - 1] / pivot
        isAbove = pivot > 0
      }
      if isAbove { high = middle } else { low = middle }
    }
    return low + (high - low) / 2
  }

  private static func dot(_ x: [Double], _ y: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<x.count { sum += x[i] * y[i] }
    return sum
  }

  private static func subtract(_ factor: Double, of x: [Double], from y: inout [Double]) {
    for i in 0..<y.count { y[i] -= factor * x[i] }
  }
}
