/// Lets a link grow vertex by vertex, so that few loops are closed: see ``grow(_:_:_:_:_:_:)``. Its rows have one word
/// each, or two, four or eight.
func growLink(
  _ rows: UnsafePointer<UInt64>, _ wordsEach: Int, _ count: Int, _ parents: UnsafeMutablePointer<Int32>,
  _ depths: UnsafeMutablePointer<Int32>, _ closing: UnsafeMutablePointer<Int32>, _ ends: UnsafeMutablePointer<UInt64>
) -> Int {
  switch wordsEach {
  case 1: return grow(as: UInt64.self, rows, count, parents, depths, closing, ends)
  case 2: return grow(as: SIMD2<UInt64>.self, rows, count, parents, depths, closing, ends)
  case 4: return grow(as: SIMD4<UInt64>.self, rows, count, parents, depths, closing, ends)
  default: return grow(as: SIMD8<UInt64>.self, rows, count, parents, depths, closing, ends)
  }
}

private func grow<Vertices: VertexSet>(
  as _: Vertices.Type, _ rows: UnsafePointer<UInt64>, _ count: Int, _ parents: UnsafeMutablePointer<Int32>,
  _ depths: UnsafeMutablePointer<Int32>, _ closing: UnsafeMutablePointer<Int32>, _ ends: UnsafeMutablePointer<UInt64>
) -> Int {
  var growth = LinkGrowth(
    rows: UnsafeRawPointer(rows).assumingMemoryBound(to: Vertices.self), parents: parents, depths: depths,
    closing: closing, ends: UnsafeMutableRawPointer(ends).assumingMemoryBound(to: Vertices.self))
  growth.run(count)
  return growth.steps
}

/// Vertices are placed one after another. The star of the vertex with most neighbours comes first; then every vertex whose link
/// among those placed is connected; then, where there is none, the one whose link there has fewest components. It closes
/// a loop with every component but the first. A vertex that no other is joined to begins a component, again with its star.
private struct LinkGrowth<Vertices: VertexSet> {
  let rows: UnsafePointer<Vertices>
  /// A spanning forest of those placed.
  let parents: UnsafeMutablePointer<Int32>
  let depths: UnsafeMutablePointer<Int32>
  /// The vertices that begin a component or close loops, and the other ends of the edges that close them: one in every
  /// component but that of the parent.
  let closing: UnsafeMutablePointer<Int32>
  let ends: UnsafeMutablePointer<Vertices>
  var steps = 0

  mutating func run(_ count: Int) {
    var center = 0
    var most = 0
    var left = Vertices()
    for i in 0..<count {
      let joined = rows[i].count
      if joined > most { (center, most) = (i, joined) }
      left = left | Vertices(only: i)
      parents[i] = -1
    }
    var placed = Vertices()
    placeStar(of: center, &placed, &left)
    while !left.isEmpty {
      guard let x = placeConnected(&placed, &left) else { continue }
      if x < 0 {
        placeStar(of: left.first, &placed, &left)
      } else {
        close(x, &placed, &left)
      }
    }
  }

  private mutating func placeStar(of root: Int, _ placed: inout Vertices, _ left: inout Vertices) {
    parents[root] = -1
    depths[root] = 0
    closing[steps] = Int32(truncatingIfNeeded: root)
    ends[steps] = Vertices()
    steps &+= 1
    var star = rows[root] & ~Vertices(only: root)
    placed = placed | rows[root]
    left = left & ~rows[root]
    while !star.isEmpty { add(star.removeFirst(), below: root) }
  }

  /// Places the vertices left whose link among those placed is connected, each in turn. Nil if there were any; otherwise
  /// the vertex whose link has fewest components, -1 if all are empty.
  private func placeConnected(_ placed: inout Vertices, _ left: inout Vertices) -> Int? {
    var isGrown = false
    var (best, fewest) = (-1, Int.max)
    var rest = left
    while !rest.isEmpty {
      let x = rest.removeFirst()
      var below = rows[x] & placed
      if below.isEmpty { continue }
      let parent = takeComponent(&below)
      if below.isEmpty {
        add(x, below: parent)
        placed = placed | Vertices(only: x)
        left = left & ~Vertices(only: x)
        isGrown = true
      } else if !isGrown && fewest > 2 {
        var components = 1
        while !below.isEmpty && components < fewest {
          _ = takeComponent(&below)
          components &+= 1
        }
        if components < fewest { (best, fewest) = (x, components) }
      }
    }
    return isGrown ? nil : best
  }

  /// Places a vertex, and writes down one vertex of every component of its link among those placed but the first.
  private mutating func close(_ x: Int, _ placed: inout Vertices, _ left: inout Vertices) {
    var below = rows[x] & placed
    add(x, below: takeComponent(&below))
    var ends = Vertices()
    while !below.isEmpty { ends = ends | Vertices(only: takeComponent(&below)) }
    closing[steps] = Int32(truncatingIfNeeded: x)
    self.ends[steps] = ends
    steps &+= 1
    placed = placed | Vertices(only: x)
    left = left & ~Vertices(only: x)
  }

  @inline(__always)
  private func add(_ x: Int, below parent: Int) {
    parents[x] = Int32(truncatingIfNeeded: parent)
    depths[x] = depths[parent] &+ 1
  }

  /// Takes the component of the first of some vertices away from them; returns that vertex.
  @inline(__always)
  private func takeComponent(_ below: inout Vertices) -> Int {
    let root = below.first
    // Rows are closed: the root goes with its neighbours.
    var frontier = rows[root] & below & ~Vertices(only: root)
    below = below & ~rows[root]
    while !frontier.isEmpty && !below.isEmpty {
      let found = rows[frontier.removeFirst()] & below
      frontier = frontier | found
      below = below & ~found
    }
    return root
  }
}
