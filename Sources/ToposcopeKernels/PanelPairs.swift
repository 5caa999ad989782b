import CToposcopeProcessor

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
  /// Whether sums of three vectors at a time, twelve in all, leave registers enough for what `add` needs.
  static var takesThreeVectors: Bool { get }
  static func add(_ x: Lanes, _ y: Lanes, to sum: inout Lanes)
  /// Adds the sum of one chain to that of the chains before it.
  static func join(_ chain: Lanes, to sum: inout Lanes)
  /// Adds a vector of sums to as many numbers in memory.
  static func flush(_ sum: Lanes, to out: UnsafeMutablePointer<Double>)
}

/// Adds to `out[i * outStride + j]` the sum over `length` coordinates of point i of the panel x and point j of the
/// `panels` panels that begin at y, `panelStride` numbers apart.
///
/// Sums run over `chain` coordinates in registers; `strand` coordinates of chains are added in the precision of the
/// panels, and strands in double precision. Both are multiples of what stands before them: widening a sum costs as much as
/// six coordinates, adding a chain to the next as much as one.
@inline(__always)
func panelPairs<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>, _ panelStride: Int,
  _ panels: Int, _ length: Int, _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  let vectorsOfPanel = panelPoints / width
  var vector = 0
  let vectors = panels &* vectorsOfPanel
  while vector < vectors {
    let first = y + (vector / vectorsOfPanel &* panelStride &+ vector % vectorsOfPanel &* width)
    let (next, afterNext) = (vector &+ 1, vector &+ 2)
    let second = y + (next / vectorsOfPanel &* panelStride &+ next % vectorsOfPanel &* width)
    let rest = vectors &- vector
    // The number of vectors is even, so with threes that never leave one alone only twos remain.
    let takesThree = Operation.takesThreeVectors && rest >= 3 && rest != 4
    var i = 0
    while i < panelPoints {
      let sums = out + (i &* outStride &+ vector &* width)
      if takesThree {
        let third = y + (afterNext / vectorsOfPanel &* panelStride &+ afterNext % vectorsOfPanel &* width)
        fourByThree(operation, x + i, first, second, third, length, chain, strand, sums, outStride)
      } else {
        fourByTwo(operation, x + i, first, second, length, chain, strand, sums, outStride)
      }
      i &+= 4
    }
    vector &+= takesThree ? 3 : 2
  }
}

/// Four points of x and two vectors of y: eight sums, two vectors, a point and a difference leave registers free.
@inline(__always)
private func fourByTwo<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y0: UnsafePointer<Operation.Lanes.Scalar>,
  _ y1: UnsafePointer<Operation.Lanes.Scalar>, _ length: Int, _ chain: Int, _ strand: Int,
  _ out: UnsafeMutablePointer<Double>,
  _ outStride: Int
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  let end = length &* panelPoints
  var k = 0
  while k < end {
    let strandEnd = k &+ strand &* panelPoints < end ? k &+ strand &* panelPoints : end
    var (t00, t01, t10, t11) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var (t20, t21, t30, t31) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    while k < strandEnd {
      let chainEnd = k &+ chain &* panelPoints < strandEnd ? k &+ chain &* panelPoints : strandEnd
      var (s00, s01, s10, s11) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
      var (s20, s21, s30, s31) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
      while k < chainEnd {
        let b0 = UnsafeRawPointer(y0 + k).loadUnaligned(as: Lanes.self)
        let b1 = UnsafeRawPointer(y1 + k).loadUnaligned(as: Lanes.self)
        let a0 = Lanes(repeating: x[k])
        Operation.add(a0, b0, to: &s00)
        Operation.add(a0, b1, to: &s01)
        let a1 = Lanes(repeating: x[k &+ 1])
        Operation.add(a1, b0, to: &s10)
        Operation.add(a1, b1, to: &s11)
        let a2 = Lanes(repeating: x[k &+ 2])
        Operation.add(a2, b0, to: &s20)
        Operation.add(a2, b1, to: &s21)
        let a3 = Lanes(repeating: x[k &+ 3])
        Operation.add(a3, b0, to: &s30)
        Operation.add(a3, b1, to: &s31)
        k &+= panelPoints
      }
      Operation.join(s00, to: &t00)
      Operation.join(s01, to: &t01)
      Operation.join(s10, to: &t10)
      Operation.join(s11, to: &t11)
      Operation.join(s20, to: &t20)
      Operation.join(s21, to: &t21)
      Operation.join(s30, to: &t30)
      Operation.join(s31, to: &t31)
    }
    Operation.flush(t00, to: out)
    Operation.flush(t01, to: out + width)
    Operation.flush(t10, to: out + outStride)
    Operation.flush(t11, to: out + (outStride &+ width))
    Operation.flush(t20, to: out + 2 &* outStride)
    Operation.flush(t21, to: out + (2 &* outStride &+ width))
    Operation.flush(t30, to: out + 3 &* outStride)
    Operation.flush(t31, to: out + (3 &* outStride &+ width))
  }
}

/// Four points of x and three vectors of y, for sixteen registers: twelve sums, two vectors, a point, a difference.
///
/// The third vector is read from memory each time it is needed, by four pointers of which the compiler does not know that
/// they are one. That also spares reads of registers, of which the processor has too few for two differences and two
/// fused operations a cycle. The compiler must not interleave the points, or sums would not stay in registers: hence
/// ``toposcope_barrier``, which is no instruction.
@inline(__always)
private func fourByThree<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y0: UnsafePointer<Operation.Lanes.Scalar>,
  _ y1: UnsafePointer<Operation.Lanes.Scalar>, _ y2: UnsafePointer<Operation.Lanes.Scalar>, _ length: Int,
  _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  let (c0, c1) = (toposcope_unknown(y2)!, toposcope_unknown(y2)!)
  let (c2, c3) = (toposcope_unknown(y2)!, toposcope_unknown(y2)!)
  let size = MemoryLayout<Lanes.Scalar>.size
  let end = length &* panelPoints
  var k = 0
  while k < end {
    let strandEnd = k &+ strand &* panelPoints < end ? k &+ strand &* panelPoints : end
    var (t00, t01, t02, t10, t11, t12) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var (t20, t21, t22, t30, t31, t32) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    while k < strandEnd {
      let chainEnd = k &+ chain &* panelPoints < strandEnd ? k &+ chain &* panelPoints : strandEnd
      var (s00, s01, s02, s10, s11, s12) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
      var (s20, s21, s22, s30, s31, s32) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
      while k < chainEnd {
        let b0 = UnsafeRawPointer(y0 + k).loadUnaligned(as: Lanes.self)
        let b1 = UnsafeRawPointer(y1 + k).loadUnaligned(as: Lanes.self)
        toposcope_barrier()
        let a0 = Lanes(repeating: x[k])
        Operation.add(a0, b0, to: &s00)
        Operation.add(a0, b1, to: &s01)
        Operation.add(a0, c0.loadUnaligned(fromByteOffset: k &* size, as: Lanes.self), to: &s02)
        toposcope_barrier()
        let a1 = Lanes(repeating: x[k &+ 1])
        Operation.add(a1, b0, to: &s10)
        Operation.add(a1, b1, to: &s11)
        Operation.add(a1, c1.loadUnaligned(fromByteOffset: k &* size, as: Lanes.self), to: &s12)
        toposcope_barrier()
        let a2 = Lanes(repeating: x[k &+ 2])
        Operation.add(a2, b0, to: &s20)
        Operation.add(a2, b1, to: &s21)
        Operation.add(a2, c2.loadUnaligned(fromByteOffset: k &* size, as: Lanes.self), to: &s22)
        toposcope_barrier()
        let a3 = Lanes(repeating: x[k &+ 3])
        Operation.add(a3, b0, to: &s30)
        Operation.add(a3, b1, to: &s31)
        Operation.add(a3, c3.loadUnaligned(fromByteOffset: k &* size, as: Lanes.self), to: &s32)
        toposcope_barrier()
        k &+= panelPoints
      }
      Operation.join(s00, to: &t00)
      Operation.join(s01, to: &t01)
      Operation.join(s02, to: &t02)
      Operation.join(s10, to: &t10)
      Operation.join(s11, to: &t11)
      Operation.join(s12, to: &t12)
      Operation.join(s20, to: &t20)
      Operation.join(s21, to: &t21)
      Operation.join(s22, to: &t22)
      Operation.join(s30, to: &t30)
      Operation.join(s31, to: &t31)
      Operation.join(s32, to: &t32)
    }
    Operation.flush(t00, to: out)
    Operation.flush(t01, to: out + width)
    Operation.flush(t02, to: out + 2 &* width)
    Operation.flush(t10, to: out + outStride)
    Operation.flush(t11, to: out + (outStride &+ width))
    Operation.flush(t12, to: out + (outStride &+ 2 &* width))
    Operation.flush(t20, to: out + 2 &* outStride)
    Operation.flush(t21, to: out + (2 &* outStride &+ width))
    Operation.flush(t22, to: out + (2 &* outStride &+ 2 &* width))
    Operation.flush(t30, to: out + 3 &* outStride)
    Operation.flush(t31, to: out + (3 &* outStride &+ width))
    Operation.flush(t32, to: out + (3 &* outStride &+ 2 &* width))
  }
}

/// The sums of one point with the points of a panel: the same bits as those of ``panelPairs``, because each sum is made
/// in the same order. The coordinates of x follow each other.
@inline(__always)
func panelRow<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>,
  _ length: Int, _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>
) {
  typealias Lanes = Operation.Lanes
  let width = MemoryLayout<Lanes>.size / MemoryLayout<Lanes.Scalar>.size
  var start = 0
  while start < length {
    let strandEnd = start &+ strand < length ? start &+ strand : length
    var j = 0
    while j < panelPoints {
      var (t0, t1) = (Lanes.zero, Lanes.zero)
      var a = x + start
      var b = y + (start &* panelPoints &+ j)
      var k = start
      while k < strandEnd {
        let chainEnd = k &+ chain < strandEnd ? k &+ chain : strandEnd
        var (s0, s1) = (Lanes.zero, Lanes.zero)
        while k < chainEnd {
          let a0 = Lanes(repeating: a[0])
          Operation.add(a0, UnsafeRawPointer(b).loadUnaligned(as: Lanes.self), to: &s0)
          Operation.add(a0, UnsafeRawPointer(b + width).loadUnaligned(as: Lanes.self), to: &s1)
          a += 1
          b += panelPoints
          k &+= 1
        }
        Operation.join(s0, to: &t0)
        Operation.join(s1, to: &t1)
      }
      Operation.flush(t0, to: out + j)
      Operation.flush(t1, to: out + (j &+ width))
      j &+= 2 &* width
    }
    start = strandEnd
  }
}
