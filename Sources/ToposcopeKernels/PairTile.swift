// The innermost loops: sums over the coordinates of all pairs from two groups of points.
//
// This file is compiled twice, for any processor and for x86-64-v3 (AVX2 and FMA); the core chooses when it runs.
// Only pointers, SIMD vectors and scalars may be used here: a generic of the standard library that is not inlined would
// be emitted as a weak symbol into both objects, and the linker could give the processor without AVX2 the wrong one.

/// What is summed for one coordinate of a pair, lane by lane.
protocol PairOperation {
  associatedtype Lanes: SIMD where Lanes.Scalar: BinaryFloatingPoint
  static func add(_ x: Lanes, _ y: Lanes, to sum: inout Lanes)
  /// The sum over the lanes, always in the same order.
  static func total(_ lanes: Lanes) -> Double
  static func join(_ a: Double, _ b: Double) -> Double
}

/// Adds (or joins) to `out[i * outStride + j]` the sum over `length` coordinates of the pair x_i, y_j.
///
/// Nine pairs at a time share their loads: nine sums and six rows fit the sixteen vector registers. The sum of a pair
/// does not depend on where in the tile it stands, so a single row gives the same bits as a tile.
/// - Parameters:
///   - xStride, yStride: numbers from one point to the next
///   - length: coordinates, a multiple of the lanes
///   - upperTriangle: leave out the groups of nine that lie wholly below the diagonal
@inline(__always)
func pairTile<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ xStride: Int, _ rows: Int,
  _ y: UnsafePointer<Operation.Lanes.Scalar>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  typealias Lanes = Operation.Lanes
  let bytes = length &* MemoryLayout<Lanes.Scalar>.stride
  let step = MemoryLayout<Lanes>.stride
  var band = 0
  while band < columns {  // the points of a band stay in the first-level cache
    let bandEnd = band &+ 12 < columns ? band &+ 12 : columns
    var i = 0
    while i < rows {
      if upperTriangle && i >= bandEnd { break }
      // Past the end the last point is taken again, and its sums are dropped.
      let i1 = i &+ 1 < rows ? i &+ 1 : rows &- 1
      let i2 = i &+ 2 < rows ? i &+ 2 : rows &- 1
      let x0 = UnsafeRawPointer(x + i &* xStride)
      let x1 = UnsafeRawPointer(x + i1 &* xStride)
      let x2 = UnsafeRawPointer(x + i2 &* xStride)
      var j = band
      if upperTriangle { while j &+ 2 < i { j &+= 3 } }
      while j < bandEnd {
        let j1 = j &+ 1 < columns ? j &+ 1 : columns &- 1
        let j2 = j &+ 2 < columns ? j &+ 2 : columns &- 1
        let y0 = UnsafeRawPointer(y + j &* yStride)
        let y1 = UnsafeRawPointer(y + j1 &* yStride)
        let y2 = UnsafeRawPointer(y + j2 &* yStride)
        var (s00, s01, s02) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var (s10, s11, s12) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var (s20, s21, s22) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var k = 0
        while k < bytes {
          let b0 = y0.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          let b1 = y1.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          let b2 = y2.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          let a0 = x0.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          Operation.add(a0, b0, to: &s00)
          Operation.add(a0, b1, to: &s01)
          Operation.add(a0, b2, to: &s02)
          let a1 = x1.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          Operation.add(a1, b0, to: &s10)
          Operation.add(a1, b1, to: &s11)
          Operation.add(a1, b2, to: &s12)
          let a2 = x2.loadUnaligned(fromByteOffset: k, as: Lanes.self)
          Operation.add(a2, b0, to: &s20)
          Operation.add(a2, b1, to: &s21)
          Operation.add(a2, b2, to: &s22)
          k &+= step
        }
        let two = j &+ 1 < columns
        let three = j &+ 2 < columns
        storeRow(operation, out + (i &* outStride &+ j), s00, s01, s02, two, three)
        if i &+ 1 < rows { storeRow(operation, out + ((i &+ 1) &* outStride &+ j), s10, s11, s12, two, three) }
        if i &+ 2 < rows { storeRow(operation, out + ((i &+ 2) &* outStride &+ j), s20, s21, s22, two, three) }
        j &+= 3
      }
      i &+= 3
    }
    band = bandEnd
  }
}

@inline(__always)
private func storeRow<Operation: PairOperation>(
  _ operation: Operation.Type, _ out: UnsafeMutablePointer<Double>,
  _ a: Operation.Lanes, _ b: Operation.Lanes, _ c: Operation.Lanes, _ two: Bool, _ three: Bool
) {
  out[0] = Operation.join(out[0], Operation.total(a))
  if two { out[1] = Operation.join(out[1], Operation.total(b)) }
  if three { out[2] = Operation.join(out[2], Operation.total(c)) }
}

/// One row against many: three sums at a time, of the same bits as those of ``pairTile``.
@inline(__always)
func pairRow<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>,
  _ y: UnsafePointer<Operation.Lanes.Scalar>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>
) {
  typealias Lanes = Operation.Lanes
  let bytes = length &* MemoryLayout<Lanes.Scalar>.stride
  let step = MemoryLayout<Lanes>.stride
  let x0 = UnsafeRawPointer(x)
  var j = 0
  while j < columns {
    let j1 = j &+ 1 < columns ? j &+ 1 : columns &- 1
    let j2 = j &+ 2 < columns ? j &+ 2 : columns &- 1
    let j3 = j &+ 3 < columns ? j &+ 3 : columns &- 1
    let y0 = UnsafeRawPointer(y + j &* yStride)
    let y1 = UnsafeRawPointer(y + j1 &* yStride)
    let y2 = UnsafeRawPointer(y + j2 &* yStride)
    let y3 = UnsafeRawPointer(y + j3 &* yStride)
    var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var k = 0
    while k < bytes {
      let a = x0.loadUnaligned(fromByteOffset: k, as: Lanes.self)
      Operation.add(a, y0.loadUnaligned(fromByteOffset: k, as: Lanes.self), to: &s0)
      Operation.add(a, y1.loadUnaligned(fromByteOffset: k, as: Lanes.self), to: &s1)
      Operation.add(a, y2.loadUnaligned(fromByteOffset: k, as: Lanes.self), to: &s2)
      Operation.add(a, y3.loadUnaligned(fromByteOffset: k, as: Lanes.self), to: &s3)
      k &+= step
    }
    storeRow(operation, out + j, s0, s1, s2, j &+ 1 < columns, j &+ 2 < columns)
    if j &+ 3 < columns { out[j &+ 3] = Operation.join(out[j &+ 3], Operation.total(s3)) }
    j &+= 4
  }
}
