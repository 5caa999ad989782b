import CToposcopeProcessor

// One pass over the coordinates of one or two points, and the transposition of a table.

@inline(__always)
private func widen(_ x: UnsafePointer<Float>) -> DoubleLanes {
  widened(UnsafeRawPointer(x).loadUnaligned(as: HalfFloatLanes.self))
}

@inline(__always)
private func laneTotal(_ lanes: DoubleLanes) -> Double {
  #if TOPOSCOPE_V4
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
  #elseif TOPOSCOPE_V3
    let two = lanes.lowHalf + lanes.highHalf
  #else
    let two = lanes
  #endif
  return two.x + two.y
}

/// The sum of x - shift.
func shiftedSum(_ x: UnsafePointer<Float>, _ count: Int, _ shift: Double) -> Double {
  let shifts = DoubleLanes(repeating: shift)
  var (a, b) = (DoubleLanes.zero, DoubleLanes.zero)
  var k = 0
  while k &+ 2 &* doubleWidth <= count {
    a += widen(x + k) - shifts
    b += widen(x + (k &+ doubleWidth)) - shifts
    k &+= 2 &* doubleWidth
  }
  var sum = laneTotal(a + b)
  while k < count {
    sum += Double(x[k]) - shift
    k &+= 1
  }
  return sum
}

/// The sum of ((x - shift) - mean)^2.
func shiftedSquares(_ x: UnsafePointer<Float>, _ count: Int, _ shift: Double, _ mean: Double) -> Double {
  let (shifts, means) = (DoubleLanes(repeating: shift), DoubleLanes(repeating: mean))
  var (a, b) = (DoubleLanes.zero, DoubleLanes.zero)
  var k = 0
  while k &+ 2 &* doubleWidth <= count {
    let u = (widen(x + k) - shifts) - means
    let v = (widen(x + (k &+ doubleWidth)) - shifts) - means
    fused(&a, u, u)
    fused(&b, v, v)
    k &+= 2 &* doubleWidth
  }
  var sum = laneTotal(a + b)
  while k < count {
    let u = (Double(x[k]) - shift) - mean
    sum += u * u
    k &+= 1
  }
  return sum
}

/// Writes ((x - shift) - mean) * factor, rounded, and returns the sum of the squared rounding errors.
func units(
  _ x: UnsafePointer<Float>, _ count: Int, _ shift: Double, _ mean: Double, _ factor: Double,
  _ out: UnsafeMutablePointer<Float>
) -> Double {
  let (shifts, means) = (DoubleLanes(repeating: shift), DoubleLanes(repeating: mean))
  let factors = DoubleLanes(repeating: factor)
  var sum = DoubleLanes.zero
  var k = 0
  while k &+ doubleWidth <= count {
    let exact = ((widen(x + k) - shifts) - means) * factors
    var lane = 0
    while lane < doubleWidth {
      out[k &+ lane] = Float(exact[lane])
      lane &+= 1
    }
    let error = exact - widen(out + k)
    fused(&sum, error, error)
    k &+= doubleWidth
  }
  var errors = laneTotal(sum)
  while k < count {
    let exact = ((Double(x[k]) - shift) - mean) * factor
    out[k] = Float(exact)
    let error = exact - Double(out[k])
    errors += error * error
    k &+= 1
  }
  return errors
}

/// Writes x - shift, rounded, and adds the square of what is written to the first of two sums, that of the rounding error to
/// the second.
func shifted(
  _ x: UnsafePointer<Float>, _ count: Int, _ shift: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ sums: UnsafeMutablePointer<Double>
) {
  var (squares, errors) = (DoubleLanes.zero, DoubleLanes.zero)
  var k = 0
  while k &+ doubleWidth <= count {
    let (from, less) = (
      UnsafeRawPointer(x + k).loadUnaligned(as: HalfFloatLanes.self),
      UnsafeRawPointer(shift + k).loadUnaligned(as: HalfFloatLanes.self)
    )
    let result = from - less
    UnsafeMutableRawPointer(out + k).storeBytes(of: result, as: HalfFloatLanes.self)
    let rounded = widened(result)
    let error = widened(from) - widened(less) - rounded
    fused(&squares, rounded, rounded)
    fused(&errors, error, error)
    k &+= doubleWidth
  }
  var (square, errorSquare) = (laneTotal(squares), laneTotal(errors))
  while k < count {
    out[k] = x[k] - shift[k]
    let error = Double(x[k]) - Double(shift[k]) - Double(out[k])
    square += Double(out[k]) * Double(out[k])
    errorSquare += error * error
    k &+= 1
  }
  sums[0] += square
  sums[1] += errorSquare
}

/// Adds each coordinate, rounded to a multiple of a power of two, to its sum. Such sums are exact as long as they stay below
/// 2^53 multiples, so they do not depend on the order of the points.
func addMultiples(_ x: UnsafePointer<Float>, _ count: Int, _ unit: Double, _ sums: UnsafeMutablePointer<Double>) {
  // In this range of numbers the next one is a unit away.
  let magic = 0x1.8p52 * unit
  let magics = DoubleLanes(repeating: magic)
  var k = 0
  while k &+ doubleWidth <= count {
    let multiples = (widen(x + k) + magics) - magics
    let place = UnsafeMutableRawPointer(sums + k)
    place.storeBytes(of: place.loadUnaligned(as: DoubleLanes.self) + multiples, as: DoubleLanes.self)
    k &+= doubleWidth
  }
  while k < count {
    sums[k] += (Double(x[k]) + magic) - magic
    k &+= 1
  }
}

/// The sum of (((x - shift) - mean) * factor - ((y - otherShift) - otherMean) * otherFactor)^2.
func squaredDifference(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int, _ shift: Double, _ mean: Double,
  _ factor: Double, _ otherShift: Double, _ otherMean: Double, _ otherFactor: Double
) -> Double {
  let (shifts, means, factors) = (
    DoubleLanes(repeating: shift), DoubleLanes(repeating: mean), DoubleLanes(repeating: factor)
  )
  let (otherShifts, otherMeans, otherFactors) = (
    DoubleLanes(repeating: otherShift), DoubleLanes(repeating: otherMean), DoubleLanes(repeating: otherFactor)
  )
  var (a, b) = (DoubleLanes.zero, DoubleLanes.zero)
  var k = 0
  while k &+ 2 &* doubleWidth <= count {
    let next = k &+ doubleWidth
    let u = ((widen(x + k) - shifts) - means) * factors - ((widen(y + k) - otherShifts) - otherMeans) * otherFactors
    let v =
      ((widen(x + next) - shifts) - means) * factors - ((widen(y + next) - otherShifts) - otherMeans) * otherFactors
    fused(&a, u, u)
    fused(&b, v, v)
    k &+= 2 &* doubleWidth
  }
  var sum = laneTotal(a + b)
  while k < count {
    let u = ((Double(x[k]) - shift) - mean) * factor - ((Double(y[k]) - otherShift) - otherMean) * otherFactor
    sum += u * u
    k &+= 1
  }
  return sum
}

/// The greatest magnitude of all numbers; NaN if one of them is.
func greatestMagnitude(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var (a, b) = (FloatLanes.zero, FloatLanes.zero)
  var k = 0
  while k &+ 2 &* floatWidth <= count {
    a = greaterBits(magnitude(UnsafeRawPointer(x + k).loadUnaligned(as: FloatLanes.self)), a)
    b = greaterBits(magnitude(UnsafeRawPointer(x + (k &+ floatWidth)).loadUnaligned(as: FloatLanes.self)), b)
    k &+= 2 &* floatWidth
  }
  a = greaterBits(a, b)
  var greatest: UInt32 = 0
  var lane = 0
  while lane < floatWidth {
    let bits = a[lane].bitPattern
    greatest = bits > greatest ? bits : greatest
    lane &+= 1
  }
  while k < count {
    let bits = x[k].bitPattern & 0x7FFF_FFFF
    greatest = bits > greatest ? bits : greatest
    k &+= 1
  }
  return Float(bitPattern: greatest)
}

/// Writes `rows` rows of `columns` numbers, a stride apart, as columns. Both strides are in numbers.
func transpose(
  _ source: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int
) {
  let (wholeRows, wholeColumns) = (rows & ~15, columns & ~15)
  var j = 0
  while j < wholeColumns {
    var i = 0
    while i < wholeRows {
      toposcope_transpose_block(source + (i &* stride &+ j), stride, out + (j &* outStride &+ i), outStride)
      i &+= 16
    }
    j &+= 16
  }
  transposeFours(source, stride, 0, wholeRows, wholeColumns, columns, out, outStride)
  transposeFours(source, stride, wholeRows, rows, 0, columns, out, outStride)
}

/// The same for the rows and columns from `top` and `left` on, four by four.
@inline(__always)
private func transposeFours(
  _ source: UnsafePointer<Float>, _ stride: Int, _ top: Int, _ bottom: Int, _ left: Int, _ right: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  let (wholeBottom, wholeRight) = (bottom & ~3, right & ~3)
  var j = left
  while j < wholeRight {
    var i = top
    while i < wholeBottom {
      let from = UnsafeRawPointer(source + (i &* stride &+ j))
      let a = from.loadUnaligned(as: SIMD4<Float>.self)
      let b = from.loadUnaligned(fromByteOffset: 4 &* stride, as: SIMD4<Float>.self)
      let c = from.loadUnaligned(fromByteOffset: 8 &* stride, as: SIMD4<Float>.self)
      let d = from.loadUnaligned(fromByteOffset: 12 &* stride, as: SIMD4<Float>.self)
      let to = UnsafeMutableRawPointer(out + (j &* outStride &+ i))
      to.storeBytes(of: SIMD4(a[0], b[0], c[0], d[0]), as: SIMD4<Float>.self)
      to.storeBytes(of: SIMD4(a[1], b[1], c[1], d[1]), toByteOffset: 4 &* outStride, as: SIMD4<Float>.self)
      to.storeBytes(of: SIMD4(a[2], b[2], c[2], d[2]), toByteOffset: 8 &* outStride, as: SIMD4<Float>.self)
      to.storeBytes(of: SIMD4(a[3], b[3], c[3], d[3]), toByteOffset: 12 &* outStride, as: SIMD4<Float>.self)
      i &+= 4
    }
    j &+= 4
  }
  j = left
  while j < right {
    var i = j < wholeRight ? wholeBottom : top
    while i < bottom {
      out[j &* outStride &+ i] = source[i &* stride &+ j]
      i &+= 1
    }
    j &+= 1
  }
}
