// The innermost loops: sums over the coordinates of all pairs of points from two panels.
//
// A panel is sixteen points, coordinate by coordinate: the sixteen first coordinates, the sixteen second ones, ... A
// vector register holds the same coordinate of several points, so no sum over lanes is ever needed.
//
// These files are compiled twice, for any processor and for x86-64-v3 (AVX2 and FMA); the core chooses when it runs.
// Only pointers, SIMD vectors and scalars may be used here: a generic of the standard library that is not inlined would
// be emitted as a weak symbol into both objects, and the linker could give a processor without AVX2 the wrong one.

/// Points in a panel.
@inline(__always) var panelPoints: Int { 16 }

/// What is summed for one coordinate of a pair, lane by lane, and how sums are joined.
protocol PairOperation {
  associatedtype Lanes: SIMD where Lanes.Scalar: BinaryFloatingPoint
  static func add(_ x: Lanes, _ y: Lanes, to sum: inout Lanes)
  /// Adds a vector of sums to as many numbers in memory.
  static func flush(_ sum: Lanes, to out: UnsafeMutablePointer<Double>)
}

/// Adds to `out[i * outStride + j]` the sum over `length` coordinates of point i of the panel x and point j of the panel y.
///
/// Sums run over `chain` coordinates in the precision of the panels, and from chain to chain in double precision.
/// Four points of x and two vectors of y at a time: eight sums, two vectors, and the difference fit sixteen registers.
@inline(__always)
func panelPairs<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>,
  _ length: Int, _ chain: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  var start = 0
  while start < length {
    let end = start &+ chain < length ? start &+ chain : length
    var j = 0
    while j < panelPoints {
      var i = 0
      while i < panelPoints {
        var (s00, s01, s10, s11) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var (s20, s21, s30, s31) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var a = x + (start &* panelPoints &+ i)
        var b = y + (start &* panelPoints &+ j)
        var k = start
        while k < end {
          let b0 = UnsafeRawPointer(b).loadUnaligned(as: Lanes.self)
          let b1 = UnsafeRawPointer(b + width).loadUnaligned(as: Lanes.self)
          let a0 = Lanes(repeating: a[0])
          Operation.add(a0, b0, to: &s00)
          Operation.add(a0, b1, to: &s01)
          let a1 = Lanes(repeating: a[1])
          Operation.add(a1, b0, to: &s10)
          Operation.add(a1, b1, to: &s11)
          let a2 = Lanes(repeating: a[2])
          Operation.add(a2, b0, to: &s20)
          Operation.add(a2, b1, to: &s21)
          let a3 = Lanes(repeating: a[3])
          Operation.add(a3, b0, to: &s30)
          Operation.add(a3, b1, to: &s31)
          a += panelPoints
          b += panelPoints
          k &+= 1
        }
        let sums = out + (i &* outStride &+ j)
        Operation.flush(s00, to: sums)
        Operation.flush(s01, to: sums + width)
        Operation.flush(s10, to: sums + outStride)
        Operation.flush(s11, to: sums + (outStride &+ width))
        Operation.flush(s20, to: sums + 2 &* outStride)
        Operation.flush(s21, to: sums + (2 &* outStride &+ width))
        Operation.flush(s30, to: sums + 3 &* outStride)
        Operation.flush(s31, to: sums + (3 &* outStride &+ width))
        i &+= 4
      }
      j &+= 2 &* width
    }
    start = end
  }
}

/// The sums of one point with the points of a panel: the same bits as those of ``panelPairs``, because each sum is made
/// in the same order. The coordinates of x follow each other.
@inline(__always)
func panelRow<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>,
  _ length: Int, _ chain: Int, _ out: UnsafeMutablePointer<Double>
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  var start = 0
  while start < length {
    let end = start &+ chain < length ? start &+ chain : length
    var j = 0
    while j < panelPoints {
      var (s0, s1) = (Lanes.zero, Lanes.zero)
      var a = x + start
      var b = y + (start &* panelPoints &+ j)
      var k = start
      while k < end {
        let a0 = Lanes(repeating: a[0])
        Operation.add(a0, UnsafeRawPointer(b).loadUnaligned(as: Lanes.self), to: &s0)
        Operation.add(a0, UnsafeRawPointer(b + width).loadUnaligned(as: Lanes.self), to: &s1)
        a += 1
        b += panelPoints
        k &+= 1
      }
      Operation.flush(s0, to: out + j)
      Operation.flush(s1, to: out + (j &+ width))
      j &+= 2 &* width
    }
    start = end
  }
}
