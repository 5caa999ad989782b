import CToposcopeProcessor

// Every kernel against its definition in double precision: of each set that the processor has (KernelTests.swift), and
// compiled together with the kernels for a processor that is not x86-64 (Tests/Kernels/check.sh), where nothing of the
// standard library is at hand but pointers and numbers.

private struct Numbers {
  var state: UInt64 = 1
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int64(bitPattern: state) >> 40) * 0x1p-23
  }
}

private let length = 150, panels = 7, chain = 8, strand = 16
private let numbers = 16 * 150

private func definition(_ sum: Int, _ x: Double, _ y: Double, _ before: Double) -> Double {
  let difference = x - y
  switch sum {
  case 0: return before + difference * difference
  case 1: return before + difference.magnitude
  case 2: return difference.magnitude > before ? difference.magnitude : before
  default: return before + x * y
  }
}

private func floatSums(_ sum: Int, _ set: KernelSet) -> FloatSums {
  switch sum {
  case 0: set.floatSquares
  case 1: set.floatMagnitudes
  case 2: set.floatGreatest
  default: set.floatProducts
  }
}

private func doubleSums(_ sum: Int, _ set: KernelSet) -> DoubleSums {
  switch sum {
  case 0: set.doubleSquares
  case 1: set.doubleMagnitudes
  case 2: set.doubleGreatest
  default: set.doubleProducts
  }
}

/// Returns the number of the first check that fails, or 0. `singles` and `doubles` have room for 30,000 numbers each.
func firstWrongKernel(
  of set: KernelSet, _ singles: UnsafeMutablePointer<Float>, _ doubles: UnsafeMutablePointer<Double>
) -> Int32 {
  var source = Numbers()
  // One panel, seven more (four, two and one vector of AVX-512), and one point of the first on its own.
  let (x, y, point) = (singles, singles + numbers, singles + (1 + panels) * numbers)
  let (wideX, wideY, widePoint) = (doubles, doubles + numbers, doubles + (1 + panels) * numbers)
  let (sums, sumsOfRow) = (doubles + (2 + panels) * numbers, doubles + (2 + panels) * numbers + 256 * panels)
  var k = 0
  while k < (1 + panels) * numbers {
    singles[k] = Float(source.next())
    doubles[k] = Double(singles[k])
    k += 1
  }
  var sum = 0
  while sum < 4 {
    var isDouble = 0
    while isDouble < 2 {
      k = 0
      while k < 256 * panels {
        sums[k] = 0
        if k < 16 { sumsOfRow[k] = 0 }
        k += 1
      }
      if isDouble == 1 {
        doubleSums(sum, set).pairs(wideX, wideY, numbers, panels, length, chain, strand, sums, 16 * panels, nil)
      } else {
        floatSums(sum, set).pairs(x, y, numbers, panels, length, chain, strand, sums, 16 * panels, nil)
      }
      let tolerance = isDouble == 1 ? 1e-13 : 1e-5
      var i = 0
      while i < 16 {
        k = 0
        while k < length {
          point[k] = x[16 * k + i]
          widePoint[k] = wideX[16 * k + i]
          k += 1
        }
        if isDouble == 1 {
          doubleSums(sum, set).row(widePoint, wideY, length, chain, strand, sumsOfRow)
        } else {
          floatSums(sum, set).row(point, y, length, chain, strand, sumsOfRow)
        }
        var j = 0
        while j < 16 * panels {
          var exact = 0.0
          k = 0
          while k < length {
            exact = definition(sum, wideX[16 * k + i], wideY[j / 16 * numbers + 16 * k + j % 16], exact)
            k += 1
          }
          let scale = exact.magnitude > 1 ? exact.magnitude : 1
          if !((sums[16 * panels * i + j] - exact).magnitude <= tolerance * scale) {
            return Int32(10 * sum + isDouble + 1)
          }
          // A point and a panel give the same bits.
          if j < 16 && sums[16 * panels * i + j] != sumsOfRow[j] { return Int32(100 + 10 * sum + isDouble) }
          if j < 16 { sumsOfRow[j] = 0 }
          j += 1
        }
        i += 1
      }
      var form = 0
      while form < 6 {
        if distancesDiffer(of: set, sum, isDouble == 1, form, singles, doubles) {
          return Int32(300 + 20 * sum + 6 * isDouble + form)
        }
        form += 1
      }
      isDouble += 1
    }
    sum += 1
  }
  if let wrong = firstWrongProductDistances(of: set, singles, doubles) { return wrong }
  return firstWrongPass(of: set, x, point, sums)
}

/// Distances from products are the products, finished, to the bit, of one strand and of several, and a pair that is too close
/// is told wherever it is.
private func firstWrongProductDistances(
  of set: KernelSet, _ singles: UnsafeMutablePointer<Float>, _ doubles: UnsafeMutablePointer<Double>
) -> Int32? {
  let (distances, row) = (singles + (2 + panels) * numbers, singles + (2 + panels) * numbers + 256 * panels)
  let (sums, partial) = (doubles + (2 + panels) * numbers, doubles + (2 + panels) * numbers + 256 * panels)
  // Halved squares of the first panel, then of the others.
  let (halves, stride) = (partial + 256, 16 * panels)
  var k = 0
  while k < 16 + stride {
    halves[k] = 20 + Double(k % 7)
    k += 1
  }
  var strands = 0
  while strands < 2 {
    let strand = strands == 0 ? length : strand
    k = 0
    while k < 16 * stride {
      sums[k] = 0
      k += 1
    }
    set.floatProducts.pairs(singles, singles + numbers, numbers, panels, length, chain, strand, sums, stride, singles)
    var isRoot = 0
    while isRoot < 2 {
      func make(_ least: Double) -> Bool {
        set.productDistances(
          singles, singles + numbers, numbers, panels, length, chain, strand,
          ProductFinish(is_root: isRoot == 1, least: least, share: 0.5), halves, halves + 16, distances, stride, partial
        )
      }
      if !make(0) { return 225 }
      var i = 0
      while i < 16 {
        let finish = ProductFinish(is_root: isRoot == 1, least: 0, share: 0.5)
        if !set.finishedProducts(sums + i * stride, stride, halves + 16, halves[i], finish, row) { return 226 }
        k = 0
        while k < stride {
          if distances[i * stride + k].bitPattern != row[k].bitPattern { return 227 }
          k += 1
        }
        i += 1
      }
      var (least, place) = (2 * (halves[0] + halves[16] - sums[0]), 0)
      k = 0
      while k < 16 * stride {
        let square = 2 * (halves[k / stride] + halves[16 + k % stride] - sums[k])
        (least, place) = square < least ? (square, k) : (least, place)
        k += 1
      }
      if !make(least) || make(least.nextUp) { return 228 }
      // The same for the share: this pair alone has less than a half.
      let (first, second) = (halves[place / stride], halves[16 + place % stride])
      (halves[place / stride], halves[16 + place % stride]) = (sums[place] / 2 + 0.1, sums[place] / 2 + 0.1)
      if sums[place] > 1 && make(-1000) { return 229 }
      (halves[place / stride], halves[16 + place % stride]) = (first, second)
      isRoot += 1
    }
    strands += 1
  }
  return nil
}

/// Whether distances are not the sums, finished, to the bit: of one strand, which stays in registers, and of several; and
/// whether a sum out of range is not told.
private func distancesDiffer(
  of set: KernelSet, _ sum: Int, _ isDouble: Bool, _ form: Int, _ singles: UnsafeMutablePointer<Float>,
  _ doubles: UnsafeMutablePointer<Double>
) -> Bool {
  let (distances, row) = (singles + (2 + panels) * numbers, singles + (2 + panels) * numbers + 256 * panels)
  let (sums, partial) = (doubles + (2 + panels) * numbers, doubles + (2 + panels) * numbers + 256 * panels)
  let stride = 16 * panels
  var finish = Finish(form: TOPOSCOPE_AS_IT_IS, least: -1000, greatest: 1000)
  switch form {
  case 0: break
  case 1: finish.form = isDouble ? TOPOSCOPE_ROOT : TOPOSCOPE_ROOT_OF_SINGLE
  case 2: finish.form = TOPOSCOPE_HALF
  case 3: finish.form = TOPOSCOPE_ANGLE
  case 4: finish.form = TOPOSCOPE_ANGLE_OF_PRODUCT
  default: finish.form = TOPOSCOPE_COMPLEMENT
  }
  if form == 1 && sum == 3 { return false }  // products have no roots
  var strands = 0
  while strands < 2 {
    let strand = strands == 0 ? length : strand
    var k = 0
    while k < 16 * stride {
      sums[k] = 0
      k += 1
    }
    if isDouble {
      doubleSums(sum, set).pairs(
        doubles, doubles + numbers, numbers, panels, length, chain, strand, sums, stride, doubles)
    } else {
      floatSums(sum, set).pairs(
        singles, singles + numbers, numbers, panels, length, chain, strand, sums, stride, singles)
    }
    func make(_ finish: Finish) -> Bool {
      isDouble
        ? doubleSums(sum, set).distances(
          doubles, doubles + numbers, numbers, panels, length, chain, strand, finish, distances, stride, partial)
        : floatSums(sum, set).distances(
          singles, singles + numbers, numbers, panels, length, chain, strand, finish, distances, stride, partial)
    }
    if !make(finish) { return true }
    var (least, greatest) = (sums[0], sums[0])
    var i = 0
    while i < 16 {
      if !set.finished(sums + i * stride, stride, finish, row) { return true }
      k = 0
      while k < stride {
        if distances[i * stride + k].bitPattern != row[k].bitPattern { return true }
        let there = sums[i * stride + k]
        (least, greatest) = (there < least ? there : least, there > greatest ? there : greatest)
        k += 1
      }
      i += 1
    }
    finish.least = least
    if !make(finish) { return true }
    finish.least = least.nextUp
    if make(finish) { return true }
    (finish.least, finish.greatest) = (-1000, greatest)
    if !make(finish) { return true }
    finish.greatest = greatest.nextDown
    if make(finish) { return true }
    finish.greatest = 1000
    strands += 1
  }
  return false
}

private func firstWrongPass(
  of set: KernelSet,
  _ x: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>
) -> Int32 {
  let (shift, mean, factor) = (0.25, -0.125, 3.0)
  var (sum, squares, differences, greatest) = (0.0, 0.0, 0.0, Float(0))
  var k = 0
  while k < length {
    let (a, b) = (Double(x[k]), Double(x[k + length]))
    sum += a - shift
    squares += (a - shift - mean) * (a - shift - mean)
    let difference = (a - shift - mean) * factor - (b - mean)
    differences += difference * difference
    greatest = x[k].magnitude > greatest ? x[k].magnitude : greatest
    sums[k] = a * a
    k += 1
  }
  func differs(_ a: Double, _ b: Double) -> Bool { !((a - b).magnitude <= 1e-12 * (1 + b.magnitude)) }
  if differs(set.shiftedSum(x, length, shift), sum) { return 201 }
  if differs(set.shiftedSquares(x, length, shift, mean), squares) { return 202 }
  if differs(set.squaredDifference(x, x + length, length, shift, mean, factor, 0, mean, 1), differences) { return 203 }
  if set.greatestMagnitude(x, length) != greatest { return 204 }
  x[7] = .nan
  if !set.greatestMagnitude(x, length).isNaN { return 205 }
  x[7] = 0.5
  sums[7] = 0.25
  if set.units(x, length, 0, 0, 1, out) != 0 || out[149] != x[149] { return 206 }
  // Blocks of sixteen and of four, single numbers, and what lies between the columns.
  k = 0
  while k < 41 * 60 {
    out[k] = -1
    k += 1
  }
  set.transpose(x, 50, 55, 41, out, 60)
  k = 0
  while k < 41 * 60 {
    if out[k] != (k % 60 < 55 ? x[k % 60 * 50 + k / 60] : -1) { return 207 }
    k += 1
  }
  func differ(_ form: toposcope_form, _ least: Double, _ greatest: Double, _ definition: (Double) -> Double) -> Bool {
    let finish = Finish(form: form, least: least, greatest: greatest)
    if !set.finished(sums, 147, finish, out) { return true }
    var k = 0
    while k < 147 {
      let (distance, exact) = (Double(out[k]), definition(sums[k]))
      let isRoot = form == TOPOSCOPE_ROOT || form == TOPOSCOPE_ROOT_OF_SINGLE
      if !(((isRoot ? distance * distance : distance) - exact).magnitude <= 0x1p-22 * exact) { return true }
      k += 1
    }
    return false
  }
  if differ(TOPOSCOPE_AS_IT_IS, 0, 1, { $0 }) { return 208 }
  if differ(TOPOSCOPE_ROOT, 0, 1, { $0 }) || out[7] != 0.5 { return 209 }
  if differ(TOPOSCOPE_ROOT_OF_SINGLE, 0, 1, { $0 }) || out[7] != 0.5 { return 210 }
  if differ(TOPOSCOPE_HALF, 0, 1, { $0 / 2 }) { return 211 }
  if differ(TOPOSCOPE_COMPLEMENT, 0, 1, { 1 - $0 }) { return 212 }
  sums[146] = 9
  if differ(TOPOSCOPE_HALF, 0, 9, { $0 < 4 ? $0 / 2 : 2 }) { return 213 }
  if set.finished(sums, 147, Finish(form: TOPOSCOPE_AS_IT_IS, least: 0, greatest: 8), out) { return 214 }
  if set.finished(sums, 147, Finish(form: TOPOSCOPE_AS_IT_IS, least: 0.25, greatest: 9), out) { return 215 }
  if anglesDiffer(of: set, out, sums) { return 230 }
  if let wrong = firstWrongProductPass(of: set, x, out, sums) { return wrong }
  // Rows of every alignment, and lines that belong in part to others.
  var isLarge = 0
  while isLarge < 2 {
    k = 0
    while k < 5 * 71 {
      out[k] = -1
      k += 1
    }
    set.copy(x, 67, 5, 67, out + 1, 71, isLarge == 1)
    k = 0
    while k < 5 * 71 {
      let (row, column) = (k / 71, k % 71 - 1)
      let there = column >= 0 && column < 67 ? x[67 * row + column] : -1
      if out[k].bitPattern != there.bitPattern { return 216 }
      k += 1
    }
    isLarge += 1
  }
  return 0
}

/// Whether the squared difference of unit vectors at a known part of a half turn, or their product, does not give this part,
/// rounded.
private func anglesDiffer(
  of set: KernelSet, _ out: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>
) -> Bool {
  // Twelfths: the cosines are 1, (sqrt(6) + sqrt(2)) / 4, sqrt(3) / 2, sqrt(1 / 2), 1 / 2, (sqrt(6) - sqrt(2)) / 4 and 0.
  func cosine(_ twelfths: Int) -> Double {
    switch twelfths {
    case 0: 1
    case 1: (Double(6).squareRoot() + Double(2).squareRoot()) / 4
    case 2: Double(3).squareRoot() / 2
    case 3: Double(0.5).squareRoot()
    case 4: 0.5
    case 5: (Double(6).squareRoot() - Double(2).squareRoot()) / 4
    case 6: 0
    default: -cosine(12 - twelfths)
    }
  }
  var isProduct = 0
  while isProduct < 2 {
    var twelfths = 0
    while twelfths <= 12 {
      sums[twelfths] = isProduct == 1 ? cosine(twelfths) : 2 - 2 * cosine(twelfths)
      twelfths += 1
    }
    let form = isProduct == 1 ? TOPOSCOPE_ANGLE_OF_PRODUCT : TOPOSCOPE_ANGLE
    if !set.finished(sums, 13, Finish(form: form, least: -1, greatest: 4), out) { return true }
    twelfths = 0
    while twelfths <= 12 {
      if out[twelfths] != Float(Double(twelfths) / 12) { return true }
      twelfths += 1
    }
    isProduct += 1
  }
  // A small angle is as good as its sine, the square root: 2^-40 half turns.
  sums[0] = 0x1.3bd3cc9be45dep3 * 0x1p-80
  return !set.finished(sums, 1, Finish(form: TOPOSCOPE_ANGLE, least: 0, greatest: 4), out) || out[0] != 0x1p-40
}

/// What distances from products of shifted points take.
private func firstWrongProductPass(
  of set: KernelSet,
  _ x: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>
) -> Int32? {
  // A point less another one; its square, and that of the rounding error.
  let totals = sums + length
  (totals[0], totals[1]) = (1, 2)
  set.shifted(x, 147, x + length, out, totals)
  var (square, error) = (1.0, 2.0)
  var k = 0
  while k < 147 {
    if out[k] != x[k] - x[k + length] { return 217 }
    let rounding = Double(x[k]) - Double(x[k + length]) - Double(out[k])
    square += Double(out[k]) * Double(out[k])
    error += rounding * rounding
    k += 1
  }
  if !((totals[0] - square).magnitude <= 1e-12 * square && (totals[1] - error).magnitude <= 1e-12 * error) {
    return 218
  }
  // Sums of multiples of 1/8.
  k = 0
  while k < 147 {
    sums[k] = 10
    k += 1
  }
  set.addMultiples(x, 147, 0.125, sums)
  k = 0
  while k < 147 {
    if sums[k] != 10 + (8 * Double(x[k])).rounded(.toNearestOrEven) / 8 { return 219 }
    k += 1
  }
  // Products, all of which leave at least 1/4 of the halved squares.
  let halves = sums + length
  k = 0
  while k < 147 {
    halves[k] = 1 + Double(x[k + length].magnitude)
    sums[k] = 0.875 * Double(x[k]) * (halves[k] + 2)
    k += 1
  }
  sums[20] = 0.875 * (halves[20] + 2)
  func isInRange(_ isRoot: Bool, _ least: Double, _ share: Double) -> Bool {
    set.finishedProducts(
      sums, 147, halves, 2, ProductFinish(is_root: isRoot, least: least, share: share), out)
  }
  var roots = 0
  while roots < 2 {
    if !isInRange(roots == 1, 0, 0.2499) { return 220 }
    k = 0
    while k < 147 {
      let (distance, exact) = (Double(out[k]), 2 * (halves[k] + 2 - sums[k]))
      if !(((roots == 1 ? distance * distance : distance) - exact).magnitude <= 0x1p-22 * exact) { return 221 }
      k += 1
    }
    roots += 1
  }
  let least = 2 * (halves[20] + 2 - sums[20])
  if isInRange(true, 0, 0.2501) || isInRange(true, 100, 0.2) || isInRange(false, least.nextUp, 0) { return 222 }
  // The last ones, which do not fill a vector.
  sums[20] = 0
  if !isInRange(false, 0, 0.2499) { return 223 }
  sums[146] = 0.9 * (halves[146] + 2)
  if isInRange(false, 0, 0.2499) { return 224 }
  return nil
}
