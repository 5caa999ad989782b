import CToposcopeProcessor
import Testing

@testable import Toposcope

/// The kernels for lengths, of each set that the processor has, against their definitions.
@Suite struct LengthKernelTests {
  private func lengths(_ count: Int, seed: Int) throws -> Memory<Int32> {
    var generator = SeededGenerator(seed: seed)
    let lengths = try Memory<Int32>(count)
    for k in 0..<count {
      lengths.base[k] = Int32(bitPattern: Float(Int.random(in: 0...9, using: &generator)).bitPattern)
    }
    return lengths
  }

  @Test(arguments: KernelSet.available.indices) func keysOfARow(level: Int) throws {
    let row = try lengths(200, seed: 1)
    let keys = try Memory<UInt64>(201)
    for (start, end, lower, upper) in [(0, 200, Float(2), Float(5)), (1, 64, -1, 9), (70, 199, 0, 0), (3, 3, -1, 9)] {
      let (least, most) = (lower < 0 ? -1 : Int32(bitPattern: lower.bitPattern), Int32(bitPattern: upper.bitPattern))
      let count = KernelSet.available[level].keys(row.base, start, end, least, most, 7 << 16, keys.base)
      let expected = (start..<end).filter { row.base[$0] > least && row.base[$0] <= most }
      #expect((0..<count).map { Int(keys.base[$0] & 0xFFFF) } == expected)
      #expect((0..<count).allSatisfy { keys.base[$0] >> 16 & 0xFFFF == 7 })
      #expect(zip(0..<count, expected).allSatisfy { Int32(keys.base[$0] >> 32) == row.base[$1] })
    }
  }

  @Test(arguments: KernelSet.available.indices) func mirrorImages(level: Int) throws {
    let n = 43
    let matrix = try lengths(n * n, seed: 2)
    for i in 0..<n {
      for j in 0..<i { matrix.base[i * n + j] = matrix.base[j * n + i] }
    }
    let isMirrored = { KernelSet.available[level].isMirrored(matrix.base, n, 0, 16, 16, 24) }
    #expect(isMirrored())
    let infinity = Int32(bitPattern: Float.infinity.bitPattern)
    for (i, j) in [(0, 16), (7, 39), (15, 20), (8, 31)] {
      let length = matrix.base[i * n + j]
      for (upper, lower) in [(length ^ 1, length), (length, length ^ 1), (.min, .min), (infinity + 1, infinity + 1)] {
        (matrix.base[i * n + j], matrix.base[j * n + i]) = (upper, lower)
        #expect(!isMirrored())
      }
      (matrix.base[i * n + j], matrix.base[j * n + i]) = (infinity, infinity)
      #expect(isMirrored())
      (matrix.base[i * n + j], matrix.base[j * n + i]) = (length, length)
    }
  }

  @Test(arguments: KernelSet.available.indices) func openPairs(level: Int) throws {
    let n = 150
    let matrix = try lengths(n * n, seed: 3)
    let others = (1...16).map { Int32($0) }
    for (count, start, length) in [(0, 1, Float(4)), (1, 0, 2), (4, 5, 0), (16, 1, 0), (3, 119, 0), (2, 0, 9)] {
      let bound = Int32(bitPattern: length.bitPattern)
      let isOpen = { (j: Int) in
        let own = matrix.base[j]
        return own > bound && others.prefix(count).allSatisfy { matrix.base[Int($0) * n + j] >= own }
      }
      var (found, column) = ([Int](), start)
      while true {
        var open: UInt32 = 0
        column = KernelSet.available[level].openPairs(matrix.base, n, 0, others, count, column, bound, &open)
        if open == 0 { break }
        found += (0..<32).filter { open >> UInt32($0) & 1 == 1 }.map { column + $0 }
        column += 32
      }
      #expect(column + 32 > n)
      #expect(found == (start..<column).filter(isOpen))
    }
  }
}
