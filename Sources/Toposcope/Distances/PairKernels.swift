import CToposcopeProcessor

/// What is summed over the coordinates.
enum PairSum {
  case squares, magnitudes, greatest, products
}

/// Numbers of which the inner loops make sums.
protocol Summable: BinaryFloatingPoint, BitwiseCopyable {
  static func kernels(_ sum: PairSum, of set: KernelSet) -> PairKernels<Self>
}

/// The inner loops of one sum: functions without a state.
struct PairKernels<Scalar: Summable>: @unchecked Sendable {
  /// A panel; the first of a row of panels, numbers from one to the next, how many; length, chain, strand; sums, their
  /// stride; what is fetched meanwhile, half as much as the panel, if anything.
  typealias Pairs =
    (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Double>, Int,
      UnsafePointer<Scalar>?
    ) -> Void
  /// The coordinates of a point; a panel; length, chain, strand; sums.
  typealias Row =
    (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, UnsafeMutablePointer<Double>
    ) -> Void
  /// As `Pairs`, but how sums are finished, the distances, their stride, and memory for 256 numbers; whether all sums were
  /// in range.
  typealias Distances =
    (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, Int, Int, Finish, UnsafeMutablePointer<Float>, Int,
      UnsafeMutablePointer<Double>
    ) -> Bool

  let pairs: Pairs
  let row: Row
  let distances: Distances

  /// Those that this processor runs fastest.
  static func choose(_ sum: PairSum) -> PairKernels { Scalar.kernels(sum, of: .best) }
}

extension Float: Summable {
  static func kernels(_ sum: PairSum, of set: KernelSet) -> PairKernels<Float> {
    let sums =
      switch sum {
      case .squares: set.floatSquares
      case .magnitudes: set.floatMagnitudes
      case .greatest: set.floatGreatest
      case .products: set.floatProducts
      }
    return PairKernels(pairs: sums.pairs, row: sums.row, distances: sums.distances)
  }
}

extension Double: Summable {
  static func kernels(_ sum: PairSum, of set: KernelSet) -> PairKernels<Double> {
    let sums =
      switch sum {
      case .squares: set.doubleSquares
      case .magnitudes: set.doubleMagnitudes
      case .greatest: set.doubleGreatest
      case .products: set.doubleProducts
      }
    return PairKernels(pairs: sums.pairs, row: sums.row, distances: sums.distances)
  }
}
