import CToposcopeProcessor
import ToposcopeKernels

#if canImport(ToposcopeKernelsV3)
  import ToposcopeKernelsV3
#endif

/// The innermost loops for one operation: those that this processor runs fastest.
struct PairKernels<Scalar: BitwiseCopyable>: Sendable {
  /// A panel; the first of a row of panels, numbers from one to the next, how many; length, chain, strand; sums, their
  /// stride.
  typealias Pairs =
    @Sendable (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Double>, Int
    ) -> Void
  /// The coordinates of a point; a panel; length, chain, strand; sums.
  typealias Row =
    @Sendable (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Int, UnsafeMutablePointer<Double>
    ) -> Void

  let pairs: Pairs
  let row: Row
}

/// What is summed over the coordinates.
enum PairSum {
  case squares, magnitudes, greatest, products
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
        case .products:
          PairKernels(pairs: ToposcopeKernelsV3.floatProductsPairs, row: ToposcopeKernelsV3.floatProductsRow)
        }
      }
    #endif
    return switch sum {
    case .squares:
      PairKernels(pairs: ToposcopeKernels.floatSquaresPairs, row: ToposcopeKernels.floatSquaresRow)
    case .magnitudes:
      PairKernels(pairs: ToposcopeKernels.floatMagnitudesPairs, row: ToposcopeKernels.floatMagnitudesRow)
    case .greatest:
      PairKernels(pairs: ToposcopeKernels.floatGreatestPairs, row: ToposcopeKernels.floatGreatestRow)
    case .products:
      PairKernels(pairs: ToposcopeKernels.floatProductsPairs, row: ToposcopeKernels.floatProductsRow)
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
        case .products:
          PairKernels(pairs: ToposcopeKernelsV3.doubleProductsPairs, row: ToposcopeKernelsV3.doubleProductsRow)
        }
      }
    #endif
    return switch sum {
    case .squares:
      PairKernels(pairs: ToposcopeKernels.doubleSquaresPairs, row: ToposcopeKernels.doubleSquaresRow)
    case .magnitudes:
      PairKernels(pairs: ToposcopeKernels.doubleMagnitudesPairs, row: ToposcopeKernels.doubleMagnitudesRow)
    case .greatest:
      PairKernels(pairs: ToposcopeKernels.doubleGreatestPairs, row: ToposcopeKernels.doubleGreatestRow)
    case .products:
      PairKernels(pairs: ToposcopeKernels.doubleProductsPairs, row: ToposcopeKernels.doubleProductsRow)
    }
  }

  /// Numbers and how many, shift, factor, limit, shifted multiples; the lowest of them.
  static let shiftedMultiples:
    @Sendable (UnsafePointer<Double>, Int, Double, Double, Double, UnsafeMutablePointer<Float>) -> Double = {
      #if canImport(ToposcopeKernelsV3)
        if Processor.isX86V3 { return ToposcopeKernelsV3.shiftedMultiples }
      #endif
      return ToposcopeKernels.shiftedMultiples
    }()

  /// Numbers and how many, least, greatest, roots; whether all numbers were in that range.
  static let squareRoots: @Sendable (UnsafePointer<Double>, Int, Double, Double, UnsafeMutablePointer<Float>) -> Bool =
    {
      #if canImport(ToposcopeKernelsV3)
        if Processor.isX86V3 { return ToposcopeKernelsV3.squareRoots }
      #endif
      return ToposcopeKernels.squareRoots
    }()
}

extension PairKernels where Scalar == Float {
  /// The same for sums that are single precision at heart.
  static let squareRoots: @Sendable (UnsafePointer<Double>, Int, Float, Float, UnsafeMutablePointer<Float>) -> Bool = {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 { return ToposcopeKernelsV3.squareRootsOfSingles }
    #endif
    return ToposcopeKernels.squareRootsOfSingles
  }()
}

/// Passes over one or two single-precision points, and the transposition of a table.
struct PointKernels: Sendable {
  let shiftedSum: @Sendable (UnsafePointer<Float>, Int, Double) -> Double
  let shiftedSquares: @Sendable (UnsafePointer<Float>, Int, Double, Double) -> Double
  let units: @Sendable (UnsafePointer<Float>, Int, Double, Double, Double, UnsafeMutablePointer<Float>) -> Double
  /// Two points, their length, and shift, mean and factor of each.
  let squaredDifference:
    @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, Int, Double, Double, Double, Double, Double, Double
    ) -> Double
  let greatestMagnitude: @Sendable (UnsafePointer<Float>, Int) -> Float
  /// A table and its stride; rows, columns; the result and its stride.
  let transpose: @Sendable (UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>, Int) -> Void

  static let best: PointKernels = {
    #if canImport(ToposcopeKernelsV3)
      if Processor.isX86V3 {
        return PointKernels(
          shiftedSum: ToposcopeKernelsV3.floatShiftedSum, shiftedSquares: ToposcopeKernelsV3.floatShiftedSquares,
          units: ToposcopeKernelsV3.floatUnits, squaredDifference: ToposcopeKernelsV3.floatSquaredDifference,
          greatestMagnitude: ToposcopeKernelsV3.floatGreatestMagnitude, transpose: ToposcopeKernelsV3.floatTranspose)
      }
    #endif
    return PointKernels(
      shiftedSum: ToposcopeKernels.floatShiftedSum, shiftedSquares: ToposcopeKernels.floatShiftedSquares,
      units: ToposcopeKernels.floatUnits, squaredDifference: ToposcopeKernels.floatSquaredDifference,
      greatestMagnitude: ToposcopeKernels.floatGreatestMagnitude, transpose: ToposcopeKernels.floatTranspose)
  }()
}
