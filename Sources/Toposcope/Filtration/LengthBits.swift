/// Lengths as integers.
///
/// Lengths are never negative, so their IEEE bits, read as signed integers, are in the same order, infinity included; and
/// the difference of two fits, so that its sign compares them. Integer vectors of differences and their unions compile to
/// a few instructions on every processor, which masks of floating-point comparisons do not.
struct LengthBits {
  typealias Vector = SIMD8<Int32>
  static let lanes = Vector.scalarCount

  let bits: UnsafePointer<Int32>

  /// - Parameter lengths: A row of a distance matrix, whose lengths are never negative, nor -0.
  @inline(__always)
  init(_ lengths: UnsafePointer<Float>) { bits = UnsafeRawPointer(lengths).assumingMemoryBound(to: Int32.self) }

  /// The `lanes` lengths from `index` on.
  @inline(__always)
  subscript(vector index: Int) -> Vector { UnsafeRawPointer(bits + index).loadUnaligned(as: Vector.self) }

  /// The greatest of `count` lengths, nil where it is not below a bound: then not all of them are looked at.
  @inline(__always)
  func greatest(_ count: Int, below bound: Int32) -> Int32? {
    var index = 0
    var greatest: Int32 = 0
    while index < count {
      let stop = min(index &+ 16 &* LengthBits.lanes, count)
      var most = Vector(repeating: 0)
      while index &+ LengthBits.lanes <= stop {
        let x = self[vector: index]
        most.replace(with: x, where: x .> most)
        index &+= LengthBits.lanes
      }
      for lane in 0..<LengthBits.lanes { greatest = max(greatest, most[lane]) }
      while index < stop {
        greatest = max(greatest, bits[index])
        index &+= 1
      }
      if greatest >= bound { return nil }
    }
    return greatest
  }
}
