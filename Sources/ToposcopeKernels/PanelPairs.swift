import CToposcopeProcessor

// The innermost loops: sums over the coordinates of all pairs of points from two panels.
//
// A panel is sixteen points, coordinate by coordinate: the sixteen first coordinates, the sixteen second ones, ... A
// vector register holds the same coordinate of several points, so no sum over lanes is ever needed.
//
// These files are compiled for each level of processor (see Package.swift); the core chooses when it runs. Only pointers,
// SIMD vectors and scalars may be used here: a generic of the standard library that is not inlined would be emitted as a
// weak symbol into all objects, and the linker could give a processor without AVX2 the wrong one.

/// Points in a panel.
@inline(__always) var panelPoints: Int { 16 }

/// What is summed for one coordinate of a pair, lane by lane, and how sums are joined.
protocol PairOperation {
  associatedtype Lanes: SIMD where Lanes.Scalar: BinaryFloatingPoint
  /// Whether of sixteen registers sums of three vectors at a time, twelve in all, leave enough for what `add` needs.
  static var takesThreeVectors: Bool { get }
  /// Whether roots of these sums are taken late: see ``LateRoots``.
  static var takesRootsLate: Bool { get }
  static func add(_ x: Lanes, _ y: Lanes, to sum: inout Lanes)
  /// Adds the sum of one chain to that of the chains before it.
  static func join(_ chain: Lanes, to sum: inout Lanes)
  /// Adds a vector of sums to as many numbers in memory.
  static func flush(_ sum: Lanes, to out: UnsafeMutablePointer<Double>)
  /// Writes a vector of sums as distances, and joins it to the least and the greatest sums so far.
  static func finish(
    _ sum: Lanes, _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Lanes, _ high: inout Lanes)
  /// Writes a vector of products as distances: the halved square of the one point, those of the others. Returns whether all
  /// were in range.
  static func finish(
    _ products: Lanes, _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish,
    to out: UnsafeMutablePointer<Float>
  ) -> Bool
}

extension PairOperation {
  @inline(__always) static var takesRootsLate: Bool { false }
}

/// Adds to `out[i * outStride + j]` the sum over `length` coordinates of point i of the panel x and point j of the
/// `panels` panels that begin at y, `panelStride` numbers apart.
///
/// Sums run over `chain` coordinates in registers; `strand` coordinates of chains are added in the precision of the
/// panels, and strands in double precision. Both are multiples of what stands before them: widening a sum costs as much as
/// six coordinates, adding a chain to the next as much as one.
///
/// Meanwhile half as much as x has is fetched from memory at `ahead`, where that is not nil.
@inline(__always)
func panelPairs<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>, _ panelStride: Int,
  _ panels: Int, _ length: Int, _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int,
  _ ahead: UnsafePointer<Operation.Lanes.Scalar>?
) {
  var sums = AddedSums<Operation>(
    x: x, length: length, chain: chain, strand: strand, out: out, outStride: outStride, ahead: ahead)
  forEachColumns(y, panelStride, panels, &sums)
}

/// Writes the distances of the points of the panel x and the points of the `panels` panels that begin at y to
/// `out[i * outStride + j]`: the same sums as those of ``panelPairs``, finished. They never leave the registers where they
/// are one strand long, angles excepted; else strands are added in `partial`, which has room for 256 numbers.
///
/// Returns whether all sums were in the range of `finish`; if not, nothing of what was written counts.
@inline(__always)
func panelDistances<Operation: PairOperation>(
  _ operation: Operation.Type,
  _ x: UnsafePointer<Operation.Lanes.Scalar>, _ y: UnsafePointer<Operation.Lanes.Scalar>, _ panelStride: Int,
  _ panels: Int, _ length: Int, _ chain: Int, _ strand: Int, _ finish: Finish, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int, _ partial: UnsafeMutablePointer<Double>
) -> Bool {
  var distances = FinishedSums<Operation>(
    x: x, length: length, chain: chain, strand: strand, finish: finish, out: out, outStride: outStride,
    partial: partial)
  forEachColumns(y, panelStride, panels, &distances)
  distances.roots.takeAll()
  return distances.areInRange
}

/// The same from products of points: the halved squares of those of the panel x are `xHalves`, those of the others `yHalves`.
@inline(__always)
func productDistances(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ panelStride: Int, _ panels: Int, _ length: Int, _ chain: Int,
  _ strand: Int, _ finish: ProductFinish, _ xHalves: UnsafePointer<Double>, _ yHalves: UnsafePointer<Double>,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ partial: UnsafeMutablePointer<Double>
) -> Bool {
  var distances = FinishedProducts(
    x: x, length: length, chain: chain, strand: strand, finish: finish, xHalves: xHalves, yHalves: yHalves, out: out,
    outStride: outStride, partial: partial)
  forEachColumns(y, panelStride, panels, &distances)
  return distances.areInRange
}

/// Goes through the vectors of some panels, a few at a time.
@inline(__always)
private func forEachColumns<Rows: PanelRows>(
  _ y: UnsafePointer<Rows.Operation.Lanes.Scalar>, _ panelStride: Int, _ panels: Int, _ rows: inout Rows
) {
  typealias Operation = Rows.Operation
  let width = MemoryLayout<Operation.Lanes>.size / MemoryLayout<Operation.Lanes.Scalar>.size
  let vectorsOfPanel = panelPoints / width
  let vectors = panels &* vectorsOfPanel
  @inline(__always) func place(_ vector: Int) -> UnsafePointer<Operation.Lanes.Scalar> {
    y + (vector / vectorsOfPanel &* panelStride &+ vector % vectorsOfPanel &* width)
  }
  @inline(__always) func take<Sums: RowSums>(_ sums: Sums.Type, _ columns: Sums.Columns, _ vector: Int)
  where Sums.Operation == Operation {
    var i = 0
    while i < panelPoints {
      rows.take(sums, row: i, columns, first: vector &* width)
      i &+= 4
    }
  }
  typealias One = VectorSums<Operation>
  typealias Two = BothSums<One, One>
  var vector = 0
  while vector < vectors {
    let rest = vectors &- vector
    #if TOPOSCOPE_V4
      if rest >= 4 {
        take(
          BothSums<Two, Two>.self, ((place(vector), place(vector &+ 1)), (place(vector &+ 2), place(vector &+ 3))),
          vector)
        vector &+= 4
      } else if rest >= 2 {
        take(Two.self, (place(vector), place(vector &+ 1)), vector)
        vector &+= 2
      } else {
        take(One.self, place(vector), vector)
        vector &+= 1
      }
    #else
      // The number of vectors is even, so with threes that never leave one alone only twos remain.
      if Operation.takesThreeVectors && rest >= 3 && rest != 4 {
        let third = RereadSums<Operation>.columns(place(vector &+ 2))
        take(BothSums<Two, RereadSums<Operation>>.self, ((place(vector), place(vector &+ 1)), third), vector)
        vector &+= 3
      } else {
        take(Two.self, (place(vector), place(vector &+ 1)), vector)
        vector &+= 2
      }
    #endif
  }
}

/// What is done with the sums of a panel.
private protocol PanelRows {
  associatedtype Operation: PairOperation
  /// Makes the sums of four points of the panel, from `row` on, and some vectors, the points from `first` on.
  mutating func take<Sums: RowSums>(_ sums: Sums.Type, row: Int, _ columns: Sums.Columns, first: Int)
  where Sums.Operation == Operation
}

/// Sums that are added to others in memory.
private struct AddedSums<Operation: PairOperation>: PanelRows {
  let x: UnsafePointer<Operation.Lanes.Scalar>
  let length: Int, chain: Int, strand: Int
  let out: UnsafeMutablePointer<Double>
  let outStride: Int
  /// What will be read next: half as many bytes as x has, of which `toFetch` are not fetched yet.
  private let ahead: UnsafeRawPointer
  private var toFetch: Int

  @inline(__always)
  init(
    x: UnsafePointer<Operation.Lanes.Scalar>, length: Int, chain: Int, strand: Int, out: UnsafeMutablePointer<Double>,
    outStride: Int, ahead: UnsafePointer<Operation.Lanes.Scalar>?
  ) {
    (self.x, self.length, self.chain, self.strand) = (x, length, chain, strand)
    (self.out, self.outStride) = (out, outStride)
    self.ahead = UnsafeRawPointer(ahead ?? x)
    toFetch = ahead == nil ? 0 : length &* panelPoints / 2 &* MemoryLayout<Operation.Lanes.Scalar>.size
  }

  /// Fetches a few lines, as often as it takes: all at once, they would stand in the way of what is read now.
  @inline(__always)
  private mutating func fetch() {
    var lines = (chain &+ 7) &>> 3
    while lines > 0 && toFetch > 0 {
      toFetch &-= 64
      toposcope_fetch_early(ahead + toFetch)
      lines &-= 1
    }
  }

  @inline(__always)
  mutating func take<Sums: RowSums>(_ sums: Sums.Type, row: Int, _ columns: Sums.Columns, first: Int)
  where Sums.Operation == Operation {
    let place = out + (row &* outStride &+ first)
    fourRows(sums, x + row, columns, length, chain, strand) { t0, t1, t2, t3 in
      t0.flush(to: place)
      t1.flush(to: place + outStride)
      t2.flush(to: place + 2 &* outStride)
      t3.flush(to: place + 3 &* outStride)
    } afterChain: {
      fetch()
    }
  }
}

/// Square roots of sums that stand in memory already, taken while the next sums are made. The processor takes roots in a unit
/// of its own, but slowly, and does not look far enough ahead to begin with the next sums meanwhile.
private struct LateRoots {
  private let stride: Int
  private var place: UnsafeMutablePointer<Float>
  /// The vectors of four rows that are left.
  private var left = 0

  /// - Parameter stride: from one row to the next.
  @inline(__always) init(of out: UnsafeMutablePointer<Float>, stride: Int) { (place, self.stride) = (out, stride) }

  @inline(__always) mutating func begin(at place: UnsafeMutablePointer<Float>, vectorsInRow: Int) {
    (self.place, left) = (place, 4 &* vectorsInRow)
  }

  @inline(__always) mutating func takeOne() {
    if left == 0 { return }
    left &-= 1
    let memory = UnsafeMutableRawPointer(place + ((left & 3) &* stride &+ (left &>> 2) &* floatWidth))
    let sums = memory.loadUnaligned(as: FloatLanes.self)
    memory.storeBytes(of: toposcope_finish_floats(sums, TOPOSCOPE_ROOT), as: FloatLanes.self)
  }

  @inline(__always) mutating func takeAll() {
    while left > 0 { takeOne() }
  }
}

/// Sums that are written as distances.
private struct FinishedSums<Operation: PairOperation>: PanelRows {
  let x: UnsafePointer<Operation.Lanes.Scalar>
  let length: Int, chain: Int, strand: Int
  let finish: Finish
  let out: UnsafeMutablePointer<Float>
  let outStride: Int
  let partial: UnsafeMutablePointer<Double>
  /// The least and the greatest sum in each lane.
  private var low = Operation.Lanes(repeating: .infinity), high = Operation.Lanes(repeating: -.infinity)
  /// Whether sums that left the registers are in range.
  private var othersAreInRange = true
  var roots: LateRoots

  @inline(__always)
  init(
    x: UnsafePointer<Operation.Lanes.Scalar>, length: Int, chain: Int, strand: Int, finish: Finish,
    out: UnsafeMutablePointer<Float>, outStride: Int, partial: UnsafeMutablePointer<Double>
  ) {
    (self.x, self.length, self.chain, self.strand) = (x, length, chain, strand)
    (self.finish, self.out, self.outStride, self.partial) = (finish, out, outStride, partial)
    roots = LateRoots(of: out, stride: outStride)
  }

  @inline(__always)
  var areInRange: Bool {
    var (lane, isInRange) = (0, othersAreInRange)
    while lane < MemoryLayout<Operation.Lanes>.size / MemoryLayout<Operation.Lanes.Scalar>.size {
      isInRange = isInRange && Double(low[lane]) >= finish.least && Double(high[lane]) <= finish.greatest
      lane &+= 1
    }
    return isInRange
  }

  @inline(__always)
  mutating func take<Sums: RowSums>(_ sums: Sums.Type, row: Int, _ columns: Sums.Columns, first: Int)
  where Sums.Operation == Operation {
    let place = out + (row &* outStride &+ first)
    if length <= strand && toposcope_finishes_in_registers(finish.form) {
      let isLate = Operation.takesRootsLate && toposcope_is_root(finish.form)
      let form = isLate ? TOPOSCOPE_AS_IT_IS : finish.form
      fourRows(sums, x + row, columns, length, chain, strand) { t0, t1, t2, t3 in
        @inline(__always) func write(_ form: toposcope_form) {
          t0.finish(form, to: place, &low, &high)
          t1.finish(form, to: place + outStride, &low, &high)
          t2.finish(form, to: place + 2 &* outStride, &low, &high)
          t3.finish(form, to: place + 3 &* outStride, &low, &high)
        }
        // Asked once, not for every vector. In single precision both roots are the same.
        if !toposcope_is_root(form) {
          write(form)
        } else if MemoryLayout<Operation.Lanes.Scalar>.size == 4 || toposcope_is(form, TOPOSCOPE_ROOT_OF_SINGLE) {
          write(TOPOSCOPE_ROOT_OF_SINGLE)
        } else {
          write(TOPOSCOPE_ROOT)
        }
      } withCoordinate: {
        if Operation.takesRootsLate { roots.takeOne() }
      }
      roots.takeAll()
      if isLate {
        roots.begin(at: place, vectorsInRow: MemoryLayout<Sums>.size / MemoryLayout<Operation.Lanes>.size)
      }
      return
    }
    let points = partialSums(sums, x + row, columns, length, chain, strand, partial)
    var k = 0
    while k < 4 {
      let isInRange = toposcope_finish_sums(partial + k &* points, points, finish, place + k &* outStride)
      othersAreInRange = othersAreInRange && isInRange
      k &+= 1
    }
  }
}

/// Products that are written as distances.
private struct FinishedProducts: PanelRows {
  typealias Operation = FloatProducts
  let x: UnsafePointer<Float>
  let length: Int, chain: Int, strand: Int
  let finish: ProductFinish
  let xHalves: UnsafePointer<Double>, yHalves: UnsafePointer<Double>
  let out: UnsafeMutablePointer<Float>
  let outStride: Int
  let partial: UnsafeMutablePointer<Double>
  var areInRange = true

  @inline(__always)
  mutating func take<Sums: RowSums>(_ sums: Sums.Type, row: Int, _ columns: Sums.Columns, first: Int)
  where Sums.Operation == Operation {
    if length <= strand {
      let (place, halves) = (out + (row &* outStride &+ first), yHalves + first)
      fourRows(sums, x + row, columns, length, chain, strand) { t0, t1, t2, t3 in
        let first = t0.finish(xHalves[row], halves, finish, to: place)
        let second = t1.finish(xHalves[row &+ 1], halves, finish, to: place + outStride)
        let third = t2.finish(xHalves[row &+ 2], halves, finish, to: place + 2 &* outStride)
        let fourth = t3.finish(xHalves[row &+ 3], halves, finish, to: place + 3 &* outStride)
        let areAll = first && second && third && fourth
        areInRange = areInRange && areAll
      }
      return
    }
    let points = partialSums(sums, x + row, columns, length, chain, strand, partial)
    var k = 0
    while k < 4 {
      let isInRange = toposcope_finish_products(
        partial + k &* points, points, yHalves + first, xHalves[row &+ k], finish,
        out + ((row &+ k) &* outStride &+ first))
      areInRange = areInRange && isInRange
      k &+= 1
    }
  }
}

/// Leaves the sums of four points of x and some vectors in `out`, point after point. Returns how many each of them has.
@inline(__always)
private func partialSums<Sums: RowSums>(
  _ sums: Sums.Type, _ x: UnsafePointer<Sums.Operation.Lanes.Scalar>, _ columns: Sums.Columns, _ length: Int,
  _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>
) -> Int {
  let points = MemoryLayout<Sums>.size / MemoryLayout<Sums.Operation.Lanes.Scalar>.size
  var k = 0
  while k < 4 &* points {
    out[k] = 0
    k &+= 1
  }
  fourRows(sums, x, columns, length, chain, strand) { t0, t1, t2, t3 in
    t0.flush(to: out)
    t1.flush(to: out + points)
    t2.flush(to: out + 2 &* points)
    t3.flush(to: out + 3 &* points)
  }
  return points
}

/// The sums of one point with the points of some vectors, in registers.
private protocol RowSums {
  associatedtype Operation: PairOperation
  /// Where the coordinates of the vectors lie.
  associatedtype Columns
  /// One coordinate of the points of the vectors.
  associatedtype Coordinates
  static var zero: Self { get }
  static func load(_ columns: Columns, _ k: Int) -> Coordinates
  /// - Parameter row: which of four points x is.
  mutating func add(_ x: Operation.Lanes, _ y: Coordinates, row: Int)
  mutating func join(_ chain: Self)
  func flush(to out: UnsafeMutablePointer<Double>)
  /// Writes distances, and joins the sums to the least and the greatest so far.
  func finish(
    _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Operation.Lanes,
    _ high: inout Operation.Lanes)
  /// Writes the distances that products leave of the point's halved square and those of the others. Returns whether all
  /// were in range.
  func finish(
    _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish, to out: UnsafeMutablePointer<Float>
  ) -> Bool
}

private struct VectorSums<Operation: PairOperation>: RowSums {
  typealias Columns = UnsafePointer<Operation.Lanes.Scalar>
  var lanes: Operation.Lanes
  @inline(__always) static var zero: VectorSums { VectorSums(lanes: .zero) }
  @inline(__always) static func load(_ columns: Columns, _ k: Int) -> Operation.Lanes {
    UnsafeRawPointer(columns + k).loadUnaligned(as: Operation.Lanes.self)
  }
  @inline(__always) mutating func add(_ x: Operation.Lanes, _ y: Operation.Lanes, row: Int) {
    Operation.add(x, y, to: &lanes)
  }
  @inline(__always) mutating func join(_ chain: VectorSums) { Operation.join(chain.lanes, to: &lanes) }
  @inline(__always) func flush(to out: UnsafeMutablePointer<Double>) { Operation.flush(lanes, to: out) }
  @inline(__always) func finish(
    _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Operation.Lanes,
    _ high: inout Operation.Lanes
  ) {
    Operation.finish(lanes, form, to: out, &low, &high)
  }
  @inline(__always) func finish(
    _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish, to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    Operation.finish(lanes, half, halves, finish, to: out)
  }
}

/// The same, but for a vector that is read from memory each time it is needed, by four pointers of which the compiler does
/// not know that they are one: where registers are few. That also spares reads of registers, of which some processors
/// have too few for two differences and two fused operations a cycle.
private struct RereadSums<Operation: PairOperation>: RowSums {
  typealias Columns = (UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer)
  var lanes: Operation.Lanes
  @inline(__always) static var zero: RereadSums { RereadSums(lanes: .zero) }
  @inline(__always) static func columns(_ place: UnsafePointer<Operation.Lanes.Scalar>) -> Columns {
    (toposcope_unknown(place), toposcope_unknown(place), toposcope_unknown(place), toposcope_unknown(place))
  }
  @inline(__always) static func load(_ columns: Columns, _ k: Int) -> (columns: Columns, offset: Int) {
    (columns, k &* MemoryLayout<Operation.Lanes.Scalar>.size)
  }
  @inline(__always) mutating func add(_ x: Operation.Lanes, _ y: (columns: Columns, offset: Int), row: Int) {
    let column = row == 0 ? y.columns.0 : row == 1 ? y.columns.1 : row == 2 ? y.columns.2 : y.columns.3
    Operation.add(x, column.loadUnaligned(fromByteOffset: y.offset, as: Operation.Lanes.self), to: &lanes)
  }
  @inline(__always) mutating func join(_ chain: RereadSums) { Operation.join(chain.lanes, to: &lanes) }
  @inline(__always) func flush(to out: UnsafeMutablePointer<Double>) { Operation.flush(lanes, to: out) }
  @inline(__always) func finish(
    _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Operation.Lanes,
    _ high: inout Operation.Lanes
  ) {
    Operation.finish(lanes, form, to: out, &low, &high)
  }
  @inline(__always) func finish(
    _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish, to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    Operation.finish(lanes, half, halves, finish, to: out)
  }
}

/// Sums with some vectors, and with further ones beside them.
private struct BothSums<Left: RowSums, Right: RowSums>: RowSums where Left.Operation == Right.Operation {
  typealias Operation = Left.Operation
  var (left, right): (Left, Right)
  @inline(__always) static var zero: BothSums { BothSums(left: .zero, right: .zero) }
  @inline(__always) static func load(
    _ columns: (Left.Columns, Right.Columns), _ k: Int
  ) -> (Left.Coordinates, Right.Coordinates) {
    (Left.load(columns.0, k), Right.load(columns.1, k))
  }
  @inline(__always) mutating func add(_ x: Operation.Lanes, _ y: (Left.Coordinates, Right.Coordinates), row: Int) {
    left.add(x, y.0, row: row)
    right.add(x, y.1, row: row)
  }
  @inline(__always) mutating func join(_ chain: BothSums) {
    left.join(chain.left)
    right.join(chain.right)
  }
  @inline(__always) func flush(to out: UnsafeMutablePointer<Double>) {
    left.flush(to: out)
    right.flush(to: out + MemoryLayout<Left>.size / MemoryLayout<Operation.Lanes.Scalar>.size)
  }
  @inline(__always) func finish(
    _ form: toposcope_form, to out: UnsafeMutablePointer<Float>, _ low: inout Operation.Lanes,
    _ high: inout Operation.Lanes
  ) {
    left.finish(form, to: out, &low, &high)
    right.finish(form, to: out + MemoryLayout<Left>.size / MemoryLayout<Operation.Lanes.Scalar>.size, &low, &high)
  }
  @inline(__always) func finish(
    _ half: Double, _ halves: UnsafePointer<Double>, _ finish: ProductFinish, to out: UnsafeMutablePointer<Float>
  ) -> Bool {
    let points = MemoryLayout<Left>.size / MemoryLayout<Operation.Lanes.Scalar>.size
    let isLeft = left.finish(half, halves, finish, to: out)
    let isRight = right.finish(half, halves + points, finish, to: out + points)
    return isLeft && isRight
  }
}

/// Makes the sums of four points of x and some vectors, strand by strand.
///
/// The compiler must not interleave the points, or sums would not stay in registers: hence ``toposcope_barrier``, which is
/// no instruction.
@inline(__always)
private func fourRows<Sums: RowSums>(
  _ sums: Sums.Type, _ x: UnsafePointer<Sums.Operation.Lanes.Scalar>, _ columns: Sums.Columns, _ length: Int,
  _ chain: Int, _ strand: Int, _ take: (Sums, Sums, Sums, Sums) -> Void, afterChain: () -> Void = {},
  withCoordinate: () -> Void = {}
) {
  typealias Lanes = Sums.Operation.Lanes
  let end = length &* panelPoints
  var k = 0
  while k < end {
    let strandEnd = k &+ strand &* panelPoints < end ? k &+ strand &* panelPoints : end
    var (t0, t1, t2, t3) = (Sums.zero, Sums.zero, Sums.zero, Sums.zero)
    while k < strandEnd {
      let chainEnd = k &+ chain &* panelPoints < strandEnd ? k &+ chain &* panelPoints : strandEnd
      var (s0, s1, s2, s3) = (Sums.zero, Sums.zero, Sums.zero, Sums.zero)
      while k < chainEnd {
        let y = Sums.load(columns, k)
        toposcope_barrier()
        s0.add(Lanes(repeating: x[k]), y, row: 0)
        toposcope_barrier()
        s1.add(Lanes(repeating: x[k &+ 1]), y, row: 1)
        toposcope_barrier()
        s2.add(Lanes(repeating: x[k &+ 2]), y, row: 2)
        toposcope_barrier()
        s3.add(Lanes(repeating: x[k &+ 3]), y, row: 3)
        toposcope_barrier()
        withCoordinate()
        k &+= panelPoints
      }
      t0.join(s0)
      t1.join(s1)
      t2.join(s2)
      t3.join(s3)
      afterChain()
    }
    take(t0, t1, t2, t3)
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
  let width = MemoryLayout<Operation.Lanes>.size / MemoryLayout<Operation.Lanes.Scalar>.size
  typealias One = VectorSums<Operation>
  if width == panelPoints { return oneRow(One.self, x, y, length, chain, strand, out) }
  var j = 0
  while j < panelPoints {
    oneRow(BothSums<One, One>.self, x, (y + j, y + (j &+ width)), length, chain, strand, out + j)
    j &+= 2 &* width
  }
}

@inline(__always)
private func oneRow<Sums: RowSums>(
  _ sums: Sums.Type, _ x: UnsafePointer<Sums.Operation.Lanes.Scalar>, _ columns: Sums.Columns, _ length: Int,
  _ chain: Int, _ strand: Int, _ out: UnsafeMutablePointer<Double>
) {
  var k = 0
  while k < length {
    let strandEnd = k &+ strand < length ? k &+ strand : length
    var total = Sums.zero
    while k < strandEnd {
      let chainEnd = k &+ chain < strandEnd ? k &+ chain : strandEnd
      var sum = Sums.zero
      while k < chainEnd {
        sum.add(Sums.Operation.Lanes(repeating: x[k]), Sums.load(columns, k &* panelPoints), row: 0)
        k &+= 1
      }
      total.join(sum)
    }
    total.flush(to: out)
  }
}
