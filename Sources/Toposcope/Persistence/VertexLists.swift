/// Lists of vertices of some edges, one after another in one piece of memory.
struct VertexLists {
  private var places: SimplexTable
  /// Of each list its length, then its vertices.
  private var vertices: Growing<Int32>

  init(_ progress: Progress) throws(ToposcopeError) {
    places = try SimplexTable(progress)
    vertices = try Growing()
  }

  var byteCount: Int { places.byteCount + vertices.byteCount }

  /// The list of an edge that has one.
  @inline(__always)
  subscript(rank: Int32) -> UnsafeBufferPointer<Int32> {
    let place = Int(places.value(of: simplexKey(rank, 0))!)
    return UnsafeBufferPointer(start: vertices.base + place + 1, count: Int(vertices[place]))
  }

  /// Keeps one list, made of two parts.
  mutating func set(
    _ rank: Int32, _ list: some Collection<Int32>, _ more: some Collection<Int32>
  ) throws(ToposcopeError) {
    guard let place = UInt32(exactly: vertices.count) else {
      throw ToposcopeError(.memory, value: 8 * Double(vertices.count))
    }
    try places.set(simplexKey(rank, 0), place)
    try vertices.append(Int32(list.count + more.count))
    for vertex in list { try vertices.append(vertex) }
    for vertex in more { try vertices.append(vertex) }
  }
}
