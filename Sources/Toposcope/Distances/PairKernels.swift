import CToposcopeProcessor
import ToposcopeKernels

#if canImport(ToposcopeKernelsV3)
  import ToposcopeKernelsV3
#endif

/// The innermost loops for one operation: those that this processor runs fastest.
struct PairKernels<Scalar: BitwiseCopyable>: Sendable {
  /// Two panels; length; chain; sums, their stride.
  typealias Pairs =
    @Sendable (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, UnsafeMutablePointer<Double>, Int
    ) -> Void
  /// The coordinates of a point; a panel; length; chain; sums.
  typealias Row =
    @Sendable (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, UnsafeMutablePointer<Double>
    ) -> Void

  let pairs: Pairs
  let row: Row
}

/// What is summed over the coordinates.
enum PairSum {
  case squares, magnitudes, greatest
}

enum Processor {
  #if canImport(ToposcopeKernelsV3)
    static let isX86V3 = toposcope_processor_is_x86_64_v3() != 0
  #endif
}

extension PairKernels where Scalar == Float {
  static func choose(_ sum: PairSum) -> PairKernels {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return switch sum {
        case .squares:
          PairKernels(pairs: ToposcopeKernelsV3.floatSquaresPairs, row: ToposcopeKernelsV3.floatSquaresRow)
        case .magnitudes:
          PairKernels(pairs: ToposcopeKernelsV3.floatMagnitudesPairs, row: ToposcopeKernelsV3.floatMagnitudesRow)
        case .greatest:
          PairKernels(pairs: ToposcopeKernelsV3.floatGreatestPairs, row: ToposcopeKernelsV3.floatGreatestRow)
        }
      }
    #endif
    return switch sum {
    case .squares: PairKernels(pairs: ToposcopeKernels.floatSquaresPairs, row: ToposcopeKernels.floatSquaresRow)
    case .magnitudes:
      PairKernels(pairs: ToposcopeKernels.floatMagnitudesPairs, row: ToposcopeKernels.floatMagnitudesRow)
    case .greatest: PairKernels(pairs: ToposcopeKernels.floatGreatestPairs, row: ToposcopeKernels.floatGreatestRow)
    }
  }
}

extension PairKernels where Scalar == Double {
  static func choose(_ sum: PairSum) -> PairKernels {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return switch sum {
        case .squares:
          PairKernels(pairs: ToposcopeKernelsV3.doubleSquaresPairs, row: ToposcopeKernelsV3.doubleSquaresRow)
        case .magnitudes:
          PairKernels(pairs: ToposcopeKernelsV3.doubleMagnitudesPairs, row: ToposcopeKernelsV3.doubleMagnitudesRow)
        case .greatest:
          PairKernels(pairs: ToposcopeKernelsV3.doubleGreatestPairs, row: ToposcopeKernelsV3.doubleGreatestRow)
        }
      }
    #endif
    return switch sum {
    case .squares: PairKernels(pairs: ToposcopeKernels.doubleSquaresPairs, row: ToposcopeKernels.doubleSquaresRow)
    case .magnitudes:
      PairKernels(pairs: ToposcopeKernels.doubleMagnitudesPairs, row: ToposcopeKernels.doubleMagnitudesRow)
    case .greatest: PairKernels(pairs: ToposcopeKernels.doubleGreatestPairs, row: ToposcopeKernels.doubleGreatestRow)
    }
  }

  /// Products of rows, for linear algebra.
  static var products: PairKernels {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return PairKernels(
          pairs: ToposcopeKernelsV3.doubleProductsPairs, row: ToposcopeKernelsV3.doubleProductsRow)
      }
    #endif
    return PairKernels(pairs: ToposcopeKernels.doubleProductsPairs, row: ToposcopeKernels.doubleProductsRow)
  }

  /// Numbers and how many, least, greatest, roots; whether all numbers were in that range.
  static let squareRoots: @Sendable (UnsafePointer<Double>, Int, Double, Double, UnsafeMutablePointer<Float>) -> Bool =
    {
      #if canImport(ToposcopeKernelsV3)
        if Processor.isX86V3 { return ToposcopeKernelsV3.squareRoots }
      #endif
      return ToposcopeKernels.squareRoots
    }()
}

/// Passes over one single-precision point.
struct PointKernels: Sendable {
  let shiftedSum: @Sendable (UnsafePointer<Float>, Int, Double) -> Double
  let shiftedSquares: @Sendable (UnsafePointer<Float>, Int, Double, Double) -> Double
  let units: @Sendable (UnsafePointer<Float>, Int, Double, Double, Double, UnsafeMutablePointer<Float>) -> Double

  static let best: PointKernels = {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return PointKernels(
          shiftedSum: ToposcopeKernelsV3.floatShiftedSum, shiftedSquares: ToposcopeKernelsV3.floatShiftedSquares,
          units: ToposcopeKernelsV3.floatUnits)
      }
    #endif
    return PointKernels(
      shiftedSum: ToposcopeKernels.floatShiftedSum, shiftedSquares: ToposcopeKernels.floatShiftedSquares,
      units: ToposcopeKernels.floatUnits)
  }()
}
