// One pass over the coordinates of a single-precision point, in double precision: what its direction needs.

@inline(__always)
private func widen(_ x: UnsafePointer<Float>) -> DoubleLanes {
  #if TOPOSCOPE_WIDE_LANES
    DoubleLanes(Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]))
  #else
    DoubleLanes(Double(x[0]), Double(x[1]))
  #endif
}

@inline(__always)
private func laneTotal(_ lanes: DoubleLanes) -> Double {
  #if TOPOSCOPE_WIDE_LANES
    let two = lanes.lowHalf + lanes.highHalf
  #else
    let two = lanes
  #endif
  return two.x + two.y
}

/// The sum of x - shift.
public func floatShiftedSum(_ x: UnsafePointer<Float>, _ count: Int, _ shift: Double) -> Double {
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
public func floatShiftedSquares(_ x: UnsafePointer<Float>, _ count: Int, _ shift: Double, _ mean: Double) -> Double {
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
public func floatUnits(
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
