import Testing

@testable import Toposcope

@Suite struct PrecomputedDistancesTests {
  private func error(_ entries: [Float], count: Int = 3) -> ToposcopeError? {
    let copied = failure { _ = try DistanceMatrix(entries, count: count) }
    let borrowed = failure {
      try entries.withUnsafeBufferPointer { _ = try DistanceMatrix(borrowing: $0.baseAddress!, count: count) }
    }
    #expect(copied?.kind == borrowed?.kind && copied?.row == borrowed?.row && copied?.column == borrowed?.column)
    return copied
  }

  @Test func problemsAreNamedWithTheirPlace() {
    #expect(error([0, 1, 2, 1, 0, 3, 2, 3, 0]) == nil)
    #expect(error([0, 1, 2, 1, 0, -3, 2, -3, 0]) == ToposcopeError(.negativeDistance, row: 1, column: 2, value: -3))
    #expect(error([0, 1, 2, 1, 0.5, 3, 2, 3, 0]) == ToposcopeError(.diagonal, row: 1, column: 1, value: 0.5))
    #expect(error([0, 1, 2, 1, 0, 3, 2, 3.5, 0]) == ToposcopeError(.asymmetric, row: 1, column: 2, value: 3))
    #expect(error([0, 1, 2, 1, 0, 3, .infinity, 3, 0]) == ToposcopeError(.asymmetric, row: 0, column: 2, value: 2))
    let nan = error([0, 1, 2, 1, 0, 3, 2, .nan, 0])
    #expect(nan?.kind == .notFinite && nan?.row == 2 && nan?.column == 1)
    #expect(error([.nan], count: 1)?.kind == .notFinite)
  }

  /// Large enough for whole blocks and tiles, and for what is left over beside them.
  @Test func aSingleProblemIsFoundWhereverItIs() throws {
    let n = 139
    var random = SeededGenerator(seed: 1)
    var lengths = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<i {
        lengths[i * n + j] = Double.random(in: 0...4, using: &random)
        lengths[j * n + i] = lengths[i * n + j]
      }
    }
    func error(_ doubles: [Double]) -> (double: ToposcopeError?, single: ToposcopeError?) {
      let double = failure {
        try doubles.withUnsafeBytes {
          let table = StridedArray(
            data: $0.baseAddress!, rows: n, columns: n, rowStride: 8 * n, columnStride: 8, elementType: .float64)
          let copy = try DistanceMatrix(table)
          for k in 0..<n * n { #expect(copy.entries[k] == Float(doubles[k])) }
        }
      }
      let single = failure {
        let singles = doubles.map { Float($0) }
        try singles.withUnsafeBufferPointer { _ = try DistanceMatrix(borrowing: $0.baseAddress!, count: n) }
      }
      return (double, single)
    }
    #expect(error(lengths) == (nil, nil))
    for _ in 0..<40 {
      let (a, b) = (Int.random(in: 0..<n, using: &random), Int.random(in: 0..<n, using: &random))
      if a == b { continue }
      let before = lengths[a * n + b]
      for (wrong, kind) in [(-1, ToposcopeError.Kind.negativeDistance), (.nan, .notFinite), (before + 1, .asymmetric)] {
        lengths[a * n + b] = wrong
        let found = error(lengths)
        #expect(found.double?.kind == kind && found.single?.kind == kind, "at \(a), \(b)")
        let place = kind == .asymmetric ? (min(a, b), max(a, b)) : (a, b)
        for problem in [found.double, found.single] {
          #expect((problem?.row, problem?.column) == (place.0, place.1))
        }
        lengths[a * n + b] = before
      }
      lengths[a * n + b] = 1e300
      lengths[b * n + a] = 1e300
      #expect(error(lengths).double == ToposcopeError(.overflow, row: min(a, b), column: max(a, b), value: 1e300))
      lengths[a * n + b] = .infinity
      lengths[b * n + a] = .infinity
      #expect(error(lengths) == (nil, nil))
      lengths[a * n + b] = before
      lengths[b * n + a] = before
    }
  }

  @Test func infinityMeansNeverJoined() throws {
    let m = try DistanceMatrix([0, .infinity, .infinity, 0], count: 2)
    #expect(m[0, 1] == .infinity && m[0, 0] == 0)
  }

  @Test func negativeZeroBecomesZero() throws {
    let entries: [Float] = [0, -0.0, -0.0, -0.0]
    #expect(try DistanceMatrix(entries, count: 2)[0, 1].sign == .plus)
    try entries.withUnsafeBufferPointer {
      let m = try DistanceMatrix(borrowing: $0.baseAddress!, count: 2)
      #expect(m[0, 1].sign == .plus && m.entries != $0.baseAddress!)
    }
  }

  @Test func borrowingCopiesNothing() throws {
    let entries: [Float] = [0, 1, 1, 0]
    try entries.withUnsafeBufferPointer {
      let borrowed = try DistanceMatrix(borrowing: $0.baseAddress!, count: 2)
      #expect(borrowed.entries == $0.baseAddress!)
    }
  }

  @Test func doublePrecisionMayDifferByItsRounding() throws {
    func matrix(_ upper: Double, _ lower: Double) throws -> DistanceMatrix {
      let entries = [0, upper, lower, 0]
      return try entries.withUnsafeBytes {
        try DistanceMatrix(
          StridedArray(
            data: $0.baseAddress!, rows: 2, columns: 2, rowStride: 16, columnStride: 8, elementType: .float64))
      }
    }
    let halfway = 1 + Double(Float(1).ulp) / 2  // rounds to 1; the next double up rounds away from it
    let m = try matrix(halfway, halfway.nextUp)
    #expect(m[0, 1] == 1 && m[1, 0] == 1)
    #expect(failure { _ = try matrix(1, 1.000001) }?.kind == .asymmetric)
    #expect(failure { _ = try matrix(1e300, 1e300) } == ToposcopeError(.overflow, row: 0, column: 1, value: 1e300))
    #expect(failure { _ = try matrix(.infinity, 1) }?.kind == .asymmetric)
  }

  @Test func lengthsThatWouldAllBeZeroAreRefused() throws {
    func matrix(_ lengths: [Double]) throws -> DistanceMatrix {
      let entries = [0, lengths[0], lengths[1], lengths[0], 0, lengths[2], lengths[1], lengths[2], 0]
      return try entries.withUnsafeBytes {
        try DistanceMatrix(
          StridedArray(
            data: $0.baseAddress!, rows: 3, columns: 3, rowStride: 24, columnStride: 8, elementType: .float64))
      }
    }
    #expect(failure { _ = try matrix([0, 1e-50, 1e-60]) } == ToposcopeError(.underflow, value: 1e-50))
    #expect(try matrix([0, 1e-50, 2e-38])[0, 2] == 0)
    #expect(try matrix([0, 0, 0])[0, 1] == 0)
    #expect(try matrix([1e-50, .infinity, .infinity])[0, 1] == 0)
  }

  @Test func anyStride() throws {
    // Read from the end: negative strides.
    let entries: [Float] = [0, 1, 2, 1, 0, 3, 2, 3, 0]
    try entries.withUnsafeBytes {
      let m = try DistanceMatrix(
        StridedArray(
          data: $0.baseAddress! + 32, rows: 3, columns: 3, rowStride: -12, columnStride: -4, elementType: .float32))
      #expect(m[0, 1] == 3 && m[0, 2] == 2 && m[1, 2] == 1)
    }
  }

  @Test func theFirstOfManyProblemsIsNamed() throws {
    var entries = [Float](repeating: 1, count: 300 * 300)
    for i in 0..<300 { entries[i * 301] = 0 }
    entries[250 * 300 + 260] = .nan
    entries[70 * 300 + 250] = -1
    entries[70 * 300 + 290] = .nan
    #expect(error(entries, count: 300) == ToposcopeError(.negativeDistance, row: 70, column: 250, value: -1))
  }

  @Test func sizesThatNoMachineHolds() throws {
    let one: [Float] = [0]
    one.withUnsafeBytes { bytes in
      func array(_ rows: Int, _ columns: Int) -> StridedArray {
        StridedArray(
          data: bytes.baseAddress!, rows: rows, columns: columns, rowStride: 0, columnStride: 0, elementType: .float32)
      }
      #expect(failure { _ = try DistanceMatrix(array(2, 3)) } == ToposcopeError(.shape, row: 2, value: 3))
      #expect(failure { _ = try DistanceMatrix(array(-1, -1)) }?.kind == .shape)
      #expect(failure { _ = try DistanceMatrix(array(.max, .max)) }?.kind == .shape)
      #expect(failure { _ = try DistanceMatrix(array(1 << 30, 1 << 30)) }?.kind == .memory)
      #expect(failure { _ = try PointCloud(array(1 << 30, 1 << 40)) }?.kind == .memory)
      #expect(failure { _ = try PointCloud(array(1 << 40, 1)) }?.kind == .shape)
    }
  }
}
