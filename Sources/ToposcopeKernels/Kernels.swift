// What the core calls: one function for each operation and element type, on a tile of pairs and on a row of them.

public func floatSquaresTile(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(FloatSquares.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func floatSquaresRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(FloatSquares.self, x, y, yStride, columns, length, out)
}

public func floatMagnitudesTile(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(FloatMagnitudes.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func floatMagnitudesRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(FloatMagnitudes.self, x, y, yStride, columns, length, out)
}

public func floatGreatestTile(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(FloatGreatest.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func floatGreatestRow(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(FloatGreatest.self, x, y, yStride, columns, length, out)
}

public func doubleSquaresTile(
  _ x: UnsafePointer<Double>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(DoubleSquares.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func doubleSquaresRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(DoubleSquares.self, x, y, yStride, columns, length, out)
}

public func doubleMagnitudesTile(
  _ x: UnsafePointer<Double>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(DoubleMagnitudes.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func doubleMagnitudesRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(DoubleMagnitudes.self, x, y, yStride, columns, length, out)
}

public func doubleGreatestTile(
  _ x: UnsafePointer<Double>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(DoubleGreatest.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}

public func doubleGreatestRow(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int, _ length: Int,
  _ out: UnsafeMutablePointer<Double>
) {
  pairRow(DoubleGreatest.self, x, y, yStride, columns, length, out)
}

public func doubleProductsTile(
  _ x: UnsafePointer<Double>, _ xStride: Int, _ rows: Int, _ y: UnsafePointer<Double>, _ yStride: Int, _ columns: Int,
  _ length: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ upperTriangle: Bool
) {
  pairTile(DoubleProducts.self, x, xStride, rows, y, yStride, columns, length, out, outStride, upperTriangle)
}
