import Synchronization

/// What the thread that adds edges has told the scout of vertices, some time ago.
final class VertexNews: Sendable {
  let vertices: Int
  private let told: Mutex<(touched: VertexBits, leftOut: VertexBits)>

  init(_ vertices: Int) throws(ToposcopeError) {
    self.vertices = vertices
    told = Mutex((try VertexBits(vertices), try VertexBits(vertices)))
  }

  /// Tells which vertices live classes touch.
  func tell(_ isTouched: (Int) -> Bool) {
    told.withLock { told in
      for vertex in 0..<vertices { told.touched[vertex] = isTouched(vertex) }
    }
  }

  /// Tells of vertices whose edges are left out.
  func leaveOut(_ leftOut: VertexBits) { told.withLock { $0.leftOut.copy(leftOut) } }

  /// Copies the vertices that live classes touch, and those whose edges are left out.
  func read(_ touched: VertexBits, _ leftOut: VertexBits) {
    told.withLock { told in
      touched.copy(told.touched)
      leftOut.copy(told.leftOut)
    }
  }
}
